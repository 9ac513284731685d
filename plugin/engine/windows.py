"""Patches, cells and blocks of a raster, as numbers of rows and columns."""

from dataclasses import dataclass

import numpy as np


def mirrored(start, stop, size):
    """Positions `start`..`stop` of an axis, mirrored at its ends.

    The border pixel itself is not repeated.

    >>> mirrored(-2, 5, 4)
    array([2, 1, 0, 1, 2, 3, 2])

    Parameters
    ----------
    start, stop : int
        First position and the one after the last; may lie anywhere.
    size : int
        Length of the axis.

    Returns
    -------
    int array, shape (stop - start,)
        Positions in 0..size-1.
    """
    period = max(2 * (size - 1), 1)
    positions = np.arange(start, stop) % period
    return np.minimum(positions, period - positions) if size > 1 else np.zeros_like(positions)


@dataclass(frozen=True)
class Cells:
    """Square cells that tile a window of a raster from its upper left, each with a patch.

    The patch has the cell's center; where one of the two sides is odd and the other is even, it
    lies half a pixel to the upper left. The cells of the last row and column may reach beyond
    the window.

    Attributes
    ----------
    row, column : int
        Upper left pixel of the window.
    rows, columns : int
        Number of cells.
    stride : int
        Side of a cell in pixels.
    patch : int
        Side of a patch in pixels.
    """

    row: int
    column: int
    rows: int
    columns: int
    stride: int
    patch: int

    @classmethod
    def over(cls, window, stride, patch):
        """The cells that cover a window (row, column, height, width)."""
        row, column, height, width = window
        return cls(row, column, -(-height // stride), -(-width // stride), stride, patch)

    def corner(self, cell_row, cell_column):
        """Upper left pixel (row, column) of the patch of a cell."""
        margin = (self.stride - self.patch) // 2
        return (
            self.row + cell_row * self.stride + margin,
            self.column + cell_column * self.stride + margin,
        )

    def span(self, count):
        """Pixels from the first to the last of the patches of `count` cells in a line."""
        return (count - 1) * self.stride + self.patch

    def rows_in(self, side):
        """Number of rows of cells whose patches fit in `side` pixels, at least 1."""
        return max((side - self.patch) // self.stride + 1, 1)

    def blocks(self, side, pixels, bands=None):
        """Split the cells into blocks, a band of rows after the other.

        Parameters
        ----------
        side : int
            Pixels that a band of blocks may be high, unless one patch is higher.
        pixels : int
            Pixels that a block may have, unless one patch has more.
        bands : sequence of int, optional
            Numbers of the bands that are wanted, in their order; all if None.

        Yields
        ------
        row, column, rows, columns : int
            In cells.
        """
        rows = self.rows_in(side)
        long = max(pixels // self.span(rows), 1)
        columns = max((long - self.patch) // self.stride + 1, 1)
        for band in range(-(-self.rows // rows)) if bands is None else bands:
            row = band * rows
            for column in range(0, self.columns, columns):
                yield row, column, min(rows, self.rows - row), min(columns, self.columns - column)


def patches_in(values, patch, stride):
    """See every patch of an array without copying.

    Parameters
    ----------
    values : array, shape (..., row, column)
    patch, stride : int
        Side of a patch, and step from one to the next, in pixels.

    Returns
    -------
    array, shape (patch row, patch column, ..., patch, patch)
        A read-only view.
    """
    view = np.lib.stride_tricks.sliding_window_view(values, (patch, patch), axis=(-2, -1))
    view = view[..., ::stride, ::stride, :, :]
    return np.moveaxis(view, (-4, -3), (0, 1))


def usable_patches(valid, patch, stride):
    """Tell which patches hold enough data: the middle pixel, and at least half of all.

    Parameters
    ----------
    valid : bool array, shape (row, column)
    patch, stride : int
        As in `patches_in`.

    Returns
    -------
    bool array, shape (patch row, patch column)
    """
    sums = np.zeros((valid.shape[0] + 1, valid.shape[1] + 1), np.int64)
    sums[1:, 1:] = valid.cumsum(0, dtype=np.int64).cumsum(1)
    inside = sums[patch:, patch:] - sums[:-patch, patch:] - sums[patch:, :-patch]
    enough = 2 * (inside + sums[:-patch, :-patch]) >= patch * patch
    middle = valid[patch // 2 :, patch // 2 :][: enough.shape[0], : enough.shape[1]]
    return (enough & middle)[::stride, ::stride]
