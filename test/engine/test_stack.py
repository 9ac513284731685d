"""Several rasters read as one, on the grid of the first."""

import threading

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.warp import Resampling, reproject, transform

from landscapes import NORTH_UP, UTM, write_raster
from plugin.engine.rasters.stack import Stack
from plugin.jobs.errors import JobError

CHANCE = np.random.default_rng(5)


def plane(rows, columns, transform, crs=UTM, to=UTM):
    """Easting + 2 * northing at the middle of every pixel: what a warp must give exactly."""
    row, column = np.indices((rows, columns)) + 0.5
    eastings, northings = transform @ (column, row)
    if crs != to:
        eastings, northings = _turned(crs, to, eastings, northings)
    return ((eastings - 500_000) + 2 * (northings - 5_400_000)).astype(np.float32)


def _turned(crs, to, eastings, northings):
    moved = transform(crs, to, eastings.ravel(), northings.ravel())
    return (np.reshape(part, eastings.shape) for part in moved)


@pytest.fixture
def first(tmp_path):
    """60 x 80 pixels of 10 m."""
    return write_raster(tmp_path / "dem.tif", plane(60, 80, NORTH_UP)[None])


def test_rasters_of_one_grid_are_read_band_after_band(tmp_path, first):
    other = CHANCE.random((2, 60, 80), np.float32)
    with Stack([first, write_raster(tmp_path / "mag.tif", other, names=("tmi", ""))]) as stack:
        values, valid = stack.read(5, 7, 20, 30)
    assert stack.names == ("dem", "tmi", "mag band 2")
    assert stack.bands == [1, 2, 3] and valid is None and stack.notes == []
    np.testing.assert_array_equal(values[1:], other[:, 5:25, 7:37])


def test_bands_are_counted_through_all_rasters_and_keep_their_order(tmp_path, first):
    other = CHANCE.random((3, 60, 80), np.float32)
    path = write_raster(tmp_path / "mag.tif", other)
    with Stack([first, path], [4, 1, 2]) as stack:
        values, _ = stack.read(0, 0, 60, 80)
    assert stack.names == ("mag band 3", "dem", "mag band 1")
    np.testing.assert_array_equal(values[0], other[2])
    np.testing.assert_array_equal(values[2], other[0])


def test_a_plane_in_another_crs_comes_back_as_a_plane(tmp_path, first):
    degrees = Affine(0.0001, 0, 14.99, 0, -0.0001, 48.76)
    far = plane(200, 350, degrees, "EPSG:4326")
    path = write_raster(tmp_path / "far.tif", far[None], degrees, "EPSG:4326")
    with Stack([first, path]) as stack:
        values, valid = stack.read(0, 0, 60, 80)
        assert "bilinear" in stack.notes[0] and "far.tif" in stack.notes[0]
    assert valid is None or valid.mean() > 0.5
    held = np.ones((60, 80), bool) if valid is None else valid
    np.testing.assert_allclose(values[1][held], values[0][held], atol=1.0)


@pytest.mark.parametrize("side", [3.0, 7.0, 25.0, 60.0])
def test_a_plane_of_other_pixels_comes_back_as_a_plane(tmp_path, first, side):
    corner = NORTH_UP @ Affine.translation(-20.3, -20.7) @ Affine.scale(side / 10)
    rows = int(110 * 10 / side)
    path = write_raster(tmp_path / "b.tif", plane(rows, int(rows * 1.3), corner)[None], corner)
    with Stack([first, path]) as stack:
        values, valid = stack.read(0, 0, 60, 80)
    assert valid is None
    np.testing.assert_allclose(values[1], values[0], atol=2.0)


