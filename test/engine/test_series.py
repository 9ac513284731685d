"""Time series of grids: reading, times, references, splits, skill."""

import numpy as np
import pytest
import rasterio

from brightness import Said
from landscapes import NORTH_UP, SOUTH_UP, write_raster
from plugin.engine.metrics.skill import skill_score
from plugin.engine.progress import Silent
from plugin.engine.series import grids
from plugin.engine.series.evaluation import cell_weights
from plugin.engine.series.grids import read_series
from plugin.engine.series.plan import make_plan
from plugin.engine.series.references import filled_forward, fit_references
from plugin.engine.series.times import TimeAxis, date_of
from plugin.jobs.errors import JobError
from plugin.jobs.train_grid_forecast import TrainGridForecast
from series import averaging, months, seasons, trending, walking, write_series


def read(*paths, progress=None):
    return read_series([str(path) for path in paths], progress or Silent())


def test_one_raster_of_many_bands_is_many_rasters_of_one_band(tmp_path):
    values = averaging(6)
    whole = read(write_series(tmp_path / "all.tif", values))
    parts = [write_series(tmp_path / f"part{n}.tif", values[n : n + 1]) for n in range(6)]
    assert np.array_equal(read(*parts).values, whole.values)
    assert len(whole) == 6 and not whole.axis.is_known


def test_steps_with_dates_are_put_in_their_order(tmp_path):
    values, names = averaging(6), months(6)
    paths = [
        write_series(tmp_path / f"level_{names[n][:7]}.tif", values[n : n + 1]) for n in (3, 0, 5, 1, 2, 4)
    ]  # fmt: skip
    said = Said()
    found = read(*paths, progress=said.progress)
    assert np.array_equal(found.values, values)
    assert found.axis.labels(5, 3) == ["2000-06-01", "2000-07-01", "2000-08-01"]
    assert found.axis.cycle == 12 and any("order of their dates" in text for text in said.notes)


def test_date_that_is_there_twice_is_refused(tmp_path):
    names = ["2000-01-01", "2000-02-01", "2000-02-01"]
    with pytest.raises(JobError, match="Two steps have the date 2000-02-01"):
        read(write_series(tmp_path / "a.tif", averaging(3), names))


def test_uneven_dates_are_warned_of(tmp_path):
    names, said = ["2000-01-01", "2000-02-01", "2003-02-01"], Said()
    found = read(write_series(tmp_path / "a.tif", averaging(3), names), progress=said.progress)
    assert not found.axis.is_known and any("not evenly spaced" in text for text in said.warnings)


def test_unit_of_time_without_a_date_is_told(tmp_path):
    from scipy.io import netcdf_file

    values = averaging(4)
    with netcdf_file(str(tmp_path / "odd.nc"), "w") as file:
        for name, size in zip(("time", "y", "x"), values.shape):
            file.createDimension(name, size)
            axis = file.createVariable(name, "f8", (name,))
            axis[:] = np.arange(size)
        file.variables["time"].units = "days since 1900-00-00"
        file.createVariable("t", "f4", ("time", "y", "x"))[:] = values
    said = Said()
    found = read(tmp_path / "odd.nc", progress=said.progress)
    assert len(found) == 4 and not found.axis.is_known
    assert any('"days since 1900-00-00", begins at no date' in text for text in said.notes)


def test_nodata_of_one_step_does_not_hide_the_others(tmp_path):
    values = averaging(4)
    values[1, 2, 3] = -9999
    path = write_raster(tmp_path / "a.tif", values, nodata=-9999)
    found = read(path).values
    assert np.isnan(found).sum() == 1 and np.isnan(found[1, 2, 3])


def test_packed_numbers_are_unpacked(tmp_path):
    path = write_raster(tmp_path / "a.tif", np.full((2, 4, 5), 100, np.int16))
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.5, 0.5), (273.0, 273.0)
    assert (read(path).values == 323.0).all()


@pytest.mark.parametrize(
    "other, sentence",
    [
        ({"values": averaging(3)[:, :5]}, "a series needs one grid"),
        ({"transform": SOUTH_UP}, "differ in their place"),
        ({"crs": "EPSG:32617"}, "differ in their coordinate reference system"),
    ],
)
def test_unequal_grids_are_refused(tmp_path, other, sentence):
    first = write_series(tmp_path / "a.tif", averaging(3))
    known = {"values": averaging(3), "transform": NORTH_UP, **other}
    second = write_raster(tmp_path / "b.tif", known.pop("values"), **known)
    with pytest.raises(JobError, match=sentence):
        read(first, second)


