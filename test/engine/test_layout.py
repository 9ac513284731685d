"""Windows over an area, and how their results are put together."""

import numpy as np
import pytest

from plugin.engine.layout import Layout
from plugin.engine.seams import Seams

AREAS = [(0, 0, 100, 130), (13, 7, 61, 90), (5, 0, 3, 200), (0, 0, 1, 1), (250, 31, 40, 40)]


def put_together(layout, result):
    """Run all windows; ``result(window)`` gives (channel, row, column)."""
    seams, scale = Seams(layout), layout.scale
    whole = np.full((2, layout.area[2] * scale, layout.area[3] * scale), np.nan, np.float32)
    for window in layout.windows():
        piece = seams.add(window, result(window).astype(np.float32))
        if piece is not None:
            rows, columns = piece.values.shape[1:]
            part = whole[:, piece.row : piece.row + rows, piece.column : piece.column + columns]
            assert part.shape == piece.values.shape and np.isnan(part).all()
            part[:] = piece.values
    return whole


def positions(layout, window):
    """Row and column (fractions for finer results) of every pixel of a window's result."""
    margin, scale = layout.margin, layout.scale
    rows = window.row - margin + np.arange((window.height + 2 * margin) * scale) / scale
    columns = window.column - margin + np.arange((window.width + 2 * margin) * scale) / scale
    return np.stack(np.broadcast_arrays(rows[:, None], columns[None, :]))


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize(
    "core, halo, stride, blended",
    [(32, 0, 1, False), (17, 9, 1, False), (32, 20, 8, False), (40, 10, 1, True),
     (16, 8, 8, True), (9, 4, 2, True), (1000, 64, 32, True)],
)  # fmt: skip
def test_every_pixel_comes_once_and_where_it_lies(area, core, halo, stride, blended, scale):
    layout = Layout.over(area, core, halo, stride, scale, blended)
    whole = put_together(layout, lambda window: positions(layout, window))
    rows, columns = (np.arange(size * scale) / scale for size in area[2:])
    assert np.allclose(whole[0], area[0] + rows[:, None], atol=1e-4)
    assert np.allclose(whole[1], area[1] + columns[None, :], atol=1e-4)


@pytest.mark.parametrize("area", AREAS)
def test_corners_and_sides_are_multiples_of_the_stride(area):
    layout = Layout.over(area, 50, 21, 16)
    for window in layout.windows():
        assert all(number % 16 == 0 for number in window.box)
        assert window.halo == 32 and window.height <= layout.core >= window.width


def test_blending_leaves_agreeing_predictions_unchanged():
    layout = Layout.over((0, 0, 90, 110), 24, 8, blended=True)
    whole = put_together(layout, lambda w: np.full((2, w.height + 16, w.width + 16), 0.7))
    assert np.allclose(whole, 0.7, atol=1e-6)


def test_blending_goes_from_one_window_to_the_next_along_a_line():
    layout = Layout.over((0, 0, 10, 40), 20, 5, blended=True)
    whole = put_together(layout, lambda w: np.full((2, w.height + 10, w.width + 10), w.column > 0))
    line = whole[0, 4]
    assert (line[:15] == 0).all() and (line[25:] == 1).all()
    assert np.allclose(np.diff(line[15:25]), 0.1) and line[19] + line[20] == pytest.approx(1)


def test_neighbors_are_watched_before_they_are_blended():
    seen, layout = [], Layout.over((0, 0, 30, 60), 20, 4, blended=True)
    seams = Seams(layout, lambda first, second: seen.append((first.copy(), second.copy())))
    for window in layout.windows():
        seams.add(window, positions(layout, window).astype(np.float32))
    assert len(seen) == 4
    assert all((first == second).all() and first.shape[2] == 8 for first, second in seen)
