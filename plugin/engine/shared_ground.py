"""Which parts of rasters and images lie on the same ground, so that no split may show it to both sides."""

import numpy as np

from ..jobs.errors import JobError
from .groups import block_groups
from .rasters.warped import ground_boxes

_PARTS = 5  # places are as large as there are enough of them to keep a fifth apart
_TOUCHING = 1e-9  # neighbors with a common border share nothing


def placed_grids(grids):
    """Leave the grids that lie somewhere on the ground.

    Parameters
    ----------
    grids : list of Grid or None
        Of rasters or images; None for one without georeferencing.

    Returns
    -------
    list of Grid or None
        Coordinates without a reference system count among themselves, if no grid has one and they
        are not all the same.
    """
    corners = {grid and (grid.transform.c, grid.transform.f) for grid in grids}
    if any(grid and grid.crs for grid in grids):
        return [grid if grid and grid.crs else None for grid in grids]
    # Many at one corner only have a pixel size: that is no place.
    return list(grids) if 2 * len(corners) > len(grids) else [None] * len(grids)


def shared_ground(grids, places):
    """Find rectangles of different rasters or images that lie on the same ground.

    Parameters
    ----------
    grids : list of Grid or None
        None for one that has no place.
    places : list of (int, tuple of int)
        Number of the grid, and row, column, height and width in its pixels.

    Returns
    -------
    pairs : numpy.ndarray of int, shape (N, 2)
        Rectangles that share ground.
    shares : numpy.ndarray, shape (N,)
        How much, of the smaller one.
    """
    placed, boxes = _boxes(grids, places)
    owners = np.array([places[n][0] for n in placed], int)
    if len(np.unique(owners)) < 2:
        return np.zeros((0, 2), int), np.zeros(0)
    order = np.argsort(boxes[:, 0], kind="stable")
    boxes, owners, placed = boxes[order], owners[order], placed[order]
    found = [_beside(place, boxes, owners) for place in range(len(placed))]
    pairs = np.concatenate([pair for pair, _ in found])
    return placed[pairs], np.concatenate([share for _, share in found])


def _boxes(grids, places):
    """The rectangles that have a place; their west, south, east and north in one reference system."""
    placed = [n for n, (number, _) in enumerate(places) if grids[number] is not None]
    if not placed:
        return np.zeros(0, int), np.zeros((0, 4))
    parts = [grids[places[n][0]].part(*places[n][1]) for n in placed]
    boxes = ground_boxes(parts, parts[0].crs)
    known = np.isfinite(boxes).all(axis=1)
    return np.array(placed)[known], boxes[known]


def _beside(place, boxes, owners):
    """The rectangles of others, sorted by their west, that share ground with one, and how much."""
    last = max(np.searchsorted(boxes[:, 0], boxes[place, 2]), place + 1)
    low = np.maximum(boxes[place, :2], boxes[place:last, :2])
    high = np.minimum(boxes[place, 2:], boxes[place:last, 2:])
    sizes = np.prod(boxes[place:last, 2:] - boxes[place:last, :2], axis=1)
    shares = np.prod(np.maximum(high - low, 0), axis=1) / np.minimum(sizes, sizes[0])
    others = np.flatnonzero((owners[place:last] != owners[place]) & (shares > _TOUCHING))
    return np.stack([np.full(len(others), place), place + others], 1), shares[others]


def ground_squares(grids, places):
    """Group rectangles by squares of the ground that are larger than they.

    Parameters
    ----------
    grids, places
        See `shared_ground`.

    Returns
    -------
    numpy.ndarray of int, shape (len(places),)
        Those without a place are alone; so are all that lie in one place.
    """
    groups = np.arange(len(places))
    placed, boxes = _boxes(grids, places)
    if not len(placed):
        return groups
    middles, reach = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max() / 2
    try:
        squares = block_groups(middles, reach, _PARTS, np.zeros(len(placed), int))[0]
    except JobError:  # all in one place
        return groups
    groups[placed] = len(places) + squares
    return groups
