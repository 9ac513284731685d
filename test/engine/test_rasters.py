"""Rasters by windows."""

import os
import threading

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from landscapes import NORTH_UP, ROTATED, SOUTH_UP, UTM, regions, textured, write_raster
from plugin.engine.rasters import Grid, Raster, ground_sample_distance
from plugin.jobs.errors import JobError


@pytest.fixture
def values():
    return np.random.default_rng(0).integers(0, 200, (3, 50, 70)).astype(np.uint16)


def grid(width=70, height=50, transform=NORTH_UP):
    return Grid(width, height, transform, rasterio.crs.CRS.from_string(UTM))


def test_raster_in_geocentric_coordinates_has_no_pixel_size_on_the_ground(tmp_path):
    values = np.zeros((1, 4, 4), np.uint8)
    with Raster(write_raster(tmp_path / "a.tif", values, crs="EPSG:4978")) as raster:
        assert raster.gsd is None


def test_window_inside_is_what_lies_there(tmp_path, values):
    with Raster(write_raster(tmp_path / "a.tif", values), [3, 1]) as raster:
        read, valid = raster.read(10, 20, 15, 25)
    assert (read == values[[2, 0], 10:25, 20:45]).all() and valid is None


@pytest.mark.parametrize(
    "row, column, height, width", [(-5, -9, 20, 30), (40, 60, 30, 30), (-60, -80, 200, 300)]
)
def test_window_beyond_the_border_is_mirrored(tmp_path, values, row, column, height, width):
    with Raster(write_raster(tmp_path / "a.tif", values)) as raster:
        read, valid = raster.read(row, column, height, width)
    wide = np.pad(values, ((0, 0), (300, 300), (300, 300)), "reflect")
    rows, columns = slice(row + 300, row + 300 + height), slice(column + 300, column + 300 + width)
    assert (read == wide[:, rows, columns]).all() and valid is None


def test_window_beyond_the_border_can_be_empty(tmp_path, values):
    with Raster(write_raster(tmp_path / "a.tif", values)) as raster:
        read, valid = raster.read(-5, -9, 20, 30, border="empty")
        far, far_valid = raster.read(500, 500, 4, 4, border="empty")
    assert (read[:, 5:, 9:] == values[:, :15, :21]).all()
    assert valid[5:, 9:].all() and not valid[:5].any() and not valid[:, :9].any()
    assert not far.any() and not far_valid.any()


def test_holes_are_mirrored_with_their_pixels(tmp_path, values):
    mask = np.ones((50, 70), bool)
    mask[2, 3] = False
    with Raster(write_raster(tmp_path / "a.tif", values, mask=mask)) as raster:
        _, valid = raster.read(-4, -4, 10, 10)
    assert sorted(zip(*np.nonzero(~valid), strict=True)) == [(2, 1), (2, 7), (6, 1), (6, 7)]


def test_alpha_band_is_no_data_band_unless_it_is_asked_for(tmp_path):
    values = textured(regions(40, 40, 10), bands=4)
    values[3] = np.where(np.arange(40) < 10, 0, 255)
    path = write_raster(tmp_path / "a.tif", values, photometric="RGB", ALPHA="YES")
    with Raster(path) as raster:
        _, valid = raster.read(0, 0, 40, 40)
        assert raster.bands == [1, 2, 3] and raster.is_rgb
    assert (valid == (np.arange(40) >= 10)).all()
    with Raster(path, [1, 2, 3, 4]) as raster:
        assert (raster.read(0, 0, 40, 40)[0] == values).all()


def test_fourth_band_that_is_only_marked_as_alpha_is_data(tmp_path, values):
    # Without a word of its meaning, GDAL marks the fourth band of a new file as alpha.
    infrared = textured(regions(300, 300, 60), bands=4, seed=1)
    infrared[3, :20] = 0
    path = write_raster(tmp_path / "a.tif", infrared, photometric="RGB", ALPHA="YES")
    with rasterio.open(path) as dataset:
        assert dataset.colorinterp[3] == ColorInterp.alpha
    with Raster(path) as raster:
        read, valid = raster.read(0, 0, 300, 300)
        assert raster.bands == [1, 2, 3, 4] and valid is None
    assert (read == infrared).all()


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [("float32", -3.4028235e38), ("float32", 1e38), ("float64", -1.7e308)],
)
def test_largest_numbers_of_a_type_are_no_data_without_being_declared(tmp_path, dtype, fill):
    values = np.arange(12, dtype=dtype).reshape(1, 3, 4)
    values[0, 1, 2] = fill
    with Raster(write_raster(tmp_path / "a.tif", values)) as raster:
        _, valid = raster.read(0, 0, 3, 4)
    assert np.argwhere(~valid).tolist() == [[1, 2]]


def test_many_threads_read_what_lies_there(tmp_path, values):
    wrong = []

    def work(seed):
        for row, column in np.random.default_rng(seed).integers(0, 40, (50, 2)):
            read, _ = raster.read(int(row), int(column), 10, 10)
            wrong.extend([1] * int((read != values[:, row : row + 10, column : column + 10]).any()))

    with Raster(write_raster(tmp_path / "a.tif", values, tiled=True, blockxsize=16, blockysize=16)) as raster:  # fmt: skip
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_band_that_is_not_there_is_refused(tmp_path, values):
    with pytest.raises(JobError, match=r'"a\.tif\" has 3 bands; band 7 is asked for'):
        Raster(write_raster(tmp_path / "a.tif", values), [1, 7])


def test_damage_met_while_reading_names_the_file(tmp_path, values):
    path = write_raster(tmp_path / "a.tif", np.tile(values, (1, 9, 9)))
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) // 2)
    with Raster(path) as raster, pytest.raises(JobError, match=r'"a\.tif\" cannot be read'):
        raster.read(400, 0, 40, 40)


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, ROTATED])
def test_extent_is_snapped_to_the_pixels_it_touches(transform):
    area = grid(transform=transform)
    corners = [
        transform @ place for place in ((20.3, 10.2), (45.6, 10.2), (45.6, 30.9), (20.3, 30.9))
    ]
    xs, ys = zip(*corners, strict=True)
    row, column, height, width = area.window_of([min(xs), max(xs), min(ys), max(ys)])
    assert row <= 10 and column <= 20 and row + height >= 31 and column + width >= 46
    if transform != ROTATED:
        assert (row, column, height, width) == (10, 20, 21, 26)


def test_extent_on_pixel_edges_takes_no_sliver():
    left, top = NORTH_UP @ (20, 10)
    box = [left + 1e-7, left + 100 + 1e-7, top - 50 - 1e-7, top - 1e-7]
    assert grid().window_of(box) == (10, 20, 5, 10)


def test_extent_outside_is_empty():
    assert 0 in grid().window_of([0, 100, 0, 100])[2:]


@pytest.mark.parametrize(
    "crs, side, northing, truth", [("EPSG:32633", 10.0, 5e6, 10.0), ("EPSG:4326", 0.001, 60.0, 111.32 * 0.5**0.5), ("EPSG:3857", 10.0, 8399737.9, 5.0), ("EPSG:2263", 10.0, 2e5, 3.048)]
)  # fmt: skip
def test_ground_sample_distance_is_in_meters_on_the_ground(crs, side, northing, truth):
    place = rasterio.Affine(side, 0, 10.0, 0, -side, northing)
    area = Grid(1, 1, place, rasterio.crs.CRS.from_string(crs))
    assert ground_sample_distance(area) == pytest.approx(truth, rel=0.01)
