"""The pixels of a map: how large they are, block after block, and at points."""

import numpy as np

from .rasters import ground_sample_distance

_BLOCK_PIXELS = 2**22
_BLOCK_SIDE = 4096
_GSD_ROWS = 256


def pixel_areas(grid):
    """Area of a pixel in every row: square meters, or 1 if the CRS is unknown.

    In degrees, and on Mercator maps, pixels of one raster differ.

    Returns
    -------
    ndarray, shape (row,)
    """
    rows = np.unique(np.linspace(0, grid.height - 1, _GSD_ROWS).astype(int))
    sides = [ground_sample_distance(grid.part(int(row), 0, 1, grid.width)) for row in rows]
    if None in sides:
        return np.ones(grid.height)
    return np.interp(np.arange(grid.height), rows, np.square(sides))


def blocks_of(grid):
    """Windows (row, column, height, width) that cover a grid."""
    width = min(grid.width, _BLOCK_SIDE)
    height = max(_BLOCK_PIXELS // width // 256 * 256, 256)
    for row in range(0, grid.height, height):
        for column in range(0, grid.width, width):
            yield row, column, min(height, grid.height - row), min(width, grid.width - column)


def values_at(raster, points):
    """Values of a raster's first band at points.

    Parameters
    ----------
    raster : Raster
    points : ndarray, shape (n, 2)
        Eastings and northings.

    Returns
    -------
    values : ndarray, shape (n,)
        0 outside.
    valid : bool ndarray, shape (n,)
        False outside, and where there is no data.
    inside : bool ndarray, shape (n,)
    """
    grid = raster.grid
    rows, columns = grid.to_pixels(points[:, 0], points[:, 1])
    inside = (rows >= 0) & (rows < grid.height) & (columns >= 0) & (columns < grid.width)
    values, valid = np.zeros(len(points), raster.dtype), np.zeros(len(points), bool)
    order = np.lexsort((columns, rows // 256))
    for place in order[inside[order]]:
        value, holds = raster.read(int(rows[place]), int(columns[place]), 1, 1)
        values[place], valid[place] = value[0, 0, 0], holds is None
    return values, valid, inside
