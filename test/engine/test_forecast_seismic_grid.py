"""Forecast seismic grid: one window from the events before it, as a raster."""

import time
from dataclasses import replace

import numpy as np
import pytest
import rasterio

from brightness import Said
from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import CatalogFields, read_catalog, to_days, to_iso
from plugin.engine.seismic.forecast_raster import read_rates
from plugin.engine.seismic.model import load_forecaster
from plugin.engine.tasks import forecast_seismic_grid as task, train_seismic_forecast
from plugin.jobs.errors import JobError
from plugin.jobs.forecast_seismic_grid import ForecastSeismicGrid as Job
from plugin.jobs.train_seismic_forecast import TrainSeismicForecast
from seismic_truth import etas_catalog, layout
from seismicity import write_catalog

DAYS = (100, 900, 1150, 1400)


@pytest.fixture(scope="module")
def catalog():
    return etas_catalog(3, 1400.0)


@pytest.fixture(scope="module")
def made(catalog, tmp_path_factory):
    """A model and the catalog that it learned from."""
    folder = tmp_path_factory.mktemp("made")
    asked = vars(layout(DAYS, cell_size=0.5, window_days=5, seeds=1))
    asked |= {"catalog": write_catalog(folder / "events.csv", catalog)}
    asked |= {"model": str(folder / "m.safetensors"), "report": ""}
    train_seismic_forecast.run(TrainSeismicForecast(**asked), Silent())
    return asked["model"], asked["catalog"]


def forecast(made, output, start="", progress=None, catalog=""):
    values = {"model": made[0], "catalog": catalog or made[1], "forecast_start": start}
    return task.run(Job(**values, output=str(output)), progress or Silent())


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(), raster.descriptions, raster.tags(), raster


def test_bands_are_the_rates_of_the_model_and_what_follows_from_them(made, tmp_path):
    start = "1973-06-01T00:00:00"
    outputs = forecast(made, tmp_path / "f.tif", start)
    bands, names, tags, raster = read(outputs["OUTPUT"])
    forecaster = load_forecaster(made[0])
    catalog = read_catalog(made[1], CatalogFields("", "", ""), Silent())
    rates = forecaster.rates(catalog, [to_days(start)])
    np.testing.assert_allclose(bands[0], rates["forecast"][0], rtol=1e-6)
    np.testing.assert_allclose(bands[2], 1 - np.exp(-rates["etas"][0]), rtol=1e-5)
    ratio = np.log(rates["forecast"][0] / rates["etas"][0])
    np.testing.assert_allclose(bands[3], ratio, atol=1e-5)
    assert names[0] == "rate" and names[3].startswith("log ratio")
    assert (bands[1] >= 0).all() and (bands[1] <= 1).all()
    assert (bands[4] <= bands[5]).all()
    assert tags["START"] == start + "Z" and tags["END"] == "1973-06-06T00:00:00Z"
    assert raster.crs.to_epsg() == 4326
    assert outputs["EXPECTED"] == pytest.approx(bands[0].sum(), rel=1e-5)


def test_default_start_is_just_after_the_last_event(made, catalog, tmp_path):
    outputs = forecast(made, tmp_path / "f.tif")
    late = to_days(outputs["START"]) - catalog.days[-1]
    assert 0 < late * 86400 <= 2.1


def test_events_after_the_start_change_nothing(made, catalog, tmp_path):
    start = "1973-03-01T00:00:00"
    cut = write_catalog(tmp_path / "cut.csv", catalog.between(-np.inf, to_days(start)))
    first = forecast(made, tmp_path / "a.tif", start)["OUTPUT"]
    second = forecast(made, tmp_path / "b.tif", start, catalog=cut)["OUTPUT"]
    np.testing.assert_array_equal(read(first)[0], read(second)[0])


