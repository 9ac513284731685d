"""The catalogs of texts: complete, up to date, and found again in what tools say."""

import json
import re
import sys
import time
from pathlib import Path

import pytest

from plugin.jobs.languages import FOLDER
from plugin.jobs.texts import Catalog, catalog

sys.path.insert(0, FOLDER)
from make import collected, renewed

LANGUAGES = sorted(path.stem for path in Path(FOLDER).glob("*.json"))
SLOT = re.compile(r"\{[\w:.]*\}")
PLURAL = re.compile(r"(?<=[a-z])\{\d+\}")  # the s of "3 bands", which other languages may not need


@pytest.fixture(scope="module")
def texts():
    return collected()


def read(language):
    return json.loads((Path(FOLDER) / f"{language}.json").read_text(encoding="utf-8"))


def every(language):
    return {text: words for part in read(language).values() for text, words in part.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalog_has_every_text_and_no_other(language, texts):
    assert renewed(read(language), texts) == read(language), "Run make texts."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language):
    assert [text for text, words in every(language).items() if not words] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translation_has_the_slots_of_its_text(language):
    wrong = [
        text
        for text, words in every(language).items()
        if not set(SLOT.findall(words)) <= set(SLOT.findall(text))
        or set(SLOT.findall(PLURAL.sub("", text))) - set(SLOT.findall(words))
    ]
    assert wrong == []


def test_texts_of_every_kind_are_found(texts):
    dialogs, said, pieces = texts["texts"], texts["messages"], texts["pieces"]
    assert {"Train pixel classifier", "Maps from labels", "U-Net", "Patch size"} <= dialogs
    assert {"Prepare engine…", "{} classes", "All files (*)", "pixel classification"} <= dialogs
    assert {"Epoch {0}", "Writing the report", "Fold {0} of {1}", "The engine died: {0}."} <= said
    assert 'Model "{0}" is for {1}; this tool needs one for {2}.' in said
    assert '{label} is "{0}", which {rule}.' in said
    assert {"is not a whole number", "The disk is full."} <= pieces
    assert "Images of one group never sit on both sides ({0} {by})." in said
    assert {"blocks of ground {0} map units wide", 'groups named by "{0}"'} <= pieces
    assert 'the type "{0}"' in texts["reports"]


def rendered(text):
    """A message with a value in every slot, the s of many in its own, and the values."""
    slots, plurals = list(dict.fromkeys(SLOT.findall(text))), PLURAL.findall(text)
    values = {slot: "s" if slot in plurals else f"Q{n}Q" for n, slot in enumerate(slots)}
    return filled(text, values), values


def filled(text, values):
    return SLOT.sub(lambda slot: values[slot[0]], text)


def test_every_message_is_known_again_with_its_values():
    """Another message may say the same: then its translation has the values too."""
    chinese, lost = catalog("zh_CN"), []
    for text, words in read("zh_CN")["messages"].items():
        said, values = rendered(text)
        translated = chinese.message(said)
        kept = {values[slot] for slot in SLOT.findall(words)}
        if (translated == said and words != text) or any(v not in translated for v in kept):
            lost.append(text)
    assert lost == []


def test_nearly_every_message_gets_its_own_translation():
    chinese, messages = catalog("zh_CN"), read("zh_CN")["messages"]
    other = []
    for text, words in messages.items():
        said, values = rendered(text)
        if chinese.message(said) != filled(words, values):
            other.append(text)
    assert len(other) <= len(messages) / 50, other


def test_value_that_holds_our_own_words_stays_as_it_is():
    made = Catalog(messages={'"{0}" is empty.': "“{0}”为空。", "{0} is gone.": "{0}没了。"})
    assert made.message('"The disk is full." is empty.') == "“The disk is full.”为空。"
    assert made.message('"x is gone." is empty.') == "“x is gone.”为空。"


def test_words_that_a_message_takes_in_are_translated_and_names_are_not():
    made = Catalog(messages={"{0} {rule}.": "{0}{rule}。"}, pieces={"is over {0}": "大于 {0}"})
    assert made.message("Depth is over 3.") == "Depth大于 3。"


def test_words_around_a_name_are_translated_in_a_list_with_their_counts():
    made = Catalog(
        messages={'"{0}" is empty: {1}.': "“{0}”为空：{1}。"},
        pieces={'the type "{0}"': "类型“{0}”", "no time": "无时间"},
    )
    said = made.message('"a" is empty: the type "no time" (40); no time (3).')
    assert said == "“a”为空：类型“no time” (40); 无时间 (3)。"


def test_progress_that_was_put_together_is_translated_in_its_parts():
    made = Catalog(messages={"Fold {0} of {1}": "第 {0}/{1} 折", "Epoch {0}": "第 {0} 轮"})
    assert made.message("Fold 2 of 3: Epoch 7") == "第 2/3 折：第 7 轮"


def test_unknown_text_and_unknown_language_stay_english():
    assert Catalog().message("Never said before.") == "Never said before."
    assert catalog("xx").text("Patch size") == "Patch size"
    assert catalog("zh_TW").text("Patch size") == "Patch size"
    assert catalog("zh-Hans-CN").text("Patch size") == "图块大小"


def test_message_is_found_in_a_few_milliseconds():
    chinese = catalog("zh_CN")
    said = [
        rendered(text)[0] + str(number) for number, text in enumerate(read("zh_CN")["messages"])
    ]
    began = time.process_time()
    for text in said:
        chinese.message(text)
    assert (time.process_time() - began) / len(said) < 0.02


def test_extraction_leaves_other_languages_alone():
    old = {"texts": {"Bands": "Bänder", "Gone": "Weg"}}
    new = renewed(old, {"texts": {"Bands", "New"}, "messages": {"Epoch {0}"}})
    assert new == {"texts": {"Bands": "Bänder", "New": ""}, "messages": {"Epoch {0}": ""}}


def test_pieces_of_messages_are_found_though_reports_say_them_too(texts):
    assert "{0} min" in texts["pieces"] and not texts["pieces"] & texts["reports"]
