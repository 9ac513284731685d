"""Catalogs counted on a grid and written as rasters and NetCDF."""

import numpy as np
import pytest
import rasterio

from brightness import Said
from plugin.engine.progress import Progress, Silent
from plugin.engine.seismic.grid import SpaceTimeGrid
from plugin.engine.seismic.raster_grid import window_names, written_grid
from plugin.engine.tasks import grid_catalog
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.grid_catalog import GridCatalog

EPOCH = np.datetime64("1970-01-01T00:00:00.000")


def write(tmp_path, days, longitude, latitude, magnitude=None):
    magnitude = np.full(len(days), 5.0) if magnitude is None else magnitude
    times = EPOCH + np.round(np.asarray(days) * 86_400_000).astype("timedelta64[ms]")
    rows = [f"{t}Z,{y},{x},{m}" for t, y, x, m in zip(times, latitude, longitude, magnitude)]
    (tmp_path / "events.csv").write_text("\n".join(["time,latitude,longitude,mag", *rows]))
    return str(tmp_path / "events.csv")


def grid(tmp_path, path, progress=None, **values):
    known = {
        "catalog": path,
        "completeness": 4.0,
        "output": str(tmp_path / "counts.tif"),
        "netcdf": str(tmp_path / "counts.nc"),
    }
    return grid_catalog.run(from_values(GridCatalog, {**known, **values}), progress or Silent())


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(), raster.transform, raster.nodata


