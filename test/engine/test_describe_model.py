"""Describing a model file: what is right is told, what is wrong is refused in a sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from plugin.engine import model_file
from plugin.engine.progress import Silent
from plugin.engine.tasks.describe_model import run
from plugin.jobs.declare import from_values
from plugin.jobs.describe_model import DescribeModel
from plugin.jobs.errors import JobError
from plugin.jobs.model_card import CLASSIFICATION, KEY, ModelCard
from plugin.jobs.model_weights import read_weights

CARD = ModelCard(
    task=CLASSIFICATION,
    network="mobilenet_v2",
    arguments={"bands": 2, "classes": 2},
    bands=[{"name": "tmi", "unit": "nT"}, {"name": "k", "unit": "%"}],
    dtype="float32",
    normalization={"mean": [100.0, 2.5], "sd": [20.0, 0.5]},
    gsd=50.0,
    classes=[
        {"value": 1, "name": "dike", "color": "#4477aa"},
        {"value": 2, "name": "sill", "color": "#ee6677"},
    ],
    patch=64,
    temperature=1.3,
    training={"images": 1260, "counts": {"dike": 40, "sill": 20}},
    scores={
        "accuracy": 0.9, "accuracy_interval": [0.8, 0.95], "macro_f1": 0.88, "kappa": 0.8,
        "scored": 60, "validation": "5 folds over source images.",
        "baselines": {"majority_class": {"accuracy": 0.667}},
    },
    license="CC-BY-4.0",
    citation="A. Geologist 2024, doi:10.1000/example",
)  # fmt: skip
WEIGHTS = {"a": np.ones((3, 4), np.float32), "b": np.ones(5, np.float16)}


@pytest.fixture
def model(tmp_path):
    """Writes a model file with a card, or with any text in its place."""

    def write(card=CARD, name="dikes.safetensors"):
        path = tmp_path / name
        text = card if isinstance(card, str) else card.to_text()
        save_file(WEIGHTS, str(path), metadata={KEY: text})
        return path

    return write


def describe(path, report=None):
    report = report or path.with_suffix(".html")
    job = from_values(DescribeModel, {"model": str(path), "report": str(report)})
    return run(job, Silent()), report.read_text("utf-8")


def test_task_classes_and_bands_are_given_back(model):
    outputs, _ = describe(model())
    assert outputs["TASK"] == "image classification"
    assert outputs["CLASSES"] == "dike, sill" and outputs["BANDS"] == "tmi, k"


def test_of_a_thousand_classes_the_first_are_given_back_and_the_number_of_the_others(model):
    classes = [{"value": n, "name": f"thing {n}", "color": "#4477aa"} for n in range(1, 1001)]
    outputs, _ = describe(model(replace(CARD, classes=classes, training={})))
    assert outputs["CLASSES"].startswith("thing 1, thing 2, ")
    assert outputs["CLASSES"].endswith("thing 30 and 970 more")


def test_report_tells_what_the_card_says(model):
    _, page = describe(model())
    for words in (
        "90.0\u00a0%", "80.0 to 95.0", "5 folds over source images.", "background:#ee6677", "nT",
        "CC-BY-4.0", "doi:10.1000/example", "64 × 64 pixels", "50 m", "1,260", "17 numbers", "66.7\u00a0%",
    ):  # fmt: skip
        assert words in page


def test_model_is_described_without_a_report(model):
    job = from_values(DescribeModel, {"model": str(model()), "report": None})
    assert "REPORT" not in run(job, Silent())


def test_card_of_the_least_is_described(model):
    outputs, page = describe(model(ModelCard(task="segmentation of rocks", network="srresnet")))
    assert outputs["TASK"] == "segmentation of rocks" and outputs["CLASSES"] == ""
    assert "does not say how well" in page


def test_weights_are_counted(model):
    weights = read_weights(str(model()))
    assert (weights.tensors, weights.numbers) == (2, 17)
    assert weights.types == ("F16", "F32")


def test_hostile_names_stay_text(model):
    nasty = '"><img src=x onerror=alert(1)>'
    card = replace(
        CARD, classes=[{"value": 1, "name": nasty, "color": 'red;"><script>'}], citation=nasty,
        bands=[{"name": nasty, "unit": nasty}],
    )  # fmt: skip
    _, page = describe(model(card))
    assert "<img" not in page and "<script" not in page


def test_odd_values_in_a_card_do_not_break_the_page(model):
    card = replace(
        CARD, gsd=10**400, normalization={"mean": "x", "sd": [None, float("inf")]},
        scores={"accuracy": "high", "baselines": 3}, training={"counts": [1]},
    )  # fmt: skip
    _, page = describe(model(card))
    assert "not known" in page and "does not say how well" in page


def change(path, edit):
    """Rewrite a model file with its header and weights changed by `edit`."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, weights = edit(json.loads(content[8 : 8 + length]), content[8 + length :])
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + weights)


def refuse(path, words):
    report = path.with_suffix(".html")
    with pytest.raises(JobError, match=words) as refused:
        describe(path, report)
    assert refused.value.remedy and not report.exists()


def test_file_that_was_cut_off_is_refused(model):
    path = model()
    path.write_bytes(path.read_bytes()[:-7])
    refuse(path, r"cut off \(51 of 58 bytes")


def test_file_with_more_than_its_weights_is_refused(model):
    path = model()
    path.write_bytes(path.read_bytes() + b"more")
    refuse(path, "does not fit together")


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [3, 5], "data_offsets": [0, 48]},
        {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 2**82]},
        {"dtype": "F32", "shape": [-3, -4], "data_offsets": [0, 48]},
        {"dtype": "OBJECT", "shape": [12], "data_offsets": [0, 48]},
        {"dtype": "F32", "shape": [3, 4], "data_offsets": [4, 52]},
        {"dtype": ["F32"], "shape": None, "data_offsets": "0"},
        "a",
    ],
)
def test_table_of_weights_that_lies_is_refused(model, entry):
    path = model()
    change(path, lambda header, weights: ({**header, "a": entry}, weights))
    refuse(path, "does not fit together")


def test_file_without_weights_is_refused(model):
    path = model()
    change(path, lambda header, _: ({"__metadata__": header["__metadata__"]}, b""))
    refuse(path, "does not fit together")


def test_newer_card_is_refused_with_its_remedy(model):
    refuse(model(replace(CARD, format=99)), "format 99; this version reads up to 1")


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '{"format": 1}', "[" * 100000, '{"format": "1", "task": "x"}']
)
def test_damaged_card_is_refused(model, text):
    refuse(model(text), "damaged")


@pytest.mark.parametrize("part", ["classes", "bands"])
@pytest.mark.parametrize("entries", [["dike"], [{"color": "#ffffff"}], [{"name": 3}], [None]])
def test_classes_and_bands_without_names_are_refused(model, part, entries):
    refuse(model(replace(CARD, **{part: entries})), f"{part} have no names")


def test_weights_of_another_program_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file(WEIGHTS, str(path))
    refuse(path, 'no Deep Geology card.*brought in with "Import model"')


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\xff" * 64, b"\x80\x04pickle" * 9])
def test_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(content)
    refuse(path, "is not a model file, or it is damaged")


@pytest.mark.parametrize("name", ["resnet.pth", "resnet.PT", "net.ckpt", "model.bin", "net.onnx"])
def test_weights_of_others_are_sent_to_import_model(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 a zip of weights")
    refuse(path, f'"{name}" is not a model of Deep Geology.*brought in with "Import model"')
    with pytest.raises(JobError, match='brought in with "Import model"'):
        model_file.load(str(path))
