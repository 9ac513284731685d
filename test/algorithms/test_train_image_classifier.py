"""Training from QGIS."""

import os

import pytest

from qgis_truth import QUICK_TRAINING, Ears


@pytest.fixture
def quick(chips, tmp_path):
    """Parameters of a training of seconds."""
    places = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "r.html")}
    return {**QUICK_TRAINING, "INPUT": chips, **places}


def test_training_gives_scores_a_model_and_a_report(run, quick, feedback):
    outputs = run("trainimageclassifier", feedback, **quick)
    assert set(outputs) == {
        "MODEL", "REPORT", "PREDICTIONS", "ACCURACY", "MACRO_F1", "KAPPA", "ECE",
    }  # fmt: skip
    assert 0 <= outputs["ACCURACY"] <= 1 and 0 <= outputs["ECE"] <= 1
    assert os.path.getsize(outputs["MODEL"]) > 10_000
    with open(outputs["REPORT"], encoding="utf-8") as report:
        assert "granite" in report.read()
    assert any(line.startswith("Epoch 1: ") for line in feedback.info)
    assert feedback.steps[-1][1] > 50


def test_predictions_go_to_a_table_with_a_row_per_scored_image(run, quick, chips):
    outputs = run("trainimageclassifier", **quick, PREDICTIONS="memory:")
    table = outputs["PREDICTIONS"]
    assert table.featureCount() == 5 or table.featureCount() == 4  # a fifth of 24
    names = table.fields().names()
    assert {"path", "label", "correct", "class", "confidence"} <= set(names)
    assert not table.isSpatial()
    labels = {feature["label"] for feature in table.getFeatures()}
    assert labels == {"granite", "schist"}
    assert all(
        feature["correct"] == (feature["class"] == feature["label"])
        for feature in table.getFeatures()
    )


def test_predictions_can_be_added_to_a_geopackage(run, quick, tmp_path):
    target = f"ogr:dbname='{tmp_path / 'out.gpkg'}' table=\"scored\""
    outputs = run("trainimageclassifier", **quick, PREDICTIONS=target)
    from qgis.core import QgsVectorLayer

    assert QgsVectorLayer(outputs["PREDICTIONS"], "t", "ogr").featureCount() > 0


def test_temporary_outputs_have_the_right_extensions(run, quick):
    quick.update(MODEL="TEMPORARY_OUTPUT", REPORT="TEMPORARY_OUTPUT")
    outputs = run("trainimageclassifier", **quick)
    assert outputs["MODEL"].endswith(".safetensors") and outputs["REPORT"].endswith(".html")
    assert os.path.exists(outputs["MODEL"]) and os.path.exists(outputs["REPORT"])


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"INPUT": "no/such/folder"}, "is not a folder that exists. Choose an existing folder."),
        ({"NETWORK": "alexnet"}, "is not one of the choices. Choose one of: mobilenet_v2,"),
        ({"IMAGE_SIZE": 5000}, "is over the maximum of 1024 pixels. Choose at most 1024."),
        ({"GROUPS": "ab[c"}, "is not a regular expression"),
        ({"GROUPS": "abc"}, "has no group in parentheses. Put the part"),
        ({"NETWORK": "resnet18", "START_FROM": "bundled"}, "There are no bundled weights"),
        ({"START_FROM": "model"}, "no model is given. Choose a model file in BASE_MODEL"),
        ({"MODEL": "/proc/m.safetensors"}, "Choose "),
        ({"MODEL": "model.bin"}, "which does not end in .safetensors. Give MODEL a name"),
        ({"MODEL": ""}, "Model is missing. Give MODEL a place, or TEMPORARY_OUTPUT."),
        ({"EPOCHS": "many"}, 'Epochs is "many", which is not a number.'),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, quick, change, sentence):
    said = refused("trainimageclassifier", **{**quick, **change})
    assert sentence in said and "\n" not in said.strip()


def test_folder_in_the_place_of_a_file_is_refused(refused, quick, tmp_path):
    (tmp_path / "r.html").mkdir()
    assert "is a folder. Give the name of a file." in refused("trainimageclassifier", **quick)


def test_empty_folder_is_refused_and_nothing_is_written(refused, quick, tmp_path):
    (tmp_path / "empty").mkdir()
    said = refused("trainimageclassifier", **{**quick, "INPUT": str(tmp_path / "empty")})
    assert "empty" in said and said.endswith(".")
    assert sorted(os.listdir(tmp_path)) == ["empty"]


def test_model_over_its_base_model_is_refused(refused, quick, model):
    quick.update(START_FROM="model", BASE_MODEL=model, MODEL=model)
    assert "Model would overwrite My model" in refused("trainimageclassifier", **quick)


def test_canceled_training_leaves_nothing_but_its_checkpoint_and_goes_on(
    run, refused, quick, tmp_path
):
    quick["EPOCHS"] = 300
    said = refused("trainimageclassifier", Ears(cancel_on="Epoch 2"), **quick)
    assert said.startswith("Canceled; no output was written. What was learned so far is kept in")
    assert said.endswith("START_FROM checkpoint.")
    assert os.listdir(tmp_path) == [os.path.basename(quick["MODEL"]) + ".checkpoint"]
    ears = Ears()
    outputs = run("trainimageclassifier", ears, **{**quick, "START_FROM": "checkpoint"})
    assert any("The training goes on from" in text for text in ears.info)
    assert os.path.exists(outputs["MODEL"]) and not os.path.exists(quick["MODEL"] + ".checkpoint")
