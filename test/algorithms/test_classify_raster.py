"""Classifying rasters from QGIS."""

import os

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)

from qgis_truth import BORDER, NORTH, SIDE, WEST, read_raster, rock_values, write_raster


def share_right(path):
    """Share of the cells whose class is the rock that is there; granite is 1, schist 2."""
    classes = read_raster(path)[0]
    west, east = np.array_split(classes, 2, axis=1)
    return float(np.mean(np.concatenate([west.ravel() == 1, east.ravel() == 2])))


def test_two_rocks_are_mapped_where_they_are(run, landscape, model, tmp_path):
    outputs = run(
        "classifyraster",
        INPUT=landscape,
        MODEL=model,
        STRIDE=16,
        OUTPUT=str(tmp_path / "classes.tif"),
        CONFIDENCE=str(tmp_path / "confidence.tif"),
    )
    assert share_right(outputs["OUTPUT"]) > 0.9
    assert read_raster(outputs["OUTPUT"]).shape == (1, SIDE // 16, SIDE // 16)
    confidence = read_raster(outputs["CONFIDENCE"])
    assert confidence.min() >= 0.5 and confidence.max() <= 1


def test_confidence_is_not_made_unless_asked(run, landscape, model):
    outputs = run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
    assert outputs["CONFIDENCE"] is None
    assert outputs["OUTPUT"].endswith(".tif") and os.path.exists(outputs["OUTPUT"])


def test_geopackage_raster_gives_what_the_tiff_gives(run, landscape, model, tmp_path):
    package = write_raster(
        tmp_path / "rocks.gpkg",
        rock_values(),
        driver="GPKG",
        options=["RASTER_TABLE=relief", "TILE_FORMAT=PNG"],
    )
    layer = QgsRasterLayer(f"GPKG:{package}:relief", "relief", "gdal")
    assert layer.isValid()
    plain = run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
    packed = run(
        "classifyraster", INPUT=layer, BANDS=[1, 2, 3], MODEL=model, OUTPUT="TEMPORARY_OUTPUT"
    )
    assert np.array_equal(read_raster(plain["OUTPUT"]), read_raster(packed["OUTPUT"]))


def test_raster_in_memory_is_copied_first(run, model, feedback):
    path = write_raster("/vsimem/rocks in memory.tif", rock_values())
    layer = QgsRasterLayer(path, "in memory", "gdal")
    outputs = run(
        "classifyraster", feedback, INPUT=layer, MODEL=model, STRIDE=32, OUTPUT="TEMPORARY_OUTPUT"
    )
    assert share_right(outputs["OUTPUT"]) > 0.9
    assert '"in memory" is copied to a file of 256 x 256 pixels.' in feedback.info


def test_crs_that_the_user_set_reaches_the_output(run, model, tmp_path):
    path = write_raster(tmp_path / "no_crs.tif", rock_values(), crs="")
    layer = QgsRasterLayer(path, "survey", "gdal")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32717"))
    outputs = run("classifyraster", INPUT=layer, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
    assert QgsRasterLayer(outputs["OUTPUT"], "c").crs().authid() == "EPSG:32717"


def test_extent_in_another_crs_cuts_the_same_part(run, landscape, model):
    west = QgsRectangle(WEST, NORTH - 2560, BORDER - 160, NORTH)
    utm = QgsCoordinateReferenceSystem("EPSG:32717")
    parts = []
    for extent in (
        QgsReferencedRectangle(west, utm),
        f"{west.xMinimum()},{west.xMaximum()},{west.yMinimum()},{west.yMaximum()} [EPSG:32717]",
    ):
        outputs = run(
            "classifyraster",
            INPUT=landscape,
            MODEL=model,
            STRIDE=16,
            EXTENT=extent,
            OUTPUT="TEMPORARY_OUTPUT",
        )
        parts.append(read_raster(outputs["OUTPUT"]))
    assert parts[0].shape == (1, 16, 7)
    assert np.array_equal(*parts)


def test_raster_over_its_input_is_refused_and_untouched(refused, landscape, model):
    before = os.stat(landscape).st_mtime_ns
    said = refused("classifyraster", INPUT=landscape, MODEL=model, OUTPUT=landscape)
    assert said.startswith("Classes would overwrite Raster: both are ")
    assert os.stat(landscape).st_mtime_ns == before


def test_two_outputs_in_one_file_are_refused(refused, landscape, model, tmp_path):
    place = str(tmp_path / "x.tif")
    said = refused("classifyraster", INPUT=landscape, MODEL=model, OUTPUT=place, CONFIDENCE=place)
    assert said.startswith("Confidence would overwrite Classes")


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"INPUT": "gone.tif"}, 'Raster "gone.tif" cannot be read as a raster layer.'),
        ({"MODEL": "gone.safetensors"}, "is not a file that exists."),
        ({"OUTPUT": "classes.png"}, "which does not end in .tif. Give OUTPUT a name that ends in"),
        ({"STRIDE": -1}, "is under the minimum of 0 pixels."),
        ({"EXTENT": "5,5,5,5"}, "Extent is empty"),
        ({"EXTENT": "0,10,0,10 [EPSG:32717]"}, "The extent does not touch"),
        ({"BANDS": [1, 9]}, "9"),
        ({"BANDS": [1]}, "band"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(
    refused, landscape, model, tmp_path, change, sentence
):
    asked = {"INPUT": landscape, "MODEL": model, "OUTPUT": str(tmp_path / "classes.tif")}
    said = refused("classifyraster", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []


def test_file_that_is_no_model_is_refused(refused, landscape, tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"not a model at all")
    said = refused(
        "classifyraster",
        INPUT=landscape,
        MODEL=str(tmp_path / "x.safetensors"),
        OUTPUT="TEMPORARY_OUTPUT",
    )
    assert '"x.safetensors" is not a model file, or it is damaged.' in said


def test_path_with_a_bar_is_not_cut(run, model, tmp_path):
    path = write_raster(tmp_path / "east|west ü.tif", rock_values())
    outputs = run("classifyraster", INPUT=path, MODEL=model, STRIDE=32, OUTPUT="TEMPORARY_OUTPUT")
    assert share_right(outputs["OUTPUT"]) > 0.9


def test_netcdf_sublayer_reaches_the_engine_by_its_name(qgis, tmp_path):
    from deep_geology.algorithms.layers import RasterSource

    path = write_raster(tmp_path / "grid.nc", rock_values(bands=1), driver="netCDF")
    name = f'NETCDF:"{path}":Band1'
    layer = QgsRasterLayer(name, "Band1", "gdal")
    if gdal.GetDriverByName("netCDF") is None or not layer.isValid():
        pytest.skip("this GDAL has no netCDF driver")
    assert RasterSource(layer).path == name