def test_series_without_data_or_too_large_is_refused(tmp_path, monkeypatch):
    path = write_series(tmp_path / "a.tif", np.full((3, 4, 5), np.nan, np.float32))
    with pytest.raises(JobError, match="holds no data"):
        read(path)
    monkeypatch.setattr(grids, "MOST_VALUES", 59)
    with pytest.raises(JobError, match="too large for a series"):
        read(path)


@pytest.mark.parametrize(
    "dates, calendar, following, cycle",
    [
        (["1999-12-30", "1999-12-31", "2000-01-01"], "standard", "2000-01-02", 365),
        (["2000-02-27", "2000-02-28", "2000-02-29"], "standard", "2000-03-01", 365),
        (["2001-02-27", "2001-02-28", "2001-03-01"], "noleap", "2001-03-02", 365),
        (["2000-02-29", "2000-02-30", "2000-03-01"], "360_day", "2000-03-02", 365),
        (["2000-01-31", "2000-02-29", "2000-03-31"], "standard", "step 4", 1),
        (["1860-06-01", "1861-06-01", "1862-06-01"], "360_day", "1863-06-01", 1),
        (["2000-01-01", "2000-04-01", "2000-07-01"], "standard", "2000-10-01", 4),
        (["2000-01-01T00:00", "2000-01-01T06:00", "2000-01-01T12:00"], "standard",
         "2000-01-01T18:00", 1461),
        (["2000-01-01", "2000-01-09", "2000-01-17"], "standard", "2000-01-25", 46),
    ],
)  # fmt: skip
def test_next_date_follows_the_last(dates, calendar, following, cycle):
    axis = TimeAxis.of(dates, calendar)
    assert axis.label(3) == following and axis.cycle == cycle
    if axis.is_known:
        assert [axis.place_of(text) for text in dates] == [0, 1, 2]
        assert axis.place_of(following) == 3 and axis.place_of("1800-01-15") != 0


@pytest.mark.parametrize(
    "said, date",
    [
        ({"description": "2011-03-11T05:46:24"}, "2011-03-11T05:46"),
        ({"description": "ndvi 2011-03"}, "2011-03-01"),
        ({"file": "tmax_199907", "single": True}, "1999-07-01"),
        ({"file": "tmax_199907"}, ""),
        ({"file": "scene12345678", "single": True}, ""),
        ({"value": "36", "units": "hours since 2000-01-01 00:00:00"}, "2000-01-02T12:00"),
        ({"value": "59", "units": "days since 2000-01-01", "calendar": "noleap"}, "2000-03-01"),
        ({"value": "1", "units": "fortnights since 2000-01-01"}, ""),
        ({"value": "5", "units": "days since 1900-00-00"}, ""),
        ({"value": "5", "units": "days since 1900-00-00", "description": "1999-05"}, "1999-05-01"),
        ({"value": "5", "units": "days since 1900-13-01"}, ""),
        ({"value": "n/a", "units": "days since 1900-01-01"}, ""),
        ({"value": "inf", "units": "days since 1900-01-01"}, ""),
        ({"value": "730485", "units": "days since 0000-01-01 00:00:00"}, "2000-01-01"),
        ({"value": "730119", "units": "days since 1-1-1 00:00:0.0"}, "2000-01-01"),
        ({"value": "730850", "units": "days since -0001-01-01"}, "2000-01-01"),
        ({"value": "1752", "units": "hours since 1800-01-01 00:00:0.0"}, "1800-03-15"),
        ({"value": "13", "units": "months since 1999-12-16"}, "2001-01-16"),
        ({"value": "0.5", "units": "months since 1999-12-16"}, ""),
        ({"value": "101", "units": "years since 1900-01-01"}, "2001-01-01"),
    ],
)
def test_date_is_read_from_what_a_raster_says(said, date):
    empty = {"description": "", "file": "", "single": False, "value": "", "units": "",
             "calendar": "standard"}  # fmt: skip
    assert date_of({**empty, **said})[0] == date


def test_references_are_those_of_least_squares():
    values = trending(40)
    known = fit_references(values)
    steps = np.arange(40)
    for row, column in ((0, 0), (4, 7)):
        slope, start = np.polyfit(steps, values[:, row, column], 1)
        assert known.trend([50])[0, row, column] == pytest.approx(start + 50 * slope, abs=1e-3)
    assert np.allclose(known.climatology([7])[0], values.mean(axis=0), atol=1e-5)
    assert (known.forecast("persistence", values[-1], [40, 41]) == values[-1]).all()


