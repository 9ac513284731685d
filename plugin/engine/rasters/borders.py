"""Windows that may reach beyond a raster."""

import numpy as np

from ..windows import mirrored


class Readable:
    """What is read window by window; `_read_inside` gives a window that lies inside `grid`.

    A subclass has the attributes `grid`, `bands` (whose number counts) and `dtype`.
    """

    def read(self, row, column, height, width, border="mirror"):
        """Read a window, which may reach beyond the raster.

        Parameters
        ----------
        row, column, height, width : int
            In pixels.
        border : {"mirror", "empty"}
            Beyond the raster: mirror it at its border pixels, or 0 and not valid.

        Returns
        -------
        values : array, shape (band, row, column)
        valid : bool array, shape (row, column), or None
            None if every pixel holds data.
        """
        size = self.grid.height, self.grid.width
        if border == "mirror":
            rows = mirrored(row, row + height, size[0])
            columns = mirrored(column, column + width, size[1])
            return self._read_mirrored(rows, columns)
        return self._read_empty(row, column, height, width)

    def _read_mirrored(self, rows, columns):
        top, left = rows.min(), columns.min()
        values, valid = self._read_inside(top, left, rows.max() - top + 1, columns.max() - left + 1)
        if (np.diff(rows) == 1).all() and (np.diff(columns) == 1).all():
            return values, valid
        places = np.ix_(rows - top, columns - left)
        return values[:, places[0], places[1]], None if valid is None else valid[places]

    def _read_empty(self, row, column, height, width):
        values = np.zeros((len(self.bands), height, width), self.dtype)
        valid = np.zeros((height, width), bool)
        top, left = max(row, 0), max(column, 0)
        bottom, right = min(row + height, self.grid.height), min(column + width, self.grid.width)
        if top < bottom and left < right:
            inside = slice(top - row, bottom - row), slice(left - column, right - column)
            part, holds = self._read_inside(top, left, bottom - top, right - left)
            values[:, inside[0], inside[1]] = part
            valid[inside] = True if holds is None else holds
        return values, None if valid.all() else valid
