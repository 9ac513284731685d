"""Explaining models from QGIS."""

import os

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsApplication, QgsProcessingContext, QgsRasterLayer, QgsVectorLayer

from qgis_truth import (
    BORDER,
    NORTH,
    PIXEL,
    WEST,
    Ears,
    label_points,
    memory_points,
    read_raster,
    rock_values,
    save,
    write_raster,
)


@pytest.mark.parametrize("method", ["gradcam", "integrated_gradients"])
def test_heat_lies_on_the_raster(run, landscape, model, tmp_path, method):
    outputs = run(
        "explainclassification",
        INPUT=QgsRasterLayer(landscape, "rocks"),
        MODEL=model,
        CLASS_NAME="schist",
        METHOD=method,
        OUTPUT=str(tmp_path / "heat.tif"),
        REPORT=str(tmp_path / "r.html"),
    )
    heat = read_raster(outputs["OUTPUT"])[0]
    assert heat.shape == (256, 256)
    assert heat[:, 160:].mean() > 2 * max(heat[:, :96].mean(), 0.0)  # schist is in the east
    layer = QgsRasterLayer(outputs["OUTPUT"], "h")
    assert layer.crs().authid() == "EPSG:32717"
    assert os.path.getsize(tmp_path / "r.html") > 10_000
    assert outputs["PICTURES"] is None and outputs["TABLE"] is None


def test_further_rasters_give_the_bands_that_the_first_one_lacks(run, model, tmp_path, project):
    first = write_raster(tmp_path / "red.tif", rock_values()[:1])
    others = write_raster(tmp_path / "green and blue.tif", rock_values()[1:])
    second = QgsRasterLayer(others, "green and blue")
    project.addMapLayer(second)
    outputs = run(
        "explainclassification",
        INPUT=QgsRasterLayer(first, "red"),
        MORE_RASTERS=[second.id()],
        MODEL=model,
        CLASS_NAME="schist",
        OUTPUT=str(tmp_path / "heat.tif"),
        REPORT="TEMPORARY_OUTPUT",
    )
    heat = read_raster(outputs["OUTPUT"])[0]
    assert heat[:, 160:].mean() > 2 * max(heat[:, :96].mean(), 0.0)


def test_occlusion_of_a_part_in_a_geopackage(run, model, tmp_path):
    package = write_raster(tmp_path / "rocks.gpkg", rock_values(), driver="GPKG",
                           options=["RASTER_TABLE=relief", "TILE_FORMAT=PNG"])  # fmt: skip
    layer = QgsRasterLayer(f"GPKG:{package}:relief", "relief", "gdal")
    outputs = run(
        "explainclassification",
        INPUT=layer,
        BANDS=[1, 2, 3],
        EXTENT=f"{WEST},{WEST + 640},{NORTH - 640},{NORTH} [EPSG:32717]",
        MODEL=model,
        METHOD="occlusion",
        OUTPUT="TEMPORARY_OUTPUT",
        REPORT="TEMPORARY_OUTPUT",
    )
    assert read_raster(outputs["OUTPUT"]).shape == (1, 64, 64)


@pytest.mark.parametrize("name", ["INPUT", "INPUT_FOLDER"])
def test_images_of_a_folder_become_pictures(run, chips, model, tmp_path, name):
    outputs = run(
        "explainclassification",
        **{name: chips},
        MODEL=model,
        PICTURES=str(tmp_path / "pictures"),
        REPORT="TEMPORARY_OUTPUT",
    )
    names = os.listdir(outputs["PICTURES"])
    assert len(names) == 24 and "granite_p00.png" in names
    assert gdal.Open(str(tmp_path / "pictures" / names[0])).RasterCount == 3


@pytest.mark.parametrize("kind", ["memory", "gpkg"])
def test_band_importance_by_labels_is_a_table(run, landscape, model, tmp_path, kind):
    labels = memory_points(label_points(20), crs="EPSG:4326")
    labels = labels if kind == "memory" else save(labels, tmp_path / "labels.gpkg")
    outputs = run(
        "explainclassification",
        INPUT=landscape,
        MODEL=model,
        METHOD="band_importance",
        LABELS=labels,
        CLASS_FIELD="rock",
        TABLE="memory:" if kind == "memory" else str(tmp_path / "t.gpkg"),
        REPORT="TEMPORARY_OUTPUT",
    )
    table = outputs["TABLE"]
    table = QgsVectorLayer(table, "t", "ogr") if isinstance(table, str) else table
    bands = [feature["band"] for feature in table.getFeatures()]
    assert sorted(bands) == ["band 1", "band 2", "band 3"] and outputs["TOP_BAND"] == bands[0]


def test_heat_is_shown_from_0_up(qgis, project, landscape, model):
    context = QgsProcessingContext()
    context.setProject(project)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(
        "deepgeology:explainclassification"
    )
    from qgis.core import QgsProcessingOutputLayerDefinition

    asked = {
        "INPUT": landscape,
        "MODEL": model,
        "OUTPUT": QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project),
        "REPORT": "TEMPORARY_OUTPUT",
    }
    outputs, succeeded = algorithm.run(asked, context, Ears())
    assert succeeded
    details = context.layerToLoadOnCompletionDetails(outputs["OUTPUT"])
    layer = QgsRasterLayer(outputs["OUTPUT"], "heat")
    details.postProcessor().postProcessLayer(layer, context, Ears())
    items = layer.renderer().shader().rasterShaderFunction().colorRampItemList()
    assert items[0].value == 0 and items[-1].value > 0 and items[-1].color.name() == "#fcffa4"


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"CLASS_NAME": "gneiss"}, 'no class "gneiss". Choose one of: granite, schist.'),
        ({"METHOD": "band_importance"}, "Band importance gives a table and no heat."),
        ({"INPUT": None}, "is missing"),
        ({"EXTENT": "0,10,0,10 [EPSG:32717]"}, "The extent does not touch"),
        ({"BANDS": [1, 2]}, "was trained on 3 bands"),
        ({"MODEL": "gone.safetensors"}, "is not a file that exists."),
        ({"TABLE": "memory:"}, "Only band importance gives a table."),
        ({"WINDOW": -1}, "is under the minimum of 0"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(
    refused, landscape, model, tmp_path, change, sentence
):
    asked = {
        "INPUT": landscape,
        "MODEL": model,
        "OUTPUT": str(tmp_path / "h.tif"),
        "REPORT": str(tmp_path / "r.html"),
    }
    said = refused("explainclassification", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []


def test_empty_folder_is_refused(refused, model, tmp_path):
    (tmp_path / "empty").mkdir()
    said = refused("explainclassification", INPUT_FOLDER=str(tmp_path / "empty"), MODEL=model,
                   REPORT=str(tmp_path / "r.html"))  # fmt: skip
    assert "has no image" in said


def test_raster_in_memory_is_copied_first(run, model):
    path = write_raster("/vsimem/rocks to explain.tif", np.ascontiguousarray(rock_values()[:, :96]))
    outputs = run(
        "explainclassification", INPUT=QgsRasterLayer(path, "in memory", "gdal"), MODEL=model,
        OUTPUT="TEMPORARY_OUTPUT", REPORT="TEMPORARY_OUTPUT",
    )  # fmt: skip
    assert read_raster(outputs["OUTPUT"]).shape == (1, 96, 256) and BORDER > WEST + PIXEL