def test_seasons_are_found_phase_by_phase():
    values = seasons(96)
    known = fit_references(values[:84], 12)
    error = np.sqrt(np.mean((known.climatology(range(84, 96)) - values[84:]) ** 2))
    assert error < 0.36  # the noise is 0.3
    assert (
        np.sqrt(np.mean((fit_references(values[:84]).climatology([0] * 12) - values[84:]) ** 2)) > 1
    )


def test_references_see_nothing_of_the_steps_after_the_cut():
    values = walking(60)
    changed = values.copy()
    changed[40:] += 100
    one, two = (fit_references(v[:40]) for v in (values, changed))
    assert np.array_equal(one.means, two.means) and np.array_equal(one.slopes, two.slopes)


def test_gaps_are_left_out_of_the_references():
    values = trending(40)
    holes = values.copy()
    holes[::3, 2, 2] = np.nan
    holes[:, 0, 0] = np.nan
    holes[2:, 1, 1] = np.nan
    known = fit_references(holes)
    seen = np.delete(np.arange(40), np.arange(0, 40, 3))
    slope, start = np.polyfit(seen, values[seen, 2, 2], 1)
    assert known.trend([45])[0, 2, 2] == pytest.approx(start + 45 * slope, abs=1e-3)
    for row, column in ((0, 0), (1, 1)):
        assert np.isnan(known.trend([1])[0, row, column])
    assert np.isfinite(known.starts).sum() == known.starts.size - 2


def test_gaps_are_filled_with_the_newest_value_before():
    values = np.array([np.nan, 1, np.nan, np.nan, 4], np.float32).reshape(5, 1, 1)
    assert filled_forward(values).ravel().tolist()[1:] == [1, 1, 1, 4]
    assert np.isnan(filled_forward(values)[0])


def plan_for(steps, **values):
    job = TrainGridForecast(
        **{"steps": 2, "test_steps": 0, "validation_steps": 0, "cycle": 0, "history": 0, **values}
    )
    series = grids.GridSeries(np.zeros((steps, 2, 2)), None, TimeAxis(), "", "a")
    return make_plan(job, series)


def test_parts_follow_one_another_in_time():
    plan = plan_for(240, test_steps=50)
    assert [plan.span(p) for p in ("training", "validation", "test")] == [(0, 152), (152, 190), (190, 240)]  # fmt: skip
    for part in ("training", "validation", "test"):
        first, last = plan.span(part)
        assert plan.origins(part)[-1] + plan.steps == last and plan.origins(part)[0] >= first


@pytest.mark.parametrize("steps, values", [(20, {}), (60, {"test_steps": 3}), (60, {"validation_steps": 50})])  # fmt: skip
def test_parts_that_are_too_short_are_refused(steps, values):
    with pytest.raises(JobError, match="it needs"):
        plan_for(steps, **values)


def test_skill_is_what_is_saved_of_the_error_and_its_interval_holds_it():
    chance = np.random.default_rng(0)
    reference = chance.gamma(2, 1, 200)
    found = skill_score(0.6 * reference, reference, 5)
    assert found == pytest.approx((0.4, 0.4, 0.4))
    noisy = skill_score(reference * chance.uniform(0.3, 0.9, 200), reference, 5)
    assert noisy.low < noisy.value < noisy.high and noisy.high - noisy.low < 0.15
    assert np.isnan(skill_score(reference[:8], reference[:8], 5).low)
    assert np.isnan(skill_score(reference, 0 * reference, 5)).all()


def test_a_step_without_any_data_does_not_take_the_skill_of_all_others():
    reference = np.random.default_rng(0).gamma(2, 1, 60)
    errors = 0.6 * reference
    errors[7] = reference[7] = np.nan
    assert skill_score(errors, reference, 5) == pytest.approx((0.4, 0.4, 0.4))


def test_cells_count_by_their_area_in_degrees_only():
    from plugin.engine.rasters import Grid

    place = rasterio.Affine(10, 0, 0, 0, -10, 90)
    degrees = cell_weights(Grid(4, 9, place, rasterio.crs.CRS.from_epsg(4326)))
    assert degrees[:, 0] == pytest.approx(np.cos(np.radians(85 - 10 * np.arange(9))))
    assert (cell_weights(Grid(4, 9, place, rasterio.crs.CRS.from_epsg(32633))) == 1).all()