def test_counts_are_where_and_when_the_events_are(tmp_path):
    chance = np.random.default_rng(0)
    days = 14_000 + chance.uniform(0, 28, 500)
    longitude, latitude = chance.uniform(10, 12, 500).round(3), chance.uniform(45, 46, 500).round(3)
    values = {"extent": [10.0, 12.0, 45.0, 46.0], "cell_size": 0.5, "window_days": 7}
    outputs = grid(tmp_path, write(tmp_path, days, longitude, latitude), **values)
    counts, transform, _ = read(outputs["OUTPUT"])
    first = np.floor(days.min())
    truth = np.zeros(counts.shape, int)
    row, column = ((46 - latitude) / 0.5 - 1e-9).astype(int), ((longitude - 10) / 0.5).astype(int)
    np.add.at(truth, (((days - first) // 7).astype(int), row, column), 1)
    assert (counts == truth).all() and outputs["EVENTS"] == 500
    assert transform @ (0, 0) == pytest.approx((10, 46))
    assert outputs["BUSIEST"] == truth.sum(axis=(1, 2)).argmax() + 1


def test_netcdf_holds_the_same_counts_with_time_and_place(tmp_path):
    from scipy.io import netcdf_file

    path = write(tmp_path, [14_000.5, 14_001.5], [10.1, 11.9], [45.1, 45.9])
    values = {"extent": [10.0, 12.0, 45.0, 46.0], "cell_size": 0.5, "window_days": 1}
    outputs = grid(tmp_path, path, **values)
    with netcdf_file(outputs["NETCDF"], mmap=False) as file:
        assert file.Conventions == b"CF-1.8"
        assert file.variables["time"].units == b"days since 1970-01-01 00:00:00"
        assert file.variables["time"][:].tolist() == [14_000, 14_001]
        assert file.variables["time_bounds"][:].tolist() == [[14_000, 14_001], [14_001, 14_002]]
        assert file.variables["latitude"][:].tolist() == [45.25, 45.75]
        assert file.variables["longitude"][:].tolist() == [10.25, 10.75, 11.25, 11.75]
        counts = file.variables["events"][:]
    assert counts[0, 0, 0] == 1 and counts[1, 1, 3] == 1 and counts.sum() == 2
    raster, transform, _ = read(outputs["OUTPUT"])
    with rasterio.open(f"netcdf:{outputs['NETCDF']}:events") as series:
        assert (series.read() == raster).all() and series.crs.to_epsg() == 4326
        assert np.allclose(series.transform, transform)


def test_end_inside_a_window_is_told_by_how_much(tmp_path):
    said = Said()
    path = write(tmp_path, [14_000.5, 14_008.5], [10.1, 11.9], [45.1, 45.9])
    values = {"extent": [10.0, 12.0, 45.0, 46.0], "start": "2008-05-01T00:00:00"}
    values |= {"window_days": 7, "end": "2008-05-11T00:00:00"}
    outputs = grid(tmp_path, path, said.progress, **values)
    assert (outputs["PERIODS"], outputs["EVENTS"]) == (1, 1)
    assert any("the count ends 3 days earlier, on 2008-05-08" in text for text in said.notes)


def test_extent_over_the_antimeridian_is_written_on_both_sides(tmp_path):
    longitude = np.array([178.5, 179.5, -179.5, -178.5])
    path = write(tmp_path, 14_000 + np.arange(4) / 10, longitude, np.full(4, -20.5))
    values = {"extent": [178.0, 182.0, -21.0, -20.0], "cell_size": 1.0, "window_days": 1}
    outputs = grid(tmp_path, path, **values)
    counts, transform, nodata = read(outputs["OUTPUT"])
    assert counts.shape == (1, 1, 360) and transform @ (0, 0) == pytest.approx((-180, -20))
    held = np.flatnonzero(counts[0, 0] != nodata)
    assert held.tolist() == [0, 1, 358, 359] and (counts[0, 0, held] == 1).all()


@pytest.mark.parametrize(
    "west, cell, columns, left, parts",
    [
        (10.0, 0.5, 4, 10.0, [(slice(0, 4), 0)]),
        (190.0, 0.5, 4, -170.0, [(slice(0, 4), 0)]),
        (-181.0, 0.5, 4, -180.0, [(slice(0, 2), 718), (slice(2, 4), 0)]),
        (179.0, 0.5, 2, 179.0, [(slice(0, 2), 0)]),
        (179.3, 0.7, 4, 179.3, [(slice(0, 4), 0)]),  # no edge at 180: it stays whole
        (-180.0, 1.0, 360, -180.0, [(slice(0, 360), 0)]),
        (-47.0, 1.0, 360, -180.0, [(slice(0, 227), 133), (slice(227, 360), 0)]),
    ],
)
def test_columns_are_split_where_the_map_is(west, cell, columns, left, parts):
    raster, found = written_grid(SpaceTimeGrid(west, 45.0, cell, 2, columns, 0.0, 1.0, 1))
    assert found == parts
    assert raster.transform.c == pytest.approx(left) and raster.transform.f == 46 - 1 + 2 * cell
    for columns_of, first in found:
        longitude = west + cell * columns_of.start
        assert (raster.transform.c + first * cell - longitude) % 360 == pytest.approx(0, abs=1e-9)


def test_windows_are_called_by_their_dates():
    assert window_names(SpaceTimeGrid(0, 0, 1, 1, 1, 14_000.0, 1.0, 2)) == [
        "2008-05-01",
        "2008-05-02",
    ]
    assert window_names(SpaceTimeGrid(0, 0, 1, 1, 1, 14_000.5, 7.0, 1)) == [
        "2008-05-01T12:00:00 to 2008-05-08T12:00:00"
    ]


def test_windows_without_an_end_are_whole_and_hold_the_last_event(tmp_path):
    days = [14_000.2, 14_010.9]
    path = write(tmp_path, days, [10.1, 10.2], [45.1, 45.2])
    outputs = grid(tmp_path, path, window_days=7, cell_size=0.5)
    assert outputs["PERIODS"] == 2 and outputs["EVENTS"] == 2
    outputs = grid(tmp_path, path, window_days=7, cell_size=0.5, end="2008-05-12T00:00:00")
    assert outputs["PERIODS"] == 1 and outputs["EVENTS"] == 1


def test_target_magnitude_chooses_what_is_counted_and_is_never_changed(tmp_path):
    magnitude = np.repeat([4.0, 4.4, 4.5, 6.0], 10)
    days = 14_000 + np.linspace(0, 1, 40, endpoint=False)
    path = write(tmp_path, days, np.linspace(10, 11, 40), np.full(40, 45.2), magnitude)
    said = []
    ears = Progress(lambda kind, **words: said.append(words.get("text", "")))
    values = {"completeness": None, "cell_size": 2.0}
    assert grid(tmp_path, path, ears, target_magnitude=4.5, **values)["EVENTS"] == 20
    assert grid(tmp_path, path, ears, target_magnitude=4.1, **values)["EVENTS"] == 30
    assert any("below the estimate of the completeness, 4.2" in text for text in said)
    assert grid(tmp_path, path, ears, target_magnitude=None, **values)["EVENTS"] == 30
    assert "Counted from magnitude 4.2 on: maximum curvature + 0.2." in said


def test_grid_that_is_too_large_is_refused_before_it_is_made(tmp_path):
    path = write(tmp_path, [14_000, 14_029], [-120.0, 140.0], [-60.0, 60.0])
    with pytest.raises(JobError, match="counts; 536,870,912 are the most"):
        grid(tmp_path, path, cell_size=0.01, window_days=1, netcdf="")
    with pytest.raises(JobError, match="134,217,728 are the most in NetCDF"):
        grid(tmp_path, path, cell_size=0.05, window_days=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["events.csv"]


def test_cancel_leaves_nothing(tmp_path):
    path = write(tmp_path, 14_000 + np.arange(20.0), np.full(20, 10.1), np.full(20, 45.1))
    stop = []

    def hear(kind, **words):
        if words.get("text", "").startswith("Window"):
            stop.append(True)

    progress = Progress(hear, lambda: bool(stop))
    with pytest.raises(Stopped):
        grid(tmp_path, path, progress, window_days=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["events.csv"]
