"""Heat of a raster: patch after patch, blended where they overlap, row after row."""

import numpy as np

from ..prediction import corner_patches
from ..windows import Cells


class Mosaic:
    """Lays overlapping patches over a window of a raster and blends what is found in them.

    Parameters
    ----------
    raster : Raster
    window : tuple of int
        Row, column, height and width.
    side : int
        Of a patch, in pixels. Patches overlap by half.

    Attributes
    ----------
    patches : int
        Number of all patches.
    """

    def __init__(self, raster, window, side):
        self._raster, self._window, self._side = raster, window, side
        self._cells = Cells.over(window, max(side // 2, 1), side)
        self.patches = self._cells.rows * self._cells.columns
        ramp = 1.0 - np.abs(np.linspace(-1, 1, side + 2)[1:-1])
        self._weight = np.outer(ramp, ramp).astype(np.float32)

    def rows(self, find):
        """Blend what `find` gives for patches.

        Parameters
        ----------
        find : callable
            Images (n, band, row, column) to heat (n, row, column).

        Yields
        ------
        row : int
            In the window, of the first row of the heat.
        heat : ndarray of float32, shape (row, column)
            NaN where the raster or the patches around hold no data.
        """
        cells, side = self._cells, self._side
        strip = _Strip(side, cells.span(cells.columns))
        for row in range(cells.rows):
            corners = np.array([cells.corner(row, column) for column in range(cells.columns)])
            for some in corner_patches(self._raster, corners, side):
                heats = find(some.images) if len(some.images) else some.images
                for key, heat in zip(some.keys[some.usable], heats, strict=True):
                    strip.add(heat, self._weight, corners[key, 1] - corners[0, 1])
            last = row == cells.rows - 1
            count = side if last else cells.stride
            yield from self._cut(corners[0], strip.take(count))

    def _cut(self, corner, heat):
        """The part of finished rows that lies in the window."""
        top, left, height, width = self._window
        first = max(top - corner[0], 0)
        stop = min(top + height - corner[0], len(heat))
        if first >= stop:
            return
        columns = slice(left - corner[1], left - corner[1] + width)
        part = heat[first:stop, columns]
        row = corner[0] + first - top
        _, valid = self._raster.read(top + row, left, *part.shape)
        yield int(row), part if valid is None else np.where(valid, part, np.nan)


class _Strip:
    """The sums of some rows while patches come in."""

    def __init__(self, rows, columns):
        self._sum = np.zeros((rows, columns), np.float32)
        self._weight = np.zeros((rows, columns), np.float32)

    def add(self, heat, weight, column):
        place = slice(column, column + heat.shape[1])
        self._sum[:, place] += heat * weight
        self._weight[:, place] += weight

    def take(self, count):
        """The means of the first rows, which leave the strip."""
        nowhere = np.full((count, self._sum.shape[1]), np.nan, np.float32)
        known = self._weight[:count] > 0
        heat = np.divide(self._sum[:count], self._weight[:count], out=nowhere, where=known)
        for part in (self._sum, self._weight):
            part[: len(part) - count] = part[count:].copy()
            part[len(part) - count :] = 0
        return heat
