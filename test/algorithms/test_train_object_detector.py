"""Training an object detector from QGIS."""

import os

import numpy as np
import pytest
from osgeo import gdal

from qgis_truth import CRS, NORTH, PIXEL, WEST, memory_squares, write_raster

SIDE, RADIUS = 160, 8
MIDDLES = [(row, column) for row in range(16, 150, 26) for column in range(16, 150, 26)]


@pytest.fixture(scope="module")
def ground(qgis, tmp_path_factory):
    """Path of a raster with a square pit of 16 pixels at every one of `MIDDLES`."""
    values = np.random.default_rng(0).normal(90, 8, (1, SIDE, SIDE))
    for row, column in MIDDLES:
        values[:, row - RADIUS : row + RADIUS, column - RADIUS : column + RADIUS] = 200
    path = tmp_path_factory.mktemp("ground") / "pits.tif"
    return write_raster(path, values.clip(0, 255).astype("uint8"))


@pytest.fixture
def boxes(qgis):
    """A memory layer of the boxes of all pits."""
    points = [(WEST + PIXEL * c, NORTH - PIXEL * r, "pit") for r, c in MIDDLES]
    return memory_squares(points, 2 * RADIUS * PIXEL)


@pytest.fixture
def quick(ground, boxes, tmp_path):
    """Parameters of a training of seconds."""
    return {
        "RASTERS": [ground],
        "BOXES": boxes,
        "CLASS_FIELD": "rock",
        "PATCH_SIZE": 64,
        "EPOCHS": 1,
        "BATCH_SIZE": 2,
        "MODEL": str(tmp_path / "m.safetensors"),
        "REPORT": str(tmp_path / "r.html"),
    }


def test_training_on_drawn_boxes_gives_scores_a_model_and_a_report(run, quick, feedback):
    outputs = run("trainobjectdetector", feedback, **quick, PREDICTIONS="memory:")
    assert 0 <= outputs["MAP"] <= outputs["MAP50"] <= 1
    assert os.path.getsize(outputs["MODEL"]) > 1_000_000
    with open(outputs["REPORT"], encoding="utf-8") as report:
        assert "Untrained detector" in report.read()
    layer = outputs["PREDICTIONS"]
    assert layer.crs().authid() == CRS
    assert {"class", "confidence", "outcome", "diameter"} <= set(layer.fields().names())
    assert any("blocks of ground" in line for line in feedback.info)


def test_boxes_in_another_crs_fall_on_the_same_pixels(run, quick, boxes, feedback):
    import processing

    there = processing.run(
        "native:reprojectlayer", {"INPUT": boxes, "TARGET_CRS": "EPSG:4326", "OUTPUT": "memory:"}
    )["OUTPUT"]
    run("trainobjectdetector", feedback, **{**quick, "BOXES": there})
    assert any(line.startswith(f"{len(MIDDLES)} boxes of 1 class") for line in feedback.info)


def test_a_folder_of_images_with_yolo_labels_trains(run, quick, ground, tmp_path):
    folder = tmp_path / "set"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    lines = [f"0 {c / SIDE} {r / SIDE} {16 / SIDE} {16 / SIDE}" for r, c in MIDDLES]
    for number in range(2):
        values = gdal.Open(ground).ReadAsArray()
        values[:3, :3] = number  # two images, not copies of one
        write_raster(folder / "images" / f"{number}.tif", values[None], crs="")
        (folder / "labels" / f"{number}.txt").write_text("\n".join(lines))
    asked = {key: quick[key] for key in ("PATCH_SIZE", "EPOCHS", "BATCH_SIZE", "MODEL", "REPORT")}
    assert 0 <= run("trainobjectdetector", **asked, IMAGES=str(folder))["MAP50"] <= 1


def test_nothing_to_train_on_is_refused(refused, quick):
    asked = {key: quick[key] for key in ("EPOCHS", "MODEL", "REPORT")}
    assert "Give RASTERS with BOXES; or IMAGES" in refused("trainobjectdetector", **asked)


def test_boxes_without_a_raster_are_refused(refused, quick):
    asked = {**quick, "RASTERS": []}
    assert "Give RASTERS with BOXES; or IMAGES" in refused("trainobjectdetector", **asked)


def test_a_class_field_that_is_not_there_is_refused(refused, quick):
    assert 'no field "kind"' in refused("trainobjectdetector", **{**quick, "CLASS_FIELD": "kind"})


def test_an_empty_layer_is_refused(refused, quick):
    said = refused("trainobjectdetector", **{**quick, "BOXES": memory_squares([])})
    assert "has no features" in said
    assert not os.path.exists(quick["MODEL"])
