"""Training a pixel classifier from QGIS."""

import os
import time

import pytest
from qgis.core import QgsProcessingException, QgsProject, QgsRasterLayer

from qgis_truth import (
    Ears,
    label_points,
    memory_points,
    memory_squares,
    rock_values,
    save,
    write_raster,
)

QUICK = {"NETWORK": "pixel_mlp", "EPOCHS": 2, "FOLDS": 2, "DEVICE": "cpu", "CLASS_FIELD": "rock"}


@pytest.fixture
def asked(landscape, tmp_path):
    """Parameters of a training of seconds."""
    places = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "r.html")}
    squares = memory_squares(label_points(24))
    return {**QUICK, **places, "RASTERS": [landscape], "LABELS": squares}


def test_squares_on_the_map_give_scores_a_model_and_a_report(run, asked, feedback):
    outputs = run("trainpixelclassifier", feedback, **asked)
    assert set(outputs) == {
        "MODEL", "REPORT", "ACCURACY", "MACRO_F1", "MEAN_IOU", "KAPPA", "AUC",
    }  # fmt: skip
    assert outputs["ACCURACY"] > 0.8
    assert os.path.getsize(outputs["MODEL"]) > 10_000
    with open(outputs["REPORT"], encoding="utf-8") as report:
        assert "granite" in report.read()
    assert any("random forest" in line for line in feedback.info)


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "shp", "table of a GeoPackage"])
def test_labels_come_from_layers_of_every_kind(run, asked, tmp_path, kind):
    squares = asked["LABELS"]
    if kind == "table of a GeoPackage":
        asked["LABELS"] = save(squares, tmp_path / "two tables.gpkg", "my labels")
    else:
        asked["LABELS"] = save(squares, tmp_path / f"labels.{kind}")
    assert run("trainpixelclassifier", **asked)["ACCURACY"] > 0.8


def test_points_in_another_crs_than_the_rasters_are_labels_too(run, asked):
    asked.update(LABELS=memory_points(label_points(40), "EPSG:4326"), POINT_RADIUS=40.0)
    assert run("trainpixelclassifier", **asked)["ACCURACY"] > 0.8


def test_a_layer_of_the_project_and_a_file_make_a_stack(run, asked, project, tmp_path):
    path = write_raster(tmp_path / "second.tif", rock_values(seed=5, bands=1))
    layer = QgsRasterLayer(path, "second survey")
    QgsProject.instance().addMapLayer(layer)
    asked.update(RASTERS=[asked["RASTERS"][0], layer.id()], BANDS=[1, 4])
    ears = Ears()
    run("trainpixelclassifier", ears, **asked)
    assert any(", 2 bands." in line for line in ears.info)


def test_deposits_alone_are_learned_against_unlabeled_ground(run, asked):
    granite = [place for place in label_points(60) if place[2] == "granite"]
    asked.update(LABELS=memory_points(granite), CLASS_FIELD=None, BACKGROUND="unlabeled")
    outputs = run("trainpixelclassifier", **asked)
    assert 0.5 < outputs["AUC"] <= 1


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"RASTERS": []}, "Choose at least one raster layer."),
        ({"BANDS": [9]}, "The rasters have 3 bands in all; band 9 is asked for."),
        ({"NETWORK": "unet_resnet18"}, "no bundled weights for unet_resnet18"),
        ({"START_FROM": "model"}, "no model is given. Choose a model file in BASE_MODEL"),
        ({"VALIDATION": "layer"}, "none is given. Choose a layer in VALIDATION_LABELS"),
        ({"PATCH_SIZE": 100}, "not a multiple of 32. Choose 96."),
        ({"MODEL": "model.bin"}, "which does not end in .safetensors. Give MODEL a name"),
        ({"REPORT": ""}, "Report is missing. Give REPORT a place, or TEMPORARY_OUTPUT."),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, asked, change, sentence):
    said = refused("trainpixelclassifier", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()


def test_labels_of_one_class_are_refused(refused, asked):
    asked["LABELS"] = memory_squares([place for place in label_points(20) if place[2] == "schist"])
    assert 'All labels are of one class, "schist".' in refused("trainpixelclassifier", **asked)


def test_labels_elsewhere_are_refused(refused, asked):
    far = [(easting + 50_000, northing, name) for easting, northing, name in label_points(20)]
    asked["LABELS"] = memory_squares(far)
    assert '"squares" and "rocks" have no ground in common' in refused(
        "trainpixelclassifier", **asked
    )


def test_an_image_model_is_no_base_model(refused, asked, model):
    said = refused("trainpixelclassifier", **{**asked, "START_FROM": "model", "BASE_MODEL": model})
    assert "is for image classification; this tool needs one for pixel classification" in said


def test_a_training_that_is_canceled_ends_soon_and_leaves_nothing(run, asked):
    ears = Ears(cancel_on="Epoch ")
    with pytest.raises(QgsProcessingException):
        run("trainpixelclassifier", ears, **{**asked, "EPOCHS": 500})
    assert time.monotonic() - ears.canceled_at < 10
    assert not os.path.exists(asked["MODEL"]) and not os.path.exists(asked["REPORT"])
