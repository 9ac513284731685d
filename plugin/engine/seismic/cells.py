"""The cells of a grid as kernels see them, the windows of a span, and the cells with events."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .kernels import KM_PER_DEGREE


@dataclass(frozen=True)
class Cells:
    """Rows and columns in degrees.

    Attributes
    ----------
    grid : SpaceTimeGrid
    """

    grid: object

    @property
    def shape(self):
        """(row, column)."""
        return self.grid.rows, self.grid.columns

    @cached_property
    def latitude_edges(self):
        """From north to south, shape (row + 1,)."""
        return self.grid.north - self.grid.cell_degrees * np.arange(self.grid.rows + 1)

    @cached_property
    def longitude_edges(self):
        """From west to east, unwrapped, shape (column + 1,)."""
        return self.grid.west + self.grid.cell_degrees * np.arange(self.grid.columns + 1)

    @cached_property
    def area_shares(self):
        """Share of the area in every cell, (row, column)."""
        areas = self.grid.cell_areas_km2()
        return areas / areas.sum()

    @cached_property
    def side_km(self):
        """Side of a square as large as a cell in the middle of the grid."""
        middle = np.radians((self.grid.south + self.grid.north) / 2)
        return self.grid.cell_degrees * KM_PER_DEGREE * float(np.sqrt(max(np.cos(middle), 0.1)))

    @cached_property
    def reach_km(self):
        """Length of the grid's diagonal, nearly."""
        middle = np.radians((self.grid.south + self.grid.north) / 2)
        width = (self.grid.east - self.grid.west) * max(float(np.cos(middle)), 0.1)
        return KM_PER_DEGREE * float(np.hypot(width, self.grid.north - self.grid.south))

    def unwrapped(self, catalog):
        """A catalog with its longitudes in the turn that lies nearest to the grid."""
        middle = (self.grid.west + self.grid.east) / 2
        longitude = middle + (catalog.longitude - middle + 180) % 360 - 180
        return type(catalog)(
            catalog.days, longitude, catalog.latitude, catalog.depth_km, catalog.magnitude,
            catalog.ids,
        )  # fmt: skip

    def near(self, catalog, km):
        """The events in the grid or within a distance of its edge, nearly."""
        north = km / KM_PER_DEGREE
        east = north / np.maximum(np.cos(np.radians(catalog.latitude)), 0.1)
        inside = (catalog.latitude > self.grid.south - north) & (
            catalog.latitude < self.grid.north + north
        )
        inside &= (catalog.longitude > self.grid.west - east) & (
            catalog.longitude < self.grid.east + east
        )
        return catalog if inside.all() else catalog.where(inside)


@dataclass(frozen=True)
class Targets:
    """The cells of windows in which events were, in the order of time.

    Attributes
    ----------
    window, row, column : int arrays, shape (target,)
    count : float array, shape (target,)
        Events in each, at least 1.
    """

    window: np.ndarray
    row: np.ndarray
    column: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, grid, catalog):
        """Count the events of a catalog in the windows and cells of a grid."""
        window, cell = grid.locate(catalog)
        inside = (window >= 0) & (cell >= 0)
        flat, count = np.unique(
            window[inside] * (grid.rows * grid.columns) + cell[inside], return_counts=True
        )
        window, cell = np.divmod(flat, grid.rows * grid.columns)
        row, column = np.divmod(cell, grid.columns)
        return cls(window, row, column, count.astype(float))

    def __len__(self):
        return len(self.window)

    def where(self, mask):
        """The targets where a mask holds."""
        return Targets(self.window[mask], self.row[mask], self.column[mask], self.count[mask])
