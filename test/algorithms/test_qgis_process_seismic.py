"""The seismic grids without a screen: each tool through qgis_process, one after another."""

import os

import numpy as np
import pytest

from fake_event_service import EventService, event
from qgis_program import results
from qgis_seismicity import write_clusters
from qgis_truth import write_raster

pytestmark = pytest.mark.slow
GRID = ("EXTENT=10,14,40,43 [EPSG:4326]", "CELL_SIZE=0.5")


@pytest.fixture(scope="module")
def folder(enabled, tmp_path_factory):
    return tmp_path_factory.mktemp("process")


@pytest.fixture(scope="module")
def catalog(folder):
    return write_clusters(folder / "events.csv")


@pytest.fixture(scope="module")
def trained(folder, catalog):
    return results(
        "trainseismicforecast", f"CATALOG={catalog}", *GRID, "WINDOW_DAYS=5", "SEEDS=1",
        "NETWORK=reference", "COMPLETENESS=3", f"MODEL={folder / 'm.safetensors'}",
        f"REPORT={folder / 'r.html'}",
    )  # fmt: skip


@pytest.fixture(scope="module")
def forecast(folder, catalog, trained):
    words = f"MODEL={trained['MODEL']}", f"CATALOG={catalog}", f"OUTPUT={folder / 'f.tif'}"
    return results("forecastseismicgrid", *words)


def exist(found, *names):
    return all(os.path.exists(found[name]) for name in names)


def test_catalog_is_checked(catalog, tmp_path):
    words = f"CATALOG={catalog}", f"OUTPUT={tmp_path / 'e.gpkg'}", f"REPORT={tmp_path / 'e.html'}"
    found = results("checkcatalog", *words)
    assert found["EVENTS"] > 500 and exist(found, "OUTPUT", "REPORT")


def test_catalog_is_counted(catalog, tmp_path):
    words = f"CATALOG={catalog}", *GRID, "COMPLETENESS=3", f"OUTPUT={tmp_path / 'c.tif'}"
    found = results("gridcatalog", *words)
    assert found["EVENTS"] > 500 and exist(found, "OUTPUT")


def test_reference_alone_has_no_gain_of_its_own(trained):
    assert trained["SHIPS"] == "reference" and trained.get("IGPE_ETAS") is None
    assert exist(trained, "MODEL", "REPORT")


def test_next_window_is_forecast(forecast):
    assert forecast["EXPECTED"] > 0 and exist(forecast, "OUTPUT")


def test_forecast_is_tested(folder, catalog, trained, tmp_path):
    found = results(
        "testseismicforecast", f"MODEL={trained['MODEL']}", f"CATALOG={catalog}",
        f"REPORT={tmp_path / 't.html'}", f"SCORES={tmp_path / 't.json'}",
    )  # fmt: skip
    assert np.isfinite(found["IGPE_UNIFORM"]) and found.get("IGPE_ETAS") is None
    assert exist(found, "REPORT", "SCORES")


def test_forecast_is_exported(catalog, forecast, tmp_path):
    words = f"FORECAST={forecast['OUTPUT']}", f"CATALOG={catalog}", f"OUTPUT={tmp_path / 'csep'}"
    found = results("exportcsepforecast", *words)
    assert found["EXPECTED"] == pytest.approx(forecast["EXPECTED"], rel=1e-4)
    assert "evaluate.py" in os.listdir(found["OUTPUT"])


def test_catalog_is_downloaded(enabled, tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    events = [event(n, 14_000 + n / 20, 10 + n / 100, 45.0, 5.0) for n in range(60)]
    with EventService(events) as service:
        found = results(
            "downloadcatalog", f"SERVICE={service.address}", "EXTENT=0,20,30,60 [EPSG:4326]",
            "START=2008-05-01", "END=2008-06-01", f"RESUME_FOLDER={tmp_path / 'kept'}",
            f"OUTPUT={tmp_path / 'd.gpkg'}",
        )  # fmt: skip
    assert found["EVENTS"] == 60 and exist(found, "OUTPUT")


def test_series_of_grids_is_learned_and_forecast(enabled, tmp_path):
    swing = 128 + 60 * np.sin(2 * np.pi * np.arange(60)[:, None, None] / 40)
    levels = swing + np.random.default_rng(0).normal(0, 10, (60, 8, 10))
    series = f"RASTERS={write_raster(tmp_path / 'levels.tif', levels.astype(np.uint8))}"
    model = tmp_path / "s.safetensors"
    found = results(
        "traingridforecast", series, "STEPS=2", "SEEDS=1", "HISTORY=3", "MINUTES=0.2", "DEVICE=cpu",
        f"MODEL={model}", f"REPORT={tmp_path / 's.html'}",
    )  # fmt: skip
    assert exist(found, "MODEL", "REPORT") and found["SHIPS"]
    found = results("forecastgrid", series, f"MODEL={model}", f"OUTPUT={tmp_path / 'next.tif'}")
    assert exist(found, "OUTPUT")
