"""Forecasts and catalogs exported for pyCSEP, which must find in them what we do."""

import os
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from affine import Affine

from brightness import Said
from csep_truth import PLACE, load_pycsep
from landscapes import write_raster
from plugin.engine.metrics import csep as ours, forecasts
from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import Catalog, to_days
from plugin.engine.seismic.csep_files import magnitude_edges, magnitude_shares
from plugin.engine.seismic.grid import SpaceTimeGrid
from plugin.engine.tasks import export_csep_forecast
from plugin.jobs import model_card
from plugin.jobs.errors import JobError
from plugin.jobs.export_csep_forecast import ExportCsepForecast
from seismicity import save_model, write_catalog

START, B_VALUE, TARGET, LAST = "2020-03-01T00:00:00", 0.9, 3.0, 5.0
ROWS, COLUMNS, CELL = 12, 9, 0.1
TAGS = {"START": START + "Z", "WINDOW_DAYS": "7", "TARGET_MAGNITUDE": "3.0", "B_VALUE": "0.9"}


def rates(seed=0):
    return np.random.default_rng(seed).gamma(0.5, 0.8, (ROWS, COLUMNS)).astype(np.float32)


def forecast_raster(
    path, values, west=10.3, south=41.7, tags=TAGS, names=("rate", "log ratio to ETAS")
):
    """A raster such as Forecast seismic grid makes; gives its path."""
    place = Affine(CELL, 0, west, 0, -CELL, round(south + ROWS * CELL, 10))
    write_raster(path, values, place, "EPSG:4326", names, nodata=np.nan)
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(**tags)
    return str(path)


def events_of(values, west=10.3, south=41.7, seed=1):
    """A catalog that follows rates, with some events on edges of cells and some outside."""
    chance = np.random.default_rng(seed)
    counts = chance.poisson(values)
    row, column = np.repeat(np.argwhere(counts), counts[counts > 0], axis=0).T
    many = len(row)
    inside = chance.random((2, many))
    inside[:, ::5] = 0.0  # on the south-western corner of a cell
    longitude = np.round(west + (column + inside[0]) * CELL, 4)
    latitude = np.round(south + (ROWS - 1 - row + inside[1]) * CELL, 4)
    magnitude = np.floor((TARGET + chance.exponential(0.5, many)) * 10 + 1e-9) / 10
    days = to_days(START) + chance.random(many) * 7
    more = [np.array([to_days(START) - 1, to_days(START) + 8, to_days(START) + 1]),
            np.full(3, west + 0.05), np.full(3, south + 0.05), np.array([4.0, 4.0, 2.9])]  # fmt: skip
    columns = [np.append(a, b) for a, b in zip((days, longitude, latitude, magnitude), more)]
    days, longitude, latitude, magnitude = columns
    return Catalog.of(days, np.round((longitude + 180) % 360 - 180, 6), latitude, np.full(many + 3, 5.0), magnitude), many  # fmt: skip


def export(tmp_path, raster, catalog="", progress=None, **values):
    job = ExportCsepForecast(
        **{"forecast": raster, "model": "", "catalog": catalog, "time_field": "",
           "magnitude_field": "", "depth_field": "", "start": "", "maximum_magnitude": LAST,
           "output": str(tmp_path / "csep"), **values}
    )  # fmt: skip
    return export_csep_forecast.run(job, progress or Silent())


def our_arrays(values, catalog, west=10.3, south=41.7):
    """Rates and counts (row * column, magnitude) as we see them, before the export."""
    grid = SpaceTimeGrid(west, south, CELL, ROWS, COLUMNS, to_days(START), 7.0, 1)
    edges = magnitude_edges(TARGET, LAST)
    period, cell = grid.locate(catalog)
    counted = (period == 0) & (cell >= 0) & (catalog.magnitude >= TARGET - 1e-9)
    place = np.minimum(np.round((catalog.magnitude - TARGET) * 10).astype(int), len(edges) - 1)
    counts = np.zeros((ROWS * COLUMNS, len(edges)), int)
    np.add.at(counts, (cell[counted], place[counted]), 1)
    return values.astype(float).ravel()[:, None] * magnitude_shares(B_VALUE, len(edges)), counts


