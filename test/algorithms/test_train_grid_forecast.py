"""Forecasts of grids from QGIS: a time series as users have it, trained and forecast."""

import os
from pathlib import Path

import numpy as np
import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
)

from qgis_truth import NORTH, PIXEL, WEST, read_raster

CLIMATE = Path(__file__).resolve().parents[3] / "shared" / "data" / "climate"
ROWS, COLUMNS, STEPS = 8, 10, 60
QUICK = {"SEEDS": 1, "HISTORY": 3, "MINUTES": 0.2, "DEVICE": "cpu"}


def levels(steps=STEPS):
    """Noise around a level that swings, in float32 (step, row, column)."""
    chance = np.random.default_rng(0)
    swing = 6 * np.sin(2 * np.pi * np.arange(steps)[:, None, None] / 40)
    return (swing + chance.normal(0, 1, (steps, ROWS, COLUMNS))).astype(np.float32)


def write_series(path, values):
    """Write a GeoTIFF of float32 with a band per step; gives its path."""
    from osgeo import gdal, osr

    raster = gdal.GetDriverByName("GTiff").Create(
        str(path), values.shape[2], values.shape[1], len(values), gdal.GDT_Float32
    )
    raster.SetGeoTransform((WEST, PIXEL, 0, NORTH, 0, -PIXEL))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32717)
    raster.SetProjection(reference.ExportToWkt())
    for number, grid in enumerate(values, 1):
        raster.GetRasterBand(number).WriteArray(grid)
    return str(path)


@pytest.fixture(scope="module")
def trained(qgis, tmp_path_factory):
    """The outputs of a training on a multiband layer."""
    import processing

    folder = tmp_path_factory.mktemp("series")
    path = write_series(folder / "levels.tif", levels())
    parameters = {
        **QUICK,
        "RASTERS": [QgsRasterLayer(path, "levels", "gdal")],
        "STEPS": 2,
        "MODEL": str(folder / "levels.safetensors"),
        "REPORT": str(folder / "levels.html"),
    }
    return path, processing.run("deepgeology:traingridforecast", parameters)


def test_training_gives_skills_a_model_and_a_report(trained):
    _, outputs = trained
    assert outputs["SKILL_CLIMATOLOGY"] > 0 and outputs["SKILL_TREND"] > 0
    assert outputs["SHIPS"] in ("network", "persistence")
    assert os.path.getsize(outputs["MODEL"]) > 1000
    assert "persistence" in Path(outputs["REPORT"]).read_text(encoding="utf-8")


def test_forecast_has_a_band_per_step_in_the_place_of_the_series(run, trained, tmp_path):
    path, outputs = trained
    made = run(
        "forecastgrid", RASTERS=[path], MODEL=outputs["MODEL"], OUTPUT=str(tmp_path / "f.tif")
    )
    layer = QgsRasterLayer(made["OUTPUT"], "forecast")
    assert layer.bandCount() == 2 and layer.crs().authid() == "EPSG:32717"
    assert layer.bandName(1) == f"Band 1: step {STEPS + 1}"
    assert layer.extent() == QgsRasterLayer(path, "levels").extent()
    truth = levels(STEPS + 2)[STEPS:]
    assert np.sqrt(np.mean((read_raster(made["OUTPUT"]) - truth) ** 2)) < 3  # it swings by 6


def test_layers_of_one_step_each_give_the_same(run, trained, tmp_path):
    path, outputs = trained
    layers = []
    for number, grid in enumerate(levels(), 1):
        single = write_series(tmp_path / f"layer {number}.tif", grid[None])
        layers.append(QgsRasterLayer(single, f"layer {number}", "gdal"))
    whole, parts = (
        run("forecastgrid", RASTERS=r, MODEL=outputs["MODEL"], OUTPUT="TEMPORARY_OUTPUT")["OUTPUT"]
        for r in ([path], layers)
    )
    assert np.array_equal(read_raster(whole), read_raster(parts))


def test_forecast_is_styled_over_the_values_of_all_steps(qgis, run, trained, tmp_path):
    path, outputs = trained
    context, place = QgsProcessingContext(), str(tmp_path / "f.tif")
    context.setProject(QgsProject.instance())
    details = QgsProcessingContext.LayerDetails("forecast", QgsProject.instance(), "OUTPUT")
    context.addLayerToLoadOnCompletion(place, details)
    run("forecastgrid", QgsProcessingFeedback(), context, RASTERS=[path], MODEL=outputs["MODEL"],
        OUTPUT=place)  # fmt: skip
    layer = QgsRasterLayer(place, "forecast")
    processor = context.layerToLoadOnCompletionDetails(place).postProcessor()
    processor.postProcessLayer(layer, context, QgsProcessingFeedback())
    values = read_raster(place)
    renderer = layer.renderer()
    assert renderer.type() == "singlebandpseudocolor"
    assert renderer.classificationMin() == pytest.approx(values.min(), abs=1e-4)
    assert renderer.classificationMax() == pytest.approx(values.max(), abs=1e-4)


def test_rasters_of_unequal_grids_are_refused_with_both_sizes(refused, trained, tmp_path):
    path, _ = trained
    other = write_series(tmp_path / "other.tif", levels()[:, :5])
    text = refused(
        "traingridforecast",
        RASTERS=[path, other],
        MODEL=str(tmp_path / "m.safetensors"),
        REPORT=str(tmp_path / "r.html"),
    )
    assert "10 x 5 cells" in text and "10 x 8" in text and not os.listdir(tmp_path)[1:]


def test_model_of_images_is_refused(refused, trained, model):
    path, _ = trained
    text = refused("forecastgrid", RASTERS=[path], MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
    assert "is for image classification; this tool needs one for grid forecast" in text


@pytest.mark.skipif(not CLIMATE.is_dir(), reason="the climate grids are not beside the checkout")
def test_netcdf_layer_of_a_sphere_is_trained_on_and_forecast(run, tmp_path):
    path = str(CLIMATE / "E1_north_america.nc")
    name = f'NETCDF:"{path}":air_temperature'
    layer = QgsRasterLayer(name, "temperature", "gdal")
    assert layer.isValid() and layer.bandCount() == 240
    made = run(
        "traingridforecast",
        **QUICK,
        RASTERS=[layer],
        TEST_STEPS=50,
        MODEL=str(tmp_path / "t.safetensors"),
        REPORT=str(tmp_path / "t.html"),
    )
    assert made["SKILL_TREND"] > 0
    parts = []
    for number, given in enumerate((name, path)):
        place = str(tmp_path / f"f{number}.tif")
        parts.append(run("forecastgrid", RASTERS=[given], MODEL=made["MODEL"], OUTPUT=place))
    foretold, again = parts
    assert np.array_equal(read_raster(foretold["OUTPUT"]), read_raster(again["OUTPUT"]))
    found = QgsRasterLayer(foretold["OUTPUT"], "forecast")
    assert found.bandName(1) == "Band 1: 2100-06-01" and found.crs().isValid()
    assert 250 < read_raster(foretold["OUTPUT"]).mean() < 310
