"""Forecasting seismicity from QGIS: the raster, its style, the test and the export after it."""

import json
import os

import numpy as np
import pytest
from qgis.core import QgsRasterLayer, QgsSingleBandPseudoColorRenderer

from qgis_seismicity import QUICK, write_clusters
from qgis_truth import read_raster


@pytest.fixture(scope="module")
def made(qgis, tmp_path_factory):
    """The paths of a model and of its catalog."""
    import processing

    folder = tmp_path_factory.mktemp("seismic")
    catalog = write_clusters(folder / "events.csv")
    parameters = {
        **QUICK,
        "CATALOG": catalog,
        "MODEL": str(folder / "m.safetensors"),
        "REPORT": str(folder / "r.html"),
    }
    return processing.run("deepgeology:trainseismicforecast", parameters)["MODEL"], catalog


def test_forecast_is_a_raster_of_six_bands_in_the_extent(run, made, tmp_path):
    outputs = run(
        "forecastseismicgrid", MODEL=made[0], CATALOG=made[1], OUTPUT=str(tmp_path / "f.tif")
    )
    layer = QgsRasterLayer(outputs["OUTPUT"], "forecast")
    assert layer.crs().authid() == "EPSG:4326" and layer.bandCount() == 6
    assert "rate" in layer.bandName(1) and "probability" in layer.bandName(2)
    rates = read_raster(outputs["OUTPUT"])[0]
    assert rates.shape == (6, 8) and (rates > 0).all()
    assert outputs["EXPECTED"] == pytest.approx(rates.sum(), rel=1e-4)
    assert outputs["START"][:4] == "2004"


def test_events_after_the_start_of_the_forecast_do_not_count(run, made, tmp_path):
    start = "2003-06-01T00:00:00"
    cut = tmp_path / "cut.csv"
    with open(made[1], encoding="utf-8") as file:
        cut.write_text("".join(line for line in file if line < start or line[0] == "t"))
    rates = [
        read_raster(
            run(
                "forecastseismicgrid",
                MODEL=made[0],
                CATALOG=catalog,
                FORECAST_START=start,
                OUTPUT="TEMPORARY_OUTPUT",
            )["OUTPUT"]
        )
        for catalog in (made[1], str(cut))
    ]
    np.testing.assert_array_equal(*rates)


def test_style_shows_the_probability_on_a_logarithmic_ramp(run, made, tmp_path):
    from deep_geology.algorithms.probability_style import style_probability

    outputs = run(
        "forecastseismicgrid", MODEL=made[0], CATALOG=made[1], OUTPUT=str(tmp_path / "f.tif")
    )
    layer = QgsRasterLayer(outputs["OUTPUT"], "forecast")
    style_probability(layer)
    renderer = layer.renderer()
    assert isinstance(renderer, QgsSingleBandPseudoColorRenderer)
    colors = renderer.shader().rasterShaderFunction()
    items = colors.colorRampItemList()
    assert not colors.legendSettings().useContinuousLegend()  # it would be linear
    steps = np.diff(np.log10([item.value for item in items]))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    top = read_raster(outputs["OUTPUT"])[1].max()
    assert items[-1].value == pytest.approx(top, rel=1e-4)
    assert all("%" in item.label or "1 in" in item.label for item in items)


def test_forecast_is_shown_during_its_window(run, made, tmp_path):
    from deep_geology.algorithms.temporal import show_between

    start = "2003-06-01T00:00:00"
    outputs = run(
        "forecastseismicgrid", MODEL=made[0], CATALOG=made[1], FORECAST_START=start,
        OUTPUT=str(tmp_path / "f.tif"),
    )  # fmt: skip
    layer = QgsRasterLayer(outputs["OUTPUT"], "forecast")
    show_between(layer, outputs["START"], outputs["END"])
    span = layer.temporalProperties().fixedTemporalRange()
    written = [part.toString("yyyy-MM-ddTHH:mm:ss") for part in (span.begin(), span.end())]
    assert layer.temporalProperties().isActive()
    assert written == [start, "2003-06-06T00:00:00"]


def test_chain_of_forecast_test_and_export_runs_through(run, made, tmp_path):
    tested = run(
        "testseismicforecast",
        MODEL=made[0],
        CATALOG=made[1],
        REPORT=str(tmp_path / "t.html"),
        SCORES=str(tmp_path / "t.json"),
    )
    assert tested["IGPE_SMOOTHED"] > -1
    json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    forecast = run(
        "forecastseismicgrid", MODEL=made[0], CATALOG=made[1], OUTPUT=str(tmp_path / "f.tif")
    )
    exported = run("exportcsepforecast", FORECAST=forecast["OUTPUT"], OUTPUT=str(tmp_path / "csep"))
    assert exported["EXPECTED"] == pytest.approx(forecast["EXPECTED"], rel=1e-4)
    assert "forecast.dat" in os.listdir(tmp_path / "csep")


def test_model_of_images_is_refused(refused, model, made, tmp_path):
    text = refused(
        "forecastseismicgrid", MODEL=model, CATALOG=made[1], OUTPUT=str(tmp_path / "f.tif")
    )
    assert "is for image classification; this tool needs one for seismic forecast" in text