@pytest.fixture(
    params=[(10.3, 41.7), (-0.4, -0.5), (-120.85, 31.95)], ids=["europe", "origin", "california"]
)
def exported(request, tmp_path):
    west, south = request.param
    values = np.stack([rates(), np.full((ROWS, COLUMNS), 0.2, np.float32)])
    values[1] = np.random.default_rng(2).normal(0.2, 0.5, (ROWS, COLUMNS))
    raster = forecast_raster(tmp_path / "f.tif", values, west, south)
    catalog, many = events_of(values[0], west, south)
    outputs = export(tmp_path, raster, write_catalog(tmp_path / "c.csv", catalog))
    assert outputs["EVENTS"] == many
    return tmp_path / "csep", values, catalog, (west, south)


def loaded(folder):
    pycsep = load_pycsep()
    made = [
        pycsep.load_gridded_forecast(str(folder / n)) for n in ("forecast.dat", "reference.dat")
    ]
    catalog = pycsep.load_catalog(str(folder / "catalog.csv"), region=made[0].region)
    return (*made, catalog, pycsep.poisson_evaluations)


def test_pycsep_evaluates_the_export_as_we_do(exported):
    folder, values, catalog, corner = exported
    forecast, reference, observed, poisson = loaded(folder)
    own, counts = our_arrays(values[0], catalog, *corner)
    other, _ = our_arrays(values[0] * np.exp(-values[1].astype(float)), catalog, *corner)
    assert forecast.event_count == pytest.approx(own.sum(), abs=1e-6)
    assert observed.event_count == counts.sum()
    theirs = poisson.number_test(forecast, observed).quantile
    assert ours.number_test(own.sum(), counts.sum()) == pytest.approx(theirs, abs=1e-6)
    joint = poisson.likelihood_test(forecast, observed, num_simulations=1).observed_statistic
    assert forecasts.joint_log_likelihood(own, counts) == pytest.approx(joint, abs=1e-6)
    spatial = poisson.spatial_test(forecast, observed, num_simulations=1).observed_statistic
    found = ours.spatial_test(own.sum(axis=1), counts.sum(axis=1), 1).log_likelihood
    assert found == pytest.approx(spatial, abs=1e-6)
    magnitude = poisson.magnitude_test(forecast, observed, num_simulations=1).observed_statistic
    found = ours.magnitude_test(own.sum(axis=0), counts.sum(axis=0), 1).log_likelihood
    assert found == pytest.approx(magnitude, abs=1e-6)
    paired = poisson.paired_t_test(forecast, reference, observed)
    found = ours.paired_t_test(own, other, counts)
    assert found.gain == pytest.approx(paired.observed_statistic, abs=1e-6)
    assert (found.low, found.high) == pytest.approx(paired.test_distribution, abs=1e-6)


def test_exported_script_runs_and_prints_the_same_numbers(exported):
    folder, values, catalog, corner = exported
    load_pycsep()
    code = f"import sys, runpy; sys.path.append({str(PLACE)!r}); runpy.run_path({str(folder / 'evaluate.py')!r})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own, counts = our_arrays(values[0], catalog, *corner)
    assert f"{counts.sum()} events, {own.sum():.6f} expected" in said.stdout
    joint = next(line for line in said.stdout.splitlines() if line.startswith("likelihood "))
    assert float(joint.split()[2]) == pytest.approx(
        forecasts.joint_log_likelihood(own, counts), abs=1e-6
    )
    assert "T, gain per earthquake" in said.stdout


def test_lines_are_in_csep_order_with_magnitude_fastest(tmp_path):
    raster = forecast_raster(tmp_path / "f.tif", np.stack([rates()] * 2))
    export(tmp_path, raster)
    table = np.loadtxt(tmp_path / "csep" / "forecast.dat")
    bins = len(magnitude_edges(TARGET, LAST))
    assert table.shape == (ROWS * COLUMNS * bins, 10)
    assert np.allclose(table[:bins, 6], 3.0 + 0.1 * np.arange(bins)) and (table[:, 9] == 1).all()
    assert table[0, :6].tolist() == [10.3, 10.4, 41.7, 41.8, 0, 70]
    assert table[bins, :4].tolist() == [10.3, 10.4, 41.8, 41.9]
    by_cell = table[:, 8].reshape(COLUMNS, ROWS, bins).sum(axis=2)
    assert np.allclose(by_cell[:, ::-1].T, rates(), rtol=1e-12)
    assert np.diff(np.log10(table[: bins - 1, 8])) == pytest.approx(-0.1 * B_VALUE)


