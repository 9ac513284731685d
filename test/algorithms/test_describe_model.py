"""Describing a model from QGIS."""

import os


def test_a_model_tells_its_classes_and_bands(run, model, tmp_path):
    outputs = run("describemodel", MODEL=model, REPORT=str(tmp_path / "model.html"))
    assert outputs["TASK"] == "image classification"
    assert outputs["CLASSES"] == "granite, schist"
    assert len(outputs["BANDS"].split(",")) == 3
    with open(outputs["REPORT"], encoding="utf-8") as report:
        assert "schist" in report.read()


def test_a_photograph_is_no_model(refused, chips, tmp_path):
    image = os.path.join(chips, "granite", "p00.png")
    said = refused("describemodel", MODEL=image, REPORT=str(tmp_path / "model.html"))
    assert said.startswith('"p00.png" is not a model file, or it is damaged.')
    assert os.listdir(tmp_path) == []


def test_output_that_is_not_given_is_asked_for(refused, model):
    assert "REPORT" in refused("describemodel", MODEL=model)
