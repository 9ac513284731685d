"""Labels on the map become labeled ground."""

import numpy as np
import pytest

from landscapes import NORTH_UP, box, point, regions, textured, write_labels, write_raster
from plugin.engine.pixels.autocorrelation import resemblance_range
from plugin.engine.pixels.background import add_background
from plugin.engine.pixels.burning import Brush, burn, make_shapes
from plugin.engine.pixels.ground import BLOCK, Pixels, gather
from plugin.engine.pixels.labels import Labels
from plugin.engine.progress import Silent
from plugin.engine.rasters import Stack
from plugin.engine.vectors import Feature
from plugin.jobs.label_classes import BACKGROUND

SIDE, PLAIN = 40, Brush()


@pytest.fixture
def stack(tmp_path):
    values = np.random.default_rng(0).random((2, 200, 300), np.float32)
    with Stack([write_raster(tmp_path / "r.tif", values)]) as opened:
        yield opened


def line(*places):
    """A GeoJSON line along (row, column) places."""
    return {"type": "LineString", "coordinates": [list(NORTH_UP @ (c, r)) for r, c in places]}


def burnt(entries, stack, brush=PLAIN, window=(0, 0, SIDE, SIDE)):
    """Labels of a window for (geometry, class) pairs."""
    features = [Feature(n, shape) for n, (shape, _) in enumerate(entries)]
    shapes = make_shapes(features, [label for _, label in entries], stack.grid, brush)
    return burn(shapes, *window, brush)


def test_a_polygon_labels_the_pixels_whose_middle_it_holds(stack):
    labels, units, contested = burnt([(box(3, 5, 9, 12), 0), (box(20, 20, 22, 30), 1)], stack)
    truth = np.full((SIDE, SIDE), -1)
    truth[3:9, 5:12], truth[20:22, 20:30] = 0, 1
    np.testing.assert_array_equal(labels, truth)
    np.testing.assert_array_equal(units, truth)
    assert contested == 0


def test_a_polygon_thinner_than_a_pixel_still_labels_ground(stack):
    labels, _, _ = burnt([(box(7.1, 5, 7.3, 12), 0)], stack)
    assert (labels[7, 5:12] == 0).all() and (labels >= 0).sum() == 7


def test_windows_together_are_the_whole(stack):
    entries = [(box(3, 5, 39, 31), 0), (line((2, 2), (30, 38)), 1), (point(35.2, 8.9), 2)]
    brush = Brush(line=1.7, point=2.5, inner_buffer=2.0)
    whole, _, _ = burnt(entries, stack, brush)
    parts = [[burnt(entries, stack, brush, (r, c, 13, 13))[0] for c in (0, 13, 26)] for r in (0, 13, 26)]  # fmt: skip
    np.testing.assert_array_equal(np.block(parts), whole[:39, :39])


def test_a_line_labels_the_pixels_within_half_its_width(stack):
    labels, _, _ = burnt([(line((10, 5), (10, 30)), 0)], stack, Brush(line=2.6))
    assert (labels[8:12, 5:30] == 0).all()
    assert (labels[7, 5:30] == 0).all() == (labels[12, 5:30] == 0).all()
    assert (labels[:7] < 0).all() and (labels[13:] < 0).all()


def test_a_point_labels_a_disc_and_at_least_its_own_pixel(stack):
    labels, _, _ = burnt([(point(20.5, 20.5), 0), (point(5.9, 5.1), 1)], stack, Brush(point=3.0))
    rows, columns = np.indices((SIDE, SIDE))
    np.testing.assert_array_equal(labels == 0, np.hypot(rows - 20, columns - 20) <= 3.0)
    tiny, _, _ = burnt([(point(5.9, 5.1), 1)], stack, Brush(point=0.01))
    assert np.argwhere(tiny == 1).tolist() == [[5, 5]]


def test_ground_that_two_classes_claim_is_left_without_label(stack):
    entries = [(box(0, 0, 10, 10), 0), (box(5, 5, 15, 15), 1), (box(2, 2, 4, 4), 0)]
    labels, _, contested = burnt(entries, stack)
    assert contested == 25 and (labels[5:10, 5:10] == -1).all()
    assert (labels[2:4, 2:4] == 0).all()


def test_the_inner_buffer_leaves_the_border_of_polygons_out_but_not_seams_within_a_class(stack):
    entries = [(box(5, 5, 25, 15), 0), (box(5, 15, 25, 25), 0), (box(25, 5, 35, 25), 1)]
    labels, _, _ = burnt(entries, stack, Brush(inner_buffer=3.0))
    np.testing.assert_array_equal(np.argwhere(labels == 0).min(axis=0), [8, 8])
    np.testing.assert_array_equal(np.argwhere(labels == 0).max(axis=0), [21, 21])
    assert (labels[8:22, 8:22] == 0).all()


