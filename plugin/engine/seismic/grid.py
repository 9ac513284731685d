"""The space-time grid: cells in degrees, windows in days, counts (period, row, column).

A raster's order: row 0 is the northernmost. A cell holds its western and southern edge and not
its eastern and northern one; a window holds its start and not its end.

>>> grid = SpaceTimeGrid(west=10.0, south=45.0, cell_degrees=0.5, rows=2, columns=4,
...                      start_days=0.0, window_days=7.0, periods=3)
>>> grid.cell_of([10.0, 11.9, 12.0], [45.0, 45.99, 45.5]).tolist()
[4, 3, -1]
"""

from dataclasses import dataclass
from math import atanh, floor, radians, sin, sqrt

import numpy as np

from ...jobs.errors import JobError

CRS = "EPSG:4326"
_EPS = np.finfo(float).eps
_MAJOR_KM, _FLATTENING = 6378.137, 1 / 298.257223563
_ECCENTRICITY = sqrt(_FLATTENING * (2 - _FLATTENING))
# A sliver of a cell that rounding leaves is no cell.
_SLIVER = 1e-6


@dataclass(frozen=True)
class SpaceTimeGrid:
    """Cells of equal degrees, and windows of equal days.

    Attributes
    ----------
    west, south : float
        Lower left corner in degrees. The longitudes are unwrapped: a grid over the antimeridian
        goes on beyond 180, and events there are found whatever turn their longitude is written in.
    cell_degrees : float
    rows, columns : int
    start_days : float
        Start of the first window in days since 1970-01-01 UTC.
    window_days : float
    periods : int
        Number of windows.
    """

    west: float
    south: float
    cell_degrees: float
    rows: int
    columns: int
    start_days: float
    window_days: float
    periods: int

    @property
    def east(self):
        return self.west + self.columns * self.cell_degrees

    @property
    def north(self):
        return self.south + self.rows * self.cell_degrees

    @property
    def shape(self):
        """(period, row, column)."""
        return self.periods, self.rows, self.columns

    @property
    def edges(self):
        """Starts of all windows and the end of the last, in days; shape (periods + 1,)."""
        return self.start_days + self.window_days * np.arange(self.periods + 1)

    @property
    def end_days(self):
        return float(self.edges[-1])

    def cell_of(self, longitude, latitude):
        """Index of the cell of each point, ``row * columns + column``, or -1 outside.

        Parameters
        ----------
        longitude, latitude : array_like of float

        Returns
        -------
        int64 array

        References
        ----------
        Savran et al. (2022), pyCSEP, doi:10.1785/0220220033: a point on an edge up to rounding
        belongs to the cell that begins there; without that, counts depend on the platform.
        """
        longitude, latitude = np.asarray(longitude, float), np.asarray(latitude, float)
        turns = np.floor(_steps(longitude, self.west, 360.0))
        column = np.floor(_steps(longitude - 360 * turns, self.west, self.cell_degrees))
        upward = np.floor(_steps(latitude, self.south, self.cell_degrees))
        inside = (column >= 0) & (column < self.columns) & (upward >= 0) & (upward < self.rows)
        index = (self.rows - 1 - upward) * self.columns + column
        return np.where(inside, index, -1).astype(np.int64)

    def period_of(self, days):
        """Index of the window of each moment, or -1 outside."""
        period = np.searchsorted(self.edges, np.asarray(days, float), side="right") - 1
        return np.where(period < self.periods, period, -1)

    def locate(self, catalog):
        """Window and cell of every event, each -1 where it lies outside.

        Returns
        -------
        period, cell : int64 arrays, shape (events,)
        """
        return self.period_of(catalog.days), self.cell_of(catalog.longitude, catalog.latitude)

    def count(self, catalog):
        """Count the events of a catalog.

        Returns
        -------
        int32 array, shape (period, row, column)
        """
        period, cell = self.locate(catalog)
        inside = (period >= 0) & (cell >= 0)
        flat = period[inside] * (self.rows * self.columns) + cell[inside]
        counts = np.zeros(self.periods * self.rows * self.columns, np.int32)
        places, found = np.unique(flat, return_counts=True)
        counts[places] = found
        return counts.reshape(self.shape)

    def cell_areas_km2(self):
        """Areas on the WGS84 ellipsoid; shape (row, column), all columns of a row alike."""
        edges = self.north - self.cell_degrees * np.arange(self.rows + 1)
        zones = np.array([_zone_km2(latitude) for latitude in np.clip(edges, -90, 90)])
        each = (zones[:-1] - zones[1:]) * radians(self.cell_degrees)
        return np.repeat(each[:, None], self.columns, axis=1)

    def centers(self):
        """Longitudes (unwrapped) and latitudes of the middles; each of shape (row, column)."""
        longitude = self.west + self.cell_degrees * (np.arange(self.columns) + 0.5)
        latitude = self.north - self.cell_degrees * (np.arange(self.rows) + 0.5)
        return tuple(np.meshgrid(longitude, latitude))

    def during(self, start_days, periods):
        """The same cells with other windows of the same length."""
        return SpaceTimeGrid(
            self.west, self.south, self.cell_degrees, self.rows, self.columns,
            start_days, self.window_days, periods,
        )  # fmt: skip