@pytest.mark.parametrize("crs", [UTM, "EPSG:4326"])
@pytest.mark.parametrize("shrink", [0.4, 3.7])
def test_what_is_warped_does_not_depend_on_the_window(tmp_path, first, crs, shrink):
    corner, side = NORTH_UP @ Affine.translation(-30.3, -30.7), 10 * shrink
    if crs != UTM:
        longitude, latitude = transform(UTM, crs, [corner.c], [corner.f])
        corner, side = Affine.translation(longitude[0], latitude[0]), 10 / 90_000 * shrink
        corner = corner @ Affine.scale(1, -1)
    else:
        corner = Affine.translation(corner.c, corner.f) @ Affine.scale(1, -1)
    corner = corner @ Affine.scale(side)
    size = int(150 / shrink)
    noise = CHANCE.random((2, size, int(1.4 * size)), np.float32)
    noise[:, 10:14, 12:20] = np.nan
    path = write_raster(tmp_path / "n.tif", noise, corner, crs)
    with Stack([first, path]) as stack:
        whole, holds = stack.read(0, 0, 60, 80)
        for row, column, height, width in ((0, 0, 7, 80), (13, 21, 31, 17), (59, 79, 1, 1)):
            part, valid = stack.read(row, column, height, width)
            window = slice(row, row + height), slice(column, column + width)
            expected = np.ones((60, 80), bool) if holds is None else holds
            got = np.ones((height, width), bool) if valid is None else valid
            np.testing.assert_array_equal(got, expected[window])
            np.testing.assert_array_equal(part, whole[:, window[0], window[1]])


def test_a_raster_that_is_whole_pixels_away_is_not_resampled(tmp_path, first):
    moved = NORTH_UP @ Affine.translation(13, -9)
    values = CHANCE.integers(0, 9, (1, 40, 50)).astype(np.float32)
    with Stack([first, write_raster(tmp_path / "m.tif", values, moved)]) as stack:
        read, valid = stack.read(0, 0, 60, 80)
        assert "has the pixels of" in stack.notes[0] and "%" in stack.notes[0]
    truth = np.zeros((60, 80), bool)
    truth[:31, 13:63] = True
    np.testing.assert_array_equal(valid, truth)
    np.testing.assert_array_equal(read[1][truth], values[0, 9:].ravel())


def test_a_pixel_holds_data_where_every_raster_does(tmp_path, first):
    second = np.ones((1, 60, 80), np.float32)
    second[0, 3, 4] = -9999
    third = np.ones((1, 60, 80), np.float32)
    third[0, 8, 9] = np.nan
    paths = [first, write_raster(tmp_path / "b.tif", second, nodata=-9999)]
    with Stack([*paths, write_raster(tmp_path / "c.tif", third)]) as stack:
        _, valid = stack.read(0, 0, 60, 80)
    assert np.argwhere(~valid).tolist() == [[3, 4], [8, 9]]


def test_warping_takes_no_value_from_pixels_without_data(tmp_path, first):
    corner = NORTH_UP @ Affine.translation(-5.5, -5.5)
    values = np.full((1, 80, 100), 7, np.int16)
    values[0, 30:40, 30:40] = -32768
    path = write_raster(tmp_path / "n.tif", values, corner, nodata=-32768)
    with Stack([first, path]) as stack:
        read, valid = stack.read(0, 0, 60, 80)
    assert not valid[26:33, 26:33].any() and valid.mean() > 0.95
    assert (read[1][valid] == 7).all()


def test_zero_is_data_in_one_band_of_an_eight_bit_raster_also_when_warped(tmp_path, first):
    corner = NORTH_UP @ Affine.translation(-5.5, -5.5)
    values = np.full((2, 80, 100), 9, np.uint8)
    values[0, 20:30, 20:30] = 0
    values[:, 50:60, 50:60] = 0
    path = write_raster(tmp_path / "n.tif", values, corner, nodata=0)
    with Stack([first, path]) as stack:
        _, valid = stack.read(0, 0, 60, 80)
    assert valid[15:24, 15:24].all()
    assert not valid[46:53, 46:53].any()


def test_a_mask_beside_the_bands_is_kept_when_warped(tmp_path, first):
    corner = NORTH_UP @ Affine.translation(-5.5, -5.5)
    mask = np.full((80, 100), True)
    mask[30:40, 30:40] = False
    values = np.full((1, 80, 100), 7, np.float32)
    path = write_raster(tmp_path / "n.tif", values, corner, mask=mask)
    with Stack([first, path]) as stack:
        _, valid = stack.read(0, 0, 60, 80)
    assert not valid[26:33, 26:33].any() and valid.mean() > 0.95


