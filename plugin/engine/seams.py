"""Lay the results of windows side by side, or blend them where neighbors overlap.

In the overlap the weight of a window falls along a line from 1 to 0 while its neighbor's rises, so
the weights of all windows over a pixel sum to 1. What is kept meanwhile is as large as the
overlaps along one strip and one window; it does not grow with the number of strips.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Piece:
    """A finished part of the result.

    Attributes
    ----------
    row, column : int
        Its upper left, in pixels of the result counted from the area's corner.
    values : float32 array, shape (channel, row, column)
    strip : int
        Number of the layout's strip with which it was finished.
    """

    row: int
    column: int
    values: np.ndarray
    strip: int = 0


class Seams:
    """Puts the results of a layout's windows together; they must come in the layout's order.

    Parameters
    ----------
    layout : Layout
    watch : callable, optional
        ``watch(first, second)`` is given what two neighbors in a strip say of the same pixels,
        before they are blended: arrays (channel, row, column).
    """

    def __init__(self, layout, watch=None):
        self._layout, self._watch = layout, watch
        self._shared = 2 * layout.margin * layout.scale
        self._beside = self._beside_raw = self._above = None

    def add(self, window, values):
        """Add the result of a window.

        Parameters
        ----------
        window : Window
        values : float32 array, shape (channel, row, column)
            Of its core and the layout's margin around it; may be written over.

        Returns
        -------
        Piece or None
            What is finished now; None if no pixel of it lies in the area.
        """
        if self._shared:
            values = self._blended_rows(window, self._blended_columns(window, values))
        return self._inside(window, values)

    def _blended_columns(self, window, values):
        """Blend with the neighbor on the left; keep what the one on the right will share."""
        shared, raw = self._shared, values[..., -self._shared :].copy()
        if not window.first_column:
            if self._watch is not None:
                self._watch(self._beside_raw, values[..., :shared])
            values[..., :shared] *= self._rise()
            values[..., :shared] += self._beside
        if window.last_column:
            return values
        self._beside_raw, self._beside = raw, values[..., -shared:] * self._rise()[::-1]
        return values[..., :-shared]

    def _blended_rows(self, window, values):
        """Blend with the strip above; keep what the one below will share."""
        shared, left = self._shared, self._left(window)
        part = np.s_[..., left : left + values.shape[-1]]
        if not window.first_row:
            values[:, :shared] *= self._rise()[:, None]
            values[:, :shared] += self._above[part]
        if window.last_row:
            return values
        if self._above is None:
            columns = self._layout.columns
            width = (columns[-1] - columns[0] + self._layout.core) * self._layout.scale + shared
            self._above = np.zeros((len(values), shared, width), np.float32)
        self._above[part] = values[:, -shared:] * self._rise()[::-1, None]
        return values[:, :-shared]

    def _rise(self):
        return ((np.arange(self._shared) + 0.5) / self._shared).astype(np.float32)

    def _left(self, window):
        return (window.column - self._layout.columns[0]) * self._layout.scale

    def _inside(self, window, values):
        """The part of a finished result that lies in the area."""
        layout = self._layout
        row, column = (
            (start - layout.margin - first) * layout.scale
            for start, first in zip((window.row, window.column), layout.area[:2], strict=True)
        )
        height, width = (size * layout.scale for size in layout.area[2:])
        top, left = max(-row, 0), max(-column, 0)
        values = values[:, top : max(height - row, 0), left : max(width - column, 0)]
        if not values.size:
            return None
        return Piece(row + top, column + left, values, window.strip)
