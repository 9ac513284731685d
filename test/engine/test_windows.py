"""Patches and cells as numbers of rows and columns."""

import numpy as np
import pytest

from plugin.engine.windows import Cells, mirrored, patches_in, usable_patches


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("margin", [0, 1, 5, 20])
def test_mirrored_positions_agree_with_numpys_reflection(size, margin):
    axis = np.arange(size)
    assert (mirrored(-margin, size + margin, size) == np.pad(axis, margin, "reflect")).all()


@pytest.mark.parametrize("stride, patch", [(8, 16), (16, 16), (5, 8), (8, 5), (1, 3)])
def test_cells_tile_the_window_and_patches_share_their_center(stride, patch):
    cells = Cells.over((3, 4, 50, 41), stride, patch)
    assert (cells.rows - 1) * stride < 50 <= cells.rows * stride
    assert (cells.columns - 1) * stride < 41 <= cells.columns * stride
    row, column = cells.corner(2, 3)
    center = 3 + 2 * stride + stride / 2, 4 + 3 * stride + stride / 2
    assert 0 <= center[0] - (row + patch / 2) <= 0.5
    assert 0 <= center[1] - (column + patch / 2) <= 0.5


@pytest.mark.parametrize("side, pixels", [(16, 1), (40, 4000), (10_000, 10**9)])
def test_blocks_cover_every_cell_once_and_in_bands(side, pixels):
    cells = Cells.over((0, 0, 100, 130), 7, 16)
    seen, last = np.zeros((cells.rows, cells.columns), int), 0
    for row, column, rows, columns in cells.blocks(side, pixels):
        seen[row : row + rows, column : column + columns] += 1
        assert row >= last
        assert rows == min(cells.rows_in(side), cells.rows - row)
        last = row
    assert (seen == 1).all()


def test_patches_are_seen_where_they_lie():
    values = np.arange(2 * 20 * 30).reshape(2, 20, 30)
    patches = patches_in(values, 6, 4)
    assert patches.shape == (4, 7, 2, 6, 6)
    assert (patches[2, 5] == values[:, 8:14, 20:26]).all()


@pytest.mark.parametrize("patch, stride", [(5, 3), (6, 2), (8, 8)])
def test_usable_patches_have_a_valid_middle_and_half_of_their_pixels(patch, stride):
    valid = np.random.default_rng(1).random((40, 50)) < 0.5
    usable = usable_patches(valid, patch, stride)
    for (row, column), answer in np.ndenumerate(usable):
        part = valid[row * stride :, column * stride :][:patch, :patch]
        assert answer == (part[patch // 2, patch // 2] and part.mean() >= 0.5)
