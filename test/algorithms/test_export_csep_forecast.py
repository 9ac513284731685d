"""Exporting a forecast for pyCSEP from QGIS."""

import os

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import QgsRasterLayer

ROWS, COLUMNS = 4, 5
TAGS = {
    "START": "2020-03-01T00:00:00Z",
    "WINDOW_DAYS": "7",
    "TARGET_MAGNITUDE": "3",
    "B_VALUE": "1",
}
CATALOG = (
    "time,latitude,longitude,depth,mag\n"
    "2020-03-02T10:00:00Z,41.05,10.05,10,3.4\n"
    "2020-03-03T11:00:00Z,41.15,10.25,10,5.0\n"
    "2020-03-03T12:00:00Z,41.15,10.25,10,2.9\n"
    "2020-02-28T12:00:00Z,41.15,10.25,10,4.0\n"
)


@pytest.fixture
def forecast(qgis, tmp_path):
    """Path of a raster such as Forecast seismic grid makes."""
    path = str(tmp_path / "forecast.tif")
    raster = gdal.GetDriverByName("GTiff").Create(path, COLUMNS, ROWS, 2, gdal.GDT_Float32)
    raster.SetGeoTransform((10.0, 0.1, 0, 41.4, 0, -0.1))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    raster.SetProjection(reference.ExportToWkt())
    raster.SetMetadata(TAGS)
    for number, (name, value) in enumerate((("rate", 0.25), ("log ratio to ETAS", 0.5)), 1):
        raster.GetRasterBand(number).WriteArray(np.full((ROWS, COLUMNS), value, np.float32))
        raster.GetRasterBand(number).SetDescription(name)
    return path


def test_forecast_and_catalog_become_files_that_pycsep_reads(run, forecast, tmp_path):
    catalog = tmp_path / "events.csv"
    catalog.write_text(CATALOG, encoding="utf-8")
    outputs = run(
        "exportcsepforecast",
        FORECAST=QgsRasterLayer(forecast, "forecast"),
        CATALOG=str(catalog),
        OUTPUT=str(tmp_path / "csep"),
    )
    names = ["catalog.csv", "evaluate.py", "forecast.dat", "reference.dat"]
    assert sorted(os.listdir(outputs["OUTPUT"])) == names
    assert outputs["EVENTS"] == 2 and outputs["EXPECTED"] == pytest.approx(5.0)
    rates = np.loadtxt(tmp_path / "csep" / "forecast.dat")
    reference = np.loadtxt(tmp_path / "csep" / "reference.dat")
    assert rates[:, 8].sum() == pytest.approx(5.0)
    assert reference[:, 8] == pytest.approx(rates[:, 8] * np.exp(-0.5))
    lines = (tmp_path / "csep" / "catalog.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == ["3.4", "5.0"]


def test_forecast_without_a_catalog_can_be_exported_for_later(run, forecast, tmp_path):
    outputs = run("exportcsepforecast", FORECAST=forecast, OUTPUT=str(tmp_path / "csep"))
    assert outputs["EVENTS"] == 0


def test_raster_that_is_no_forecast_is_refused(refused, landscape, tmp_path):
    text = refused("exportcsepforecast", FORECAST=landscape, OUTPUT=str(tmp_path / "csep"))
    assert "is not in longitude and latitude" in text and not (tmp_path / "csep").exists()
