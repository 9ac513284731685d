"""Counting earthquakes on a grid from QGIS."""

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsRasterLayer, QgsSingleBandPseudoColorRenderer

from qgis_truth import read_raster

# Time, longitude, latitude, magnitude: three on one day in one cell, one on an edge, one small.
EVENTS = (
    ("2011-03-11T05:46:24Z", 142.37, 38.29, 9.1),
    ("2011-03-11T06:15:45Z", 142.30, 38.10, 7.9),
    ("2011-03-11T23:59:59Z", 142.49, 38.49, 6.5),
    ("2011-03-12T00:00:00Z", 142.50, 38.50, 6.0),
    ("2011-03-12T10:00:00Z", 142.10, 38.90, 3.0),
    ("2011-03-13T10:00:00Z", 143.90, 38.90, 5.0),
)
GRID = {"EXTENT": "142,144,38,39 [EPSG:4326]", "CELL_SIZE": 0.5, "WINDOW_DAYS": 1}
TRUTH = np.zeros((3, 2, 4))
TRUTH[0, 1, 0], TRUTH[1, 0, 1], TRUTH[2, 0, 3] = 3, 1, 1


@pytest.fixture
def catalog(tmp_path):
    lines = ["time,longitude,latitude,mag"] + [",".join(map(str, event)) for event in EVENTS]
    (tmp_path / "events.csv").write_text("\n".join(lines))
    return str(tmp_path / "events.csv")


def test_every_event_is_counted_in_its_cell_and_window(run, catalog, tmp_path):
    outputs = run(
        "gridcatalog",
        CATALOG=catalog,
        TARGET_MAGNITUDE=4.5,
        OUTPUT=str(tmp_path / "counts.tif"),
        NETCDF=str(tmp_path / "counts.nc"),
        **GRID,
    )
    assert (read_raster(outputs["OUTPUT"]) == TRUTH).all()
    assert (outputs["EVENTS"], outputs["PERIODS"], outputs["BUSIEST"]) == (5, 3, 1)
    assert outputs["BUSIEST_WINDOW"] == "2011-03-11"
    layer = QgsRasterLayer(outputs["OUTPUT"], "counts")
    assert layer.crs().authid() == "EPSG:4326"
    assert (layer.extent().xMinimum(), layer.extent().yMaximum()) == (142.0, 39.0)
    raster = gdal.Open(outputs["OUTPUT"])
    band = raster.GetRasterBand(2)
    assert band.GetDescription() == "2011-03-12"
    assert band.GetMetadata()["END"] == "2011-03-13T00:00:00Z"
    series = QgsRasterLayer(f'NETCDF:"{outputs["NETCDF"]}":events', "series")
    assert series.isValid() and series.bandCount() == 3
    assert (read_raster(f'NETCDF:"{outputs["NETCDF"]}":events') == TRUTH).all()


def test_target_defaults_to_the_completeness_that_was_given(run, catalog):
    outputs = run(
        "gridcatalog", CATALOG=catalog, COMPLETENESS=2.5, OUTPUT="TEMPORARY_OUTPUT", **GRID
    )
    assert outputs["EVENTS"] == 6 and outputs["NETCDF"] is None


def test_windows_without_events_are_clear_and_many_are_dark(run, catalog):
    from deep_geology.algorithms.seismic_style import style_counts

    outputs = run(
        "gridcatalog", CATALOG=catalog, COMPLETENESS=2.5, OUTPUT="TEMPORARY_OUTPUT", **GRID
    )
    layer = QgsRasterLayer(outputs["OUTPUT"], "counts")
    style_counts(layer, 2)
    renderer = layer.renderer()
    assert isinstance(renderer, QgsSingleBandPseudoColorRenderer) and renderer.band() == 2
    shader = renderer.shader().rasterShaderFunction()
    shown = [shader.shade(float(count)) for count in (0, 1, 4, 1000)]
    assert shown[0][4] == 0 and all(color[4] == 255 for color in shown[1:])
    brightness = [sum(color[1:4]) for color in shown[1:]]
    assert brightness == sorted(brightness, reverse=True)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"TARGET_MAGNITUDE": 9.5}, "No event is of magnitude 9.5 or larger; the largest is 9.1."),
        ({"TARGET_MAGNITUDE": 2, "COMPLETENESS": 3}, "TARGET_MAGNITUDE is 2, under COMPLETENESS"),
        ({"START": "2011-03-12", "END": "2011-03-12T10:00:01"}, "less than one window of 1 days"),
        ({"CELL_SIZE": 0.01, "START": "1000-01-02"}, "windows are more than the 65,535 bands"),
        ({"NETCDF": "counts.tif"}, "which does not end in .nc"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, catalog, tmp_path, change, sentence):
    asked = {"CATALOG": catalog, "OUTPUT": str(tmp_path / "counts.tif"), **GRID}
    said = refused("gridcatalog", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert not (tmp_path / "counts.tif").exists()