def test_a_large_event_just_before_raises_the_rate_around_it(made, catalog, tmp_path):
    start = to_days("1973-03-01")
    before = catalog.between(-np.inf, start)
    place = int(np.argmax(before.days))
    after = before.magnitude.copy()
    after[place] = 6.5
    changed = type(before)(
        before.days, before.longitude, before.latitude, before.depth_km, after, before.ids
    )
    path = write_catalog(tmp_path / "large.csv", changed)
    quiet = forecast(made, tmp_path / "a.tif", to_iso(start))
    shaken = forecast(made, tmp_path / "b.tif", to_iso(start), catalog=path)
    assert shaken["EXPECTED"] > 1.5 * quiet["EXPECTED"]
    bands = [read(one["OUTPUT"])[0][0] for one in (quiet, shaken)]
    row, column = np.unravel_index(np.argmax(bands[1] - bands[0]), bands[0].shape)
    grid = load_forecaster(made[0]).grid
    cell = grid.cell_of(before.longitude[place], before.latitude[place])
    if cell >= 0:
        assert abs(row - cell // grid.columns) <= 1 and abs(column - cell % grid.columns) <= 1


def test_the_export_for_pycsep_can_read_it(made, tmp_path):
    outputs = forecast(made, tmp_path / "f.tif", "1973-06-01T00:00:00")
    found = read_rates(outputs["OUTPUT"])
    assert found.target_magnitude == 2.5
    assert found.rates.sum() == pytest.approx(outputs["EXPECTED"], rel=1e-5)
    assert found.reference.sum() > 0


def test_forecast_takes_less_than_five_seconds(made, tmp_path):
    began = time.process_time()
    forecast(made, tmp_path / "f.tif")
    assert time.process_time() - began < 5


def test_start_before_any_event_is_refused(made, tmp_path):
    with pytest.raises(JobError, match=r"No event of M2\.5 or larger lies before the start"):
        forecast(made, tmp_path / "f.tif", "1950-01-01T00:00:00")
    assert not (tmp_path / "f.tif").exists()


def test_window_that_the_model_has_seen_is_warned_of(made, tmp_path):
    said = Said()
    forecast(made, tmp_path / "f.tif", "1971-01-01T00:00:00", said.progress)
    assert any("no test of it" in text for text in said.warnings)


def test_long_silence_before_the_start_is_warned_of(made, tmp_path):
    said = Said()
    forecast(made, tmp_path / "f.tif", "1976-01-01T00:00:00", said.progress)
    assert any("aftershocks since then" in text for text in said.warnings)
    assert any("not a prediction" in text for text in said.notes)


def moved_east(catalog, degrees):
    return replace(catalog, longitude=catalog.longitude + degrees)


def test_catalog_of_another_region_is_refused(made, catalog, tmp_path):
    path = write_catalog(tmp_path / "far.csv", moved_east(catalog, 60))
    with pytest.raises(
        JobError, match="lies in or near the model's region, longitude -118"
    ) as caught:
        forecast(made, tmp_path / "f.tif", catalog=path)
    assert "train a model on this catalog" in str(caught.value)
    assert not (tmp_path / "f.tif").exists()


def test_catalog_with_a_small_part_in_the_region_is_warned_of(made, catalog, tmp_path):
    """Most events lie beside the grid, but near enough to be seen."""
    said = Said()
    path = write_catalog(tmp_path / "beside.csv", moved_east(catalog, 3.5))
    forecast(made, tmp_path / "f.tif", progress=said.progress, catalog=path)
    found = [text for text in said.warnings if "catalog of another region" in text]
    assert len(found) == 1 and "the catalog has 2 events of M2.5" in found[0]


def test_history_much_shorter_than_the_training_is_warned_of(made, catalog, tmp_path):
    said = Said()
    path = write_catalog(tmp_path / "late.csv", catalog.between(1200, np.inf))
    forecast(made, tmp_path / "f.tif", progress=said.progress, catalog=path)
    found = [text for text in said.warnings if "know less of the past" in text]
    assert len(found) == 1 and "days before the start; the training did on 1970-04-11" in found[0]


def test_the_catalog_of_the_training_is_not_warned_of(made, tmp_path):
    said = Said()
    forecast(made, tmp_path / "f.tif", progress=said.progress)
    assert said.warnings == []