def gathered(stack, entries, reach=0, brush=PLAIN):
    features = [Feature(n, shape) for n, (shape, _) in enumerate(entries)]
    shapes = make_shapes(features, [label for _, label in entries], stack.grid, brush)
    return gather(stack, shapes, brush, reach, 0, Silent())


def test_ground_holds_the_values_around_labels_and_nothing_far_away(stack):
    ground = gathered(stack, [(box(30, 30, 40, 40), 0), (box(50, 60, 55, 70), 1)], reach=20)
    whole, _ = stack.read(0, 0, 200, 300)
    np.testing.assert_array_equal(ground.cut(25, 35, 60), whole[:, 25:85, 35:95])
    assert np.isnan(ground.cut(140, 230, 30)).all()
    assert len(ground.values) == 1
    np.testing.assert_array_equal(
        ground.at(np.arange(len(ground.pixels))),
        whole[:, ground.pixels.rows, ground.pixels.columns].T,
    )


def test_only_chosen_labels_show_across_the_borders_of_blocks(stack):
    edge = BLOCK
    ground = gathered(
        stack, [(box(edge - 5, edge - 5, edge + 5, edge + 5), 0), (point(9, 9), 1)], 64
    )
    chosen = np.flatnonzero(ground.pixels.rows >= edge)
    seen = ground.cut_labels(ground.label_store(chosen), edge - 8, edge - 8, 16)
    truth = np.full((16, 16), -1)
    truth[8:13, 3:13] = 0
    np.testing.assert_array_equal(seen, truth)


def test_pixels_without_data_are_not_labeled(tmp_path):
    values = np.ones((1, 64, 64), np.float32)
    values[0, 10:20, 10:20] = -1
    with Stack([write_raster(tmp_path / "h.tif", values, nodata=-1)]) as stack:
        ground = gathered(stack, [(box(8, 8, 16, 16), 0)])
        assert len(ground.pixels) == 64 - 36 and "36 labeled pixels" in ground.notes[0]


def test_background_lies_on_data_and_away_from_labels(tmp_path):
    values = np.ones((1, 120, 120), np.float32)
    values[0, :, 60:] = np.nan
    features = [Feature(n, point(10 * n + 5, 30)) for n in range(8)]
    with Stack([write_raster(tmp_path / "p.tif", values)]) as stack:
        labels = Labels(features, np.zeros(8, int), ["presence"], Brush(point=2.0))
        both = add_background(labels, stack, 0, Silent())
        assert both.class_names == ["presence", BACKGROUND]
        places = np.array([f.geometry["coordinates"] for f in both.features[8:]])
        rows, columns = stack.grid.to_pixels(places[:, 0], places[:, 1])
    assert len(places) == 300 == (both.values == 1).sum()
    assert columns.max() < 60
    near = np.hypot(rows[:, None] - (10 * np.arange(8) + 5), columns[:, None] - 30)
    assert near.min() > 5


@pytest.mark.parametrize("side", [12, 40])
def test_labels_resemble_each_other_as_far_as_their_fields_are_wide(side):
    truth = np.random.default_rng(2).integers(0, 3, (240 // side, 240 // side))
    truth = truth.repeat(side, 0).repeat(side, 1)
    rows, columns = np.indices(truth.shape)
    pixels = Pixels(rows.ravel(), columns.ravel(), truth.ravel(), truth.ravel())
    assert 0.5 * side < resemblance_range(pixels, 0) < 1.6 * side


def test_labels_by_chance_resemble_no_neighbor():
    chance = np.random.default_rng(0)
    rows, columns = chance.integers(0, 500, (2, 2000))
    pixels = Pixels(rows, columns, chance.integers(0, 2, 2000), np.arange(2000))
    assert resemblance_range(pixels, 0) == 1.0


def test_written_labels_are_read_by_class(tmp_path, stack):
    truth = regions(20, 20, 5)
    assert textured(truth).shape[0] == 3
    path = write_labels(tmp_path / "l.json", [(box(1, 1, 3, 3), 10), (box(5, 5, 7, 7), 9)])
    from plugin.engine.pixels.labels import read_labels
    from plugin.jobs.train_pixel_classifier import TrainPixelClassifier

    job = TrainPixelClassifier(rasters=["r.tif"], labels=path, class_field="rock")
    labels = read_labels(job, path, stack.grid)
    assert labels.class_names == ["9", "10"] and labels.values.tolist() == [1, 0]
