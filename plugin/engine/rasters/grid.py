"""Where the cells of a raster lie on the ground."""

from dataclasses import dataclass
from functools import lru_cache
from math import atan, ceil, cos, exp, floor, pi, radians, sqrt

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

_DEGREE_M = 111_320.0
_EARTH_RADIUS_M = 6_378_137.0


@dataclass(frozen=True)
class Grid:
    """Rows and columns on the ground.

    Attributes
    ----------
    width, height : int
        Number of columns and rows.
    transform : affine.Affine
        From (column, row) of a cell's upper left corner to (easting, northing); any rotation.
    crs : rasterio.crs.CRS or None
    """

    width: int
    height: int
    transform: Affine
    crs: object = None

    @property
    def unit(self):
        """The unit of the coordinates in words, such as ``"degrees"`` or ``"m"``."""
        if not self.crs:
            return "map units"
        if self.crs.is_geographic:
            return "degrees"
        name = self.crs.linear_units.lower()
        return "m" if name in ("metre", "meter") else name

    def part(self, row, column, height, width):
        """The grid of a window, in cells of this grid; it may reach beyond the border."""
        return Grid(width, height, self.transform @ Affine.translation(column, row), self.crs)

    def coarser(self, factor, height, width):
        """A grid of the same corner, whose cells are `factor` times as long and wide."""
        return Grid(width, height, self.transform @ Affine.scale(factor), self.crs)

    def finer(self, factor):
        """A grid of the same ground, with `factor` x `factor` cells in each of this one's."""
        transform = self.transform @ Affine.scale(1 / factor)
        return Grid(self.width * factor, self.height * factor, transform, self.crs)

    def to_pixels(self, eastings, northings):
        """Rows and columns (fractions count from the upper left corner) of points."""
        columns, rows = ~self.transform @ (np.asarray(eastings), np.asarray(northings))
        return rows, columns

    def to_ground(self, rows, columns):
        """Eastings and northings of rows and columns."""
        return self.transform @ (np.asarray(columns), np.asarray(rows))

    def window_of(self, extent):
        """Snap a rectangle to whole pixels inside the grid.

        Parameters
        ----------
        extent : sequence of float
            (xmin, xmax, ymin, ymax) in the CRS of the grid.

        Returns
        -------
        row, column, height, width : int
            The smallest window that covers the rectangle's part inside the grid; height or
            width is 0 if there is none. A sliver of a millionth of a pixel does not count.
        """
        return self.window_around([extent[0], extent[1]] * 2, np.repeat(extent[2:4], 2))

    def window_around(self, eastings, northings):
        """Snap the rectangle around points to whole pixels inside the grid; see `window_of`."""
        rows, columns = self.to_pixels(eastings, northings)
        top, bottom = _snapped(rows, self.height)
        left, right = _snapped(columns, self.width)
        return top, left, max(bottom - top, 0), max(right - left, 0)

    def outline(self):
        """The corners as a closed ring of [easting, northing], upper left first."""
        corners = ((0, 0), (0, self.height), (self.width, self.height), (self.width, 0), (0, 0))
        return [[float(v) for v in self.transform @ corner] for corner in corners]


def _snapped(positions, size):
    first, last = floor(positions.min() + 1e-6), ceil(positions.max() - 1e-6)
    return max(first, 0), min(last, size)


@lru_cache
def crs_of(text):
    """The reference system of a WKT text, None if there is none or it cannot be understood."""
    try:
        return CRS.from_wkt(text) if text else None
    except CRSError:
        return None


def ground_sample_distance(grid):
    """Side of a pixel in meters at the middle of a grid, None if the CRS is unknown.

    Degrees, and the stretched meters of Mercator maps, are brought to the ground.

    Parameters
    ----------
    grid : Grid or rasterio dataset

    Returns
    -------
    float or None
    """
    crs, transform = grid.crs, grid.transform
    if not crs:
        return None
    side = sqrt(abs(transform.determinant))
    _, northing = transform @ (grid.width / 2, grid.height / 2)
    if crs.is_geographic:
        return side * _DEGREE_M * sqrt(abs(cos(radians(northing))))
    try:
        side *= crs.linear_units_factor[1]
    except CRSError:
        return None  # such as geocentric coordinates: no pixel lies on the ground
    if "mercator" in crs.to_wkt().lower().replace("transverse_mercator", ""):
        latitude = 2 * atan(exp(northing / _EARTH_RADIUS_M)) - pi / 2
        return side * cos(latitude)
    return side