def lay_out(extent, cell_degrees, start_days, end_days, window_days):
    """Make the grid of whole cells that cover an extent, and whole windows inside a time span.

    Parameters
    ----------
    extent : sequence of float
        (west, east, south, north) in degrees; the cells' edges are multiples of their size.
    cell_degrees, window_days : float
    start_days, end_days : float
        The first window begins at the start; what is left at the end is no window.

    Raises
    ------
    JobError
        If the extent leaves the Earth, cells would reach beyond a pole or not close around the
        Earth, or the span is shorter than a window.
    """
    west, east, south, north = extent
    if south < -90 - _SLIVER or north > 90 + _SLIVER or east - west > 360 + _SLIVER:
        raise JobError(
            f"The extent {west:g} to {east:g}, {south:g} to {north:g} is not on the Earth.",
            "Give it in degrees of longitude and latitude.",
        )
    left, columns = _snapped(west, east, cell_degrees)
    bottom, rows = _snapped(max(south, -90), min(north, 90), cell_degrees)
    columns = _around_once(columns, cell_degrees)
    _refuse_beyond_poles(bottom, rows, cell_degrees)
    periods = floor((end_days - start_days) / window_days + _SLIVER)
    if periods < 1:
        raise JobError(
            f"From start to end are {max(end_days - start_days, 0):g} days, less than one window "
            f"of {window_days:g} days.",
            "Choose a later end or a shorter window.",
        )
    return SpaceTimeGrid(
        left, bottom, cell_degrees, rows, columns, start_days, window_days, periods
    )


def _around_once(columns, cell_degrees):
    """How many columns there are; around the Earth the last one must end where the first begins."""
    around = 360 / cell_degrees
    if columns < around - _SLIVER:
        return columns
    if abs(around - round(around)) > _SLIVER:
        raise JobError(
            f"The cells go around the Earth, and {cell_degrees:g} degrees do not divide 360: the "
            "last column would overlap the first.",
            "Choose a CELL_SIZE that divides 360, such as 0.5, or a narrower EXTENT.",
        )
    return round(around)


def _refuse_beyond_poles(south, rows, cell_degrees):
    north = south + rows * cell_degrees
    beyond = [edge for edge in (south, north) if abs(edge) > 90 + _SLIVER]
    if beyond:
        raise JobError(
            f"Cells of {cell_degrees:g} degrees with edges on multiples of it would reach beyond "
            f"the pole, to {beyond[0]:g} degrees of latitude.",
            "Choose a CELL_SIZE that divides 90, such as 0.5, or an EXTENT that ends at "
            f"{abs(beyond[0]) - cell_degrees:g} degrees.",
        )


def extent_of(catalog):
    """The smallest extent (west, east, south, north) with all events, over the antimeridian if so.

    Cells hold no event on the very east or north of it, where that is a multiple of their size:
    beyond may be no data.
    """
    longitude = np.sort(catalog.longitude)
    gaps = np.diff(np.append(longitude, longitude[0] + 360))
    widest = int(np.argmax(gaps))
    if widest == len(longitude) - 1:
        west, east = longitude[0], longitude[-1]
    else:
        west, east = longitude[widest + 1], longitude[widest] + 360
    south, north = catalog.latitude.min(), catalog.latitude.max()
    return float(west), float(east), float(south), float(north)


def _steps(position, origin, step):
    """How many steps lie between origin and position, rounding forgiven.

    What rounding may have taken from a position, the origin and the step is given back.
    """
    lost = (np.abs(position) + abs(origin)) * _EPS
    return (position - origin + lost) / (step * (1 - _EPS))


def _snapped(low, high, step):
    first, last = floor(low / step + _SLIVER), -floor(-high / step + _SLIVER)
    return round(first * step, 10), max(last - first, 1)


def _zone_km2(latitude):
    """Area from the equator to a latitude for a radian of longitude, on the ellipsoid."""
    sine, e = sin(radians(latitude)), _ECCENTRICITY
    minor = _MAJOR_KM * (1 - _FLATTENING)
    return minor**2 / 2 * (atanh(e * sine) / e + sine / (1 - (e * sine) ** 2))