def test_longitudes_beyond_180_are_brought_back(tmp_path):
    raster = forecast_raster(tmp_path / "f.tif", np.stack([rates()] * 2), west=179.7)
    catalog, many = events_of(rates(), west=179.7)
    outputs = export(tmp_path, raster, write_catalog(tmp_path / "c.csv", catalog))
    table = np.loadtxt(tmp_path / "csep" / "forecast.dat")
    assert outputs["EVENTS"] == many
    assert table[:, 0].min() == -180 and table[:, 1].max() == 180


def test_cells_without_forecast_and_their_events_are_left_out(tmp_path):
    values = np.stack([rates()] * 2)
    values[:, :4] = np.nan
    raster = forecast_raster(tmp_path / "f.tif", values)
    catalog, _ = events_of(rates())
    outputs = export(tmp_path, raster, write_catalog(tmp_path / "c.csv", catalog))
    grid = SpaceTimeGrid(10.3, 41.7, CELL, ROWS, COLUMNS, to_days(START), 7.0, 1)
    counts = grid.count(catalog.above(3.0))[0]
    assert outputs["EVENTS"] == counts[4:].sum() < counts.sum()
    table = np.loadtxt(tmp_path / "csep" / "forecast.dat")
    assert len(np.unique(table[:, 2])) == ROWS - 4


def test_raster_without_tags_asks_the_model(tmp_path, monkeypatch):
    raster = forecast_raster(tmp_path / "f.tif", np.stack([rates()] * 2), tags={})
    model = save_model(tmp_path / "m.safetensors", target_magnitude=3.0, b_value=0.9)
    outputs = export(tmp_path, raster, model=model, start=START)
    assert outputs["EXPECTED"] == pytest.approx(rates().sum(), rel=1e-6)
    assert model_card.read_card(model).task == model_card.SEISMIC


def test_forecast_without_log_ratio_has_no_reference(tmp_path):
    raster = forecast_raster(tmp_path / "f.tif", rates()[None], names=("rate",))
    export(tmp_path, raster)
    assert sorted(os.listdir(tmp_path / "csep")) == ["catalog.csv", "evaluate.py", "forecast.dat"]


def test_catalog_that_ends_before_the_forecast_is_warned_of(tmp_path):
    raster, said = forecast_raster(tmp_path / "f.tif", np.stack([rates()] * 2)), Said()
    catalog, _ = events_of(rates())
    early = write_catalog(tmp_path / "c.csv", catalog.between(0, to_days(START) - 0.5))
    assert export(tmp_path, raster, early, said.progress)["EVENTS"] == 0
    assert any("before the forecast begins" in text for text in said.warnings)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"tags": {}}, "does not tell when its window begins"),
        ({"tags": {"START": START}}, "does not tell its"),
        ({"values": -rates()[None]}, "holds no rates"),
        ({"tags": {**TAGS, "START": "9999-12-31T23:59:59"}}, "not between the years 1000 and 2200"),
        ({"tags": {**TAGS, "WINDOW_DAYS": "1e300"}}, "not between the years 1000 and 2200"),
    ],
)
def test_raster_that_is_no_forecast_is_refused(tmp_path, change, sentence):
    known = {"values": rates()[None], "names": ("rate",), **change}
    raster = forecast_raster(tmp_path / "f.tif", **known)
    with pytest.raises(JobError, match=sentence):
        export(tmp_path, raster)
    assert not (tmp_path / "csep").exists()


def test_projected_raster_is_refused(tmp_path):
    raster = write_raster(tmp_path / "f.tif", rates()[None])
    with pytest.raises(JobError, match="not in longitude and latitude"):
        export(tmp_path, raster)