def test_classes_are_never_mixed(tmp_path, first):
    corner = NORTH_UP @ Affine.translation(-5.3, -5.6) @ Affine.scale(0.8)
    classes = CHANCE.choice([3, 11, 200], (1, 120, 150)).astype(np.uint8)
    path = write_raster(tmp_path / "geology.tif", classes, corner)
    with rasterio.open(path, "r+") as raster:
        raster.write_colormap(1, {3: (9, 9, 9, 255), 11: (1, 2, 3, 255), 200: (7, 7, 7, 255)})
    with Stack([first, path]) as stack:
        read, _ = stack.read(0, 0, 60, 80)
        assert stack.categorical == (False, True) and "nearest" in stack.notes[0]
    truth = np.zeros((60, 80), np.uint8)
    options = {"src_transform": corner, "src_crs": UTM, "dst_transform": NORTH_UP, "dst_crs": UTM}
    reproject(classes[0], truth, resampling=Resampling.nearest, tolerance=0, **options)
    assert set(np.unique(read[1])) <= {3, 11, 200}
    assert (read[1] == truth).mean() > 0.999


def test_rasters_of_one_type_keep_it_and_others_meet_in_float(tmp_path, first):
    bytes_ = CHANCE.integers(0, 255, (1, 60, 80)).astype(np.uint8)
    one, two = (write_raster(tmp_path / f"{name}.tif", bytes_) for name in "ab")
    moved = NORTH_UP @ Affine.translation(-5.5, -5.5)
    wide = np.full((1, 80, 100), 200, np.uint8)
    three = write_raster(tmp_path / "c.tif", wide, moved)
    with Stack([one, two, three]) as stack:
        values, _ = stack.read(0, 0, 60, 80)
        assert stack.dtype == values.dtype == "uint8" and (values[2] == 200).all()
    with Stack([one, first]) as stack:
        assert stack.dtype == stack.read(0, 0, 4, 4)[0].dtype == "float32"


def test_a_window_beyond_the_border_is_mirrored_or_empty_for_all_rasters(tmp_path, first):
    moved = NORTH_UP @ Affine.translation(-5.5, -5.5)
    path = write_raster(tmp_path / "n.tif", CHANCE.random((1, 80, 100), np.float32), moved)
    with Stack([first, path]) as stack:
        whole, _ = stack.read(0, 0, 60, 80)
        mirrored, _ = stack.read(-3, 70, 10, 20)
        _, valid = stack.read(-3, 70, 10, 20, border="empty")
    np.testing.assert_array_equal(mirrored[:, :3, :10], whole[:, 3:0:-1, 70:])
    assert valid[3:, :10].all() and valid.sum() == 70


def test_many_threads_read_the_same_as_one(tmp_path, first):
    moved = NORTH_UP @ Affine.translation(-5.5, -5.5)
    path = write_raster(tmp_path / "n.tif", CHANCE.random((1, 80, 100), np.float32), moved)
    with Stack([first, path]) as stack:
        whole, wrong = stack.read(0, 0, 60, 80)[0], []

        def read():
            for row in range(40):
                part, _ = stack.read(row, row, 20, 20)
                if not np.array_equal(part, whole[:, row : row + 20, row : row + 20]):
                    wrong.append(row)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_rasters_with_no_ground_in_common_are_refused(tmp_path, first):
    away = write_raster(
        tmp_path / "away.tif", np.ones((1, 9, 9), np.uint8), NORTH_UP @ Affine.translation(900, 0)
    )
    with pytest.raises(JobError) as refused:
        Stack([first, away])
    assert '"away.tif" does not lie over "dem.tif"' in refused.value.found


def test_a_raster_without_crs_beside_one_with_is_refused(tmp_path, first):
    bare = write_raster(tmp_path / "bare.tif", np.ones((1, 60, 80), np.uint8), crs=None)
    with pytest.raises(JobError) as refused:
        Stack([first, bare])
    assert '"bare.tif" has no coordinate reference system' in refused.value.found


def test_plain_images_of_other_sizes_are_refused(tmp_path):
    one = write_raster(tmp_path / "a.tif", np.ones((1, 9, 9), np.uint8), Affine.identity(), None)
    two = write_raster(tmp_path / "b.tif", np.ones((1, 9, 8), np.uint8), Affine.identity(), None)
    with pytest.raises(JobError) as refused:
        Stack([one, two])
    assert "not georeferenced" in refused.value.found


def test_a_band_that_is_not_there_is_refused_with_the_number_that_are(tmp_path, first):
    with pytest.raises(JobError) as refused:
        Stack([first, first], [3])
    assert "2 bands in all; band 3" in refused.value.found


def test_a_file_that_is_no_raster_is_refused(tmp_path, first):
    (tmp_path / "no.tif").write_text("hello")
    with pytest.raises(JobError) as refused:
        Stack([first, str(tmp_path / "no.tif")])
    assert '"no.tif" cannot be read' in refused.value.found
