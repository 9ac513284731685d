"""A model file is read without trust."""

import json

import pytest

from plugin.jobs.errors import JobError
from plugin.jobs.model_card import FORMAT, ModelCard, class_names, read_card

CARD = ModelCard(
    task="image classification",
    network="mobilenet_v2",
    classes=[{"value": 1, "name": "Kalkstein ü", "color": "#112233"}],
)


def write(path, header, weights=b""):
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(data).to_bytes(8, "little") + data + weights)
    return str(path)


def with_card(text):
    return {"__metadata__": {"deep_geology": text}}


def changed(**values):
    return with_card(json.dumps({**json.loads(CARD.to_text()), **values}))


def test_a_card_comes_back_as_it_was_written(tmp_path):
    path = write(tmp_path / "m.safetensors", with_card(CARD.to_text()))
    assert read_card(path, "image classification") == CARD
    assert class_names(CARD) == ["Kalkstein ü"]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"", "damaged"),
        (b"not json", "damaged"),
        (b"[1, 2]", "damaged"),
        (b"\xff\xfe{}", "damaged"),
        (b"[" * 100_000, "damaged"),
        ({"layer": {"dtype": "F32"}}, "no Deep Geology card"),
        ({"__metadata__": {"deep_geology": 3}}, "no Deep Geology card"),
        (with_card("{"), "card of model"),
        (with_card("[]"), "card of model"),
        (changed(format="1"), "card of model"),
        (changed(format=True), "card of model"),
        (changed(format="new"), "card of model"),
        (changed(format=None), "card of model"),
        (changed(format=10**400), "this version reads up to"),
        (changed(format=FORMAT + 1), f"format {FORMAT + 1}; this version reads up to {FORMAT}"),
        (changed(classes="many"), '"classes" holds'),
        (changed(patch=True), '"patch" holds'),
        (changed(temperature="hot"), '"temperature" holds'),
        (with_card(json.dumps({"format": 1, "task": "x"})), "network is missing"),
        (changed(task="upscaling"), "is for upscaling"),
    ],
)
def test_a_file_that_is_no_such_model_is_refused_in_a_sentence(tmp_path, header, found):
    path = write(tmp_path / "odd.safetensors", header)
    with pytest.raises(JobError, match=found) as caught:
        read_card(path, "image classification")
    assert caught.value.remedy and "odd.safetensors" in caught.value.found


@pytest.mark.parametrize("form", [FORMAT + 1, FORMAT + 1.5, f"{FORMAT + 1}", f"{FORMAT}.1"])
@pytest.mark.parametrize(
    "change", [{}, {"classes": "many"}, {"patch": [64, 64]}, {"task": None}, {"network": {}}]
)
def test_a_newer_format_asks_for_an_update_whatever_else_has_changed(tmp_path, form, change):
    path = write(tmp_path / "new.safetensors", changed(format=form, **change))
    with pytest.raises(JobError, match=f"has format {form}; this version reads up") as caught:
        read_card(path, "upscaling")
    assert caught.value.remedy == "Update the Deep Geology plugin."


def test_a_header_that_claims_terabytes_is_refused_at_once(tmp_path):
    path = tmp_path / "huge.safetensors"
    path.write_bytes((2**60).to_bytes(8, "little") + b"{}")
    with pytest.raises(JobError, match="damaged"):
        read_card(str(path))


def test_what_a_newer_card_adds_is_passed_over(tmp_path):
    path = write(tmp_path / "m.safetensors", changed(mood="good"))
    assert read_card(path) == CARD
