"""Detecting objects from QGIS."""

import numpy as np
import pytest
from osgeo import gdal

from qgis_truth import CRS, NORTH, PIXEL, WEST, Ears, memory_squares, write_raster

SIDE, RADIUS = 192, 8
MIDDLES = [(row, column) for row in range(16, 180, 30) for column in range(16, 180, 30)]


def ground_values(seed=0):
    values = np.random.default_rng(seed).normal(90, 8, (1, SIDE, SIDE))
    for row, column in MIDDLES:
        values[:, row - RADIUS : row + RADIUS, column - RADIUS : column + RADIUS] = 200
    return values.clip(0, 255).astype("uint8")


@pytest.fixture(scope="module")
def ground(qgis, tmp_path_factory):
    """Path of a raster with a square pit of 16 pixels at every one of `MIDDLES`."""
    return write_raster(tmp_path_factory.mktemp("ground") / "pits.tif", ground_values())


@pytest.fixture(scope="module")
def detector(ground, tmp_path_factory):
    """Path of a model that has learned the pits."""
    import processing

    folder = tmp_path_factory.mktemp("detector")
    points = [(WEST + PIXEL * c, NORTH - PIXEL * r, "pit") for r, c in MIDDLES]
    parameters = {
        "RASTERS": [ground],
        "BOXES": memory_squares(points, 2 * RADIUS * PIXEL),
        "CLASS_FIELD": "rock",
        "PATCH_SIZE": 96,
        "EPOCHS": 8,
        "BATCH_SIZE": 2,
        "MODEL": str(folder / "pits.safetensors"),
        "REPORT": str(folder / "pits.html"),
    }
    return processing.run("deepgeology:trainobjectdetector", parameters)["MODEL"]


def test_objects_become_boxes_in_the_rasters_crs_with_sizes_in_map_units(run, ground, detector):
    layer = run("detectobjects", INPUT=ground, MODEL=detector, OUTPUT="memory:")["OUTPUT"]
    assert layer.crs().authid() == CRS
    assert layer.fields().names()[:3] == ["class", "confidence", "width"]
    found = list(layer.getFeatures())
    assert len(found) == pytest.approx(len(MIDDLES), abs=4)
    assert {feature["class"] for feature in found} == {"pit"}
    middles = [feature.geometry().boundingBox().center() for feature in found]
    truth = np.array([(WEST + PIXEL * c, NORTH - PIXEL * r) for r, c in MIDDLES])
    near = [np.hypot(*(truth - [m.x(), m.y()]).T).min() <= 4 * PIXEL for m in middles]
    assert np.mean(near) > 0.9
    usual = np.median([feature["diameter"] for feature in found])
    assert usual == pytest.approx(2 * RADIUS * PIXEL, rel=0.3)


def test_extent_in_another_crs_limits_the_search(run, ground, detector):
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransform,
        QgsProject,
        QgsRectangle,
    )

    half = QgsRectangle(WEST, NORTH - PIXEL * SIDE / 2, WEST + PIXEL * SIDE, NORTH)
    change = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem(CRS), QgsCoordinateReferenceSystem("EPSG:4326"),
        QgsProject.instance(),
    )  # fmt: skip
    box = change.transformBoundingBox(half)
    text = f"{box.xMinimum()},{box.xMaximum()},{box.yMinimum()},{box.yMaximum()} [EPSG:4326]"
    everything = run("detectobjects", INPUT=ground, MODEL=detector, OUTPUT="memory:")["OUTPUT"]
    part = run("detectobjects", INPUT=ground, MODEL=detector, EXTENT=text, OUTPUT="memory:")
    count = part["OUTPUT"].featureCount()
    assert 0 < count < everything.featureCount()


def test_a_folder_of_images_gives_pixels_and_paths(run, detector, tmp_path):
    for number in range(2):
        write_raster(tmp_path / f"{number}.tif", ground_values(number), crs="")
        dataset = gdal.Open(str(tmp_path / f"{number}.tif"), gdal.GA_Update)
        dataset.SetGeoTransform((0, 1, 0, 0, 0, 1))
    dataset = None
    layer = run("detectobjects", INPUT=str(tmp_path), MODEL=detector, OUTPUT="memory:")["OUTPUT"]
    rows = list(layer.getFeatures())
    assert {row["path"][-5:] for row in rows} == {"0.tif", "1.tif"}
    assert all(row.geometry().boundingBox().yMaximum() <= 0 for row in rows)


def test_boxes_are_drawn_as_outlines_in_the_colors_of_the_model(ground, detector, project):
    from deep_geology.plugin.jobs.model_card import read_card
    from qgis.core import (
        QgsApplication,
        QgsProcessingContext,
        QgsProcessingOutputLayerDefinition,
    )

    context = QgsProcessingContext()
    context.setProject(project)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("deepgeology:detectobjects")
    place = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project)
    parameters = {"INPUT": ground, "MODEL": detector, "OUTPUT": place}
    outputs, succeeded = algorithm.run(parameters, context, Ears())
    assert succeeded
    layer = context.takeResultLayer(outputs["OUTPUT"])
    details = context.layerToLoadOnCompletionDetails(outputs["OUTPUT"])
    details.postProcessor().postProcessLayer(layer, context, Ears())
    (category,) = layer.renderer().categories()
    (entry,) = read_card(detector).classes
    edge, outline = (category.symbol().symbolLayer(number) for number in (0, 1))
    assert edge.strokeColor().name() == "#ffffff" and edge.strokeWidth() > outline.strokeWidth()
    assert edge.brushStyle() == 0
    assert category.value() == "pit" and outline.strokeColor().name() == entry["color"]
    assert outline.brushStyle() == 0  # no fill: the object stays visible


def test_a_model_of_another_task_is_refused(refused, ground, model):
    said = refused("detectobjects", INPUT=ground, MODEL=model, OUTPUT="memory:")
    assert "needs one for object detection" in said


def test_a_raster_with_other_bands_is_refused(refused, landscape, detector):
    said = refused("detectobjects", INPUT=landscape, MODEL=detector, OUTPUT="memory:")
    assert "trained on 1 band" in said
