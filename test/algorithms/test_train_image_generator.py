"""Training a generator of images from QGIS."""

import os

import pytest

from qgis_truth import chip_folder


@pytest.fixture(scope="module")
def many_chips(qgis, tmp_path_factory):
    """A folder of 52 small images of both rocks."""
    return chip_folder(tmp_path_factory.mktemp("chips") / "rocks", count=26)


@pytest.fixture
def quick(many_chips, tmp_path):
    """Parameters of a training of seconds."""
    places = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "r.html")}
    return {"INPUT": many_chips, "SIZE": "64", "MINUTES": 0.1, "DEVICE": "cpu", **places}


def test_training_gives_a_model_a_report_and_numbers(run, quick, feedback):
    outputs = run("trainimagegenerator", feedback, **quick)
    assert set(outputs) == {"MODEL", "REPORT", "DISTANCE", "GAIN"}
    assert outputs["DISTANCE"] > 0 and -1 <= outputs["GAIN"] <= 1
    assert os.path.getsize(outputs["MODEL"]) > 100_000
    with open(outputs["REPORT"], encoding="utf-8") as report:
        assert "granite: made" in report.read()
    assert any("were kept from the generator" in line for line in feedback.info)
    assert feedback.steps[-1][1] > 90


def test_a_class_folder_alone_is_learned_without_a_gain(run, quick, tmp_path):
    one = tmp_path / "one"
    chip_folder(one, count=51)
    outputs = run("trainimagegenerator", **{**quick, "INPUT": str(one / "granite")})
    assert outputs["DISTANCE"] > 0 and outputs["GAIN"] is None


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"INPUT": "no/such/folder"}, "is not a folder that exists. Choose an existing folder."),
        ({"SIZE": "100"}, "is not one of the choices. Choose one of: 64, 128, 256."),
        ({"MINUTES": 0}, "is under the minimum of 0.1 minutes. Choose at least 0.1."),
        ({"MODEL": "model.bin"}, "which does not end in .safetensors. Give MODEL a name"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, quick, change, sentence):
    said = refused("trainimagegenerator", **{**quick, **change})
    assert sentence in said and "\n" not in said.strip()


def test_too_few_images_are_refused_and_nothing_is_written(refused, quick, chips):
    said = refused("trainimagegenerator", **{**quick, "INPUT": chips})
    assert "has 24 different images" in said and "needs at least 50" in said
    assert not os.path.exists(quick["MODEL"]) and not os.path.exists(quick["REPORT"])
