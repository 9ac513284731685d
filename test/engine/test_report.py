"""Reports: whole, self-contained, safe with any name, and right in what they say."""

import errno
import os
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from plugin.engine.classification_report import (
    ClassificationResult,
    scores,
    write_classification_report,
)
from plugin.engine.classification_scores import confusion_of
from plugin.engine.classification_verdict import cautions, headline, mistakes, sentences
from plugin.engine.figures import new_figure
from plugin.engine.markup import Bar, Picture, Swatch
from plugin.engine.report import METHOD, NUMBERS, PICTURES, Report
from plugin.jobs.errors import JobError
from plugin.jobs.protocol import decode, done, encode

NASTY = "<script>alert('1')</script> & \"Kluft\" \udcff\x00.png"


class Tags(HTMLParser):
    """Reads a page as a browser does: which tags are open, what they refer to, what is said."""

    _VOID = ("meta", "img", "br")

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.references, self.text = [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.references += [v for name, v in attributes if name in ("src", "href", "action")]
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def result_of(confusion, certainty=0.9, **more):
    """A result with this confusion matrix, every answer given with the same confidence."""
    confusion = np.asarray(confusion)
    classes = len(confusion)
    pairs = [(t, p) for t in range(classes) for p in range(classes) for _ in range(confusion[t, p])]
    truth, said = np.array(pairs).T
    probabilities = np.full((len(truth), classes), (1 - certainty) / (classes - 1))
    probabilities[np.arange(len(truth)), said] = certainty
    known = {
        "class_names": [f"class {i}" for i in range(classes)],
        "colors": ["#4477aa"] * classes,
        "paths": [f"folder/{i}.png" for i in range(len(truth))],
        "labels": truth,
        "scored": np.arange(len(truth)),
        "probabilities": probabilities,
        "uncalibrated_ece": 0.1,
        "history": [[{"epoch": 1, "training_loss": 1.0, "validation_loss": None}]],
        "runs": ["training"],
        "split": "A share of 20 % was held out.",
        "thumbnails": lambda index: np.full((20, 30, 3), index % 256, np.uint8),
    }
    return ClassificationResult(**{**known, **more})


def written(tmp_path, result):
    path = tmp_path / "report.html"
    write_classification_report(str(path), result)
    return path.read_text("utf-8")


def test_verdict_stands_before_everything_else():
    report = Report("Title", "Subtitle")
    report.section("Scores", NUMBERS, "text").warning("Careful.")
    report.verdict("It works.", "And this is why.")
    page = report.html()
    assert page.index("It works.") < page.index("Careful.") < page.index("Scores")


@pytest.mark.parametrize(
    "confusion, is_doubt", [([[30, 1], [2, 27]], False), ([[40, 0], [10, 0]], True)]
)
def test_a_doubt_does_not_look_like_a_praise(tmp_path, confusion, is_doubt):
    page = written(tmp_path, result_of(confusion))
    assert ('<div id="verdict" class="doubt">' in page) == is_doubt
    assert page.count("#verdict.doubt") == 3  # by day, in the dark, in print


def test_pictures_stand_before_numbers_and_these_before_the_method():
    report = Report("Title")
    report.section("last", METHOD).paragraph("of the method")
    report.section("second", NUMBERS).paragraph("of the numbers")
    report.section("first", PICTURES)
    report.section("third", NUMBERS)
    page = report.html()
    order = ("first", "second", "of the numbers", "third", "last", "of the method")
    places = [page.index(f">{word}<") for word in order]
    assert places == sorted(places)


def test_names_from_files_cannot_become_markup():
    report = Report(NASTY, NASTY)
    report.verdict(NASTY, NASTY)
    report.warning(NASTY)
    report.section(NASTY, NUMBERS, NASTY).table([NASTY], [[NASTY], [Swatch(NASTY, NASTY)]], NASTY)
    report.facts([(NASTY, NASTY)]).pictures([(np.zeros((4, 4, 3), np.uint8), NASTY)])
    page = Tags(report.html())
    assert "script" not in page.seen and page.open == []
    assert page.text.count(NASTY[:-6] + "\ufffd\ufffd.png") >= 9


def test_report_with_broken_file_names_can_be_written(tmp_path):
    path = tmp_path / "r.html"
    Report(NASTY).write(str(path))
    assert "Kluft" in path.read_text("utf-8")


def test_color_that_is_no_color_is_not_put_into_the_style():
    assert "url" not in Swatch("red;background:url(http://x)", "a").html()
    assert "background:#0a1B2c" in Swatch("#0a1B2c", "a").html()


def test_column_of_numbers_is_aligned_to_the_right_and_one_of_names_is_not():
    report = Report("t").section("s", NUMBERS)
    rows = [["1", "98.1\u00a0%", "1b", "–"], ["2", "–", "7", "–"], ["3", "3 to 4\u00a0%", "", "–"]]
    report.table(["Place", "Share", "Name", "None"], rows)
    page = report.html()
    assert '<th class="number">Share</th>' in page
    assert all(f"<th>{name}</th>" in page for name in ("Place", "Name", "None"))


def test_bar_of_no_number_is_empty():
    assert "width:0%" in Bar(float("nan"), "–").html()
    assert "width:100%" in Bar(1.7, "1.7").html()


def test_picture_keeps_its_proportions():
    html = Picture(np.zeros((20, 40, 3), np.uint8), "", 100).html()
    assert 'width="100" height="50"' in html


def test_class_name_that_looks_like_mathematics_is_drawn_as_it_is():
    figure = new_figure(2, 2)
    figure.subplots().set_title("Cu_2$^{ \\frac")
    assert "data:image/png;base64," in Report("t").section("s", PICTURES).figure(figure, "c").html()


def test_old_report_stays_whole_when_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("the old one")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("plugin.jobs.places.os.replace", full)
    with pytest.raises(JobError, match="No space left on device"):
        Report("new").write(str(path))
    assert path.read_text() == "the old one"
    assert os.listdir(tmp_path) == ["report.html"]


def test_report_in_a_place_that_cannot_be_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot be written"):
        Report("t").write(str(tmp_path / "file" / "report.html"))


def test_report_refers_to_nothing_outside_itself(tmp_path):
    page = written(tmp_path, result_of([[30, 2], [3, 25]]))
    tags = Tags(page)
    assert tags.open == [] and "script" not in tags.seen and "link" not in tags.seen
    assert len(tags.references) > 10
    assert all(reference.startswith("data:image/") for reference in tags.references)
    assert not re.search(r"url\(|@import|https?://", page)


def test_report_holds_what_was_promised(tmp_path):
    text = " ".join(Tags(written(tmp_path, result_of([[30, 2], [3, 25]]))).text)
    for heading in (
        "What it was trained on", "Its surest mistakes", "Scores, beside simpler ways",
        "Class by class", "What it confuses", "How far its confidence can be trusted",
        "How it learned", "How it was done",
    ):  # fmt: skip
        assert heading in text
    assert "A share of 20 % was held out." in text


def test_scores_agree_with_the_confusion_matrix():
    numbers = scores(result_of([[45, 5], [10, 40]]))
    assert numbers["accuracy"] == pytest.approx(0.85)
    assert numbers["kappa"] == pytest.approx(0.7)
    assert numbers["macro_recall"] == pytest.approx(0.85)
    assert numbers["ece"] == pytest.approx(0.05)
    assert numbers["baselines"]["majority_class"]["accuracy"] == pytest.approx(0.5)
    assert "linear_probe" not in numbers["baselines"]


def test_scores_can_be_sent_whatever_was_scored():
    for confusion in ([[5, 0], [0, 0]], [[0, 3], [0, 0]], [[1, 1], [1, 1]]):
        numbers = scores(result_of(confusion))
        assert decode(encode(done(1, numbers)))["outputs"] == numbers


def test_probe_on_the_same_answers_is_no_different_from_the_network():
    result = result_of([[40, 10], [10, 40]])
    result = replace(result, probe_probabilities=result.probabilities)
    numbers = scores(result)
    assert numbers["baselines"]["linear_probe"]["accuracy"] == numbers["accuracy"]
    assert any("may be chance" in sentence for sentence in sentences(result, numbers))


def test_better_probe_is_told_to_the_user():
    worse, better = result_of([[30, 20], [0, 50]]), np.eye(2)[np.repeat([0, 1], 50)]
    result = replace(worse, probe_probabilities=better)
    assert any("better than this network" in s for s in sentences(result, scores(result)))


def test_folds_give_mean_and_spread():
    result = replace(result_of([[8, 2], [0, 10]]), folds=np.repeat([1, 2], 10))
    folds = scores(result)["folds"]
    assert folds["accuracy_mean"] == pytest.approx(0.9)
    assert folds["accuracy_sd"] == pytest.approx(np.std([0.8, 1.0], ddof=1))


@pytest.mark.parametrize(
    ("confusion", "words"),
    [
        ([[50, 0], [0, 50]], "Good on both classes, without a single mistake."),
        ([[90, 0, 0], [0, 60, 30], [0, 20, 70]], "Good on 1 of 3 classes; confuses “class 1”"),
        ([[98, 2, 0], [0, 99, 0], [0, 0, 99]], "Good on all 3 classes; its most frequent"),
        ([[50, 0], [40, 2]], "Not shown to be better than always answering “class 0”."),
    ],
)
def test_headline_says_what_the_numbers_say(confusion, words):
    result = result_of(confusion)
    assert headline(result, scores(result)).startswith(words)


def test_few_images_and_unscored_classes_are_warned_of():
    said = " ".join(cautions(result_of([[40, 0, 0], [1, 5, 0], [0, 0, 0]])))
    assert "No image was scored of “class 2”" in said
    assert "Fewer than 20 images were scored of “class 1”" in said


def test_mistakes_are_listed_by_their_number():
    found = mistakes(result_of([[8, 2, 0], [0, 9, 1], [5, 0, 5]]))
    assert found == [
        ("class 2", "class 0", 5, 0.5), ("class 0", "class 1", 2, 0.2), ("class 1", "class 2", 1, 0.1),
    ]  # fmt: skip


def test_class_without_a_scored_image_is_reported_as_such(tmp_path):
    text = Tags(written(tmp_path, result_of([[30, 0, 0], [2, 25, 3], [0, 0, 0]]))).text
    assert "not scored" in text and "nan" not in " ".join(text).split()


def test_report_of_200_classes_stays_small(tmp_path):
    noise = np.random.default_rng(0)
    images = noise.integers(0, 255, (50, 64, 64, 3), dtype=np.uint8)
    confusion = 6 * np.eye(200, dtype=int) + np.eye(200, k=3, dtype=int)
    names = [f"{'a very long class name ' * 4}{i}" for i in range(200)]
    result = result_of(confusion, class_names=names, thumbnails=lambda i: images[i % 50])
    page = written(tmp_path, result)
    assert confusion_of(result).trace() == 1200
    assert len(page) < 3_000_000


def test_report_can_do_without_pictures(tmp_path):
    page = written(tmp_path, result_of([[9, 1], [2, 8]], thumbnails=None, history=[], runs=[]))
    assert "Confidence" in page and "How it learned" not in page


def test_image_that_vanished_leaves_a_gray_place(tmp_path):
    def gone(index):
        raise FileNotFoundError(index)

    assert "Its surest mistakes" in written(tmp_path, result_of([[9, 1], [2, 8]], thumbnails=gone))


def test_thousand_warnings_do_not_fill_the_page(tmp_path):
    warnings = [f"{i}.png was left out." for i in range(1000)]
    page = written(tmp_path, result_of([[30, 1], [2, 30]], warnings=warnings))
    assert page.count('class="warning"') < 12 and "more are in the log" in page
