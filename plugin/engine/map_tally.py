"""Count what a map says, all over it and at reference places, in one pass over the raster."""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from rasterio.features import rasterize

from ..jobs.errors import JobError
from .map_pixels import blocks_of, pixel_areas, values_at
from .vectors import middle

_MOST_CLASSES = 1000
# Corners of a pixel, a little inside it: those of a polygon along the pixels still lie in it.
_CORNERS = ((-0.499, -0.499), (-0.499, 0.499), (0.499, -0.499), (0.499, 0.499))


@dataclass(frozen=True)
class Tally:
    """What was counted.

    Attributes
    ----------
    areas : dict of int to float
        Mapped area of every value: square meters, or pixels if the CRS is unknown.
    counts : dict of (int, int) to int
        Reference places by (class of the reference, value of the map).
    outside, no_data : int
        Reference places beyond the raster, and on pixels without data.
    small : int
        Polygons that hold no whole pixel: the pixel in their middle counts.
    pixels : int
        Places that are pixels of polygons.
    """

    areas: dict
    counts: dict
    outside: int = 0
    no_data: int = 0
    small: int = 0
    pixels: int = 0


def tally_classes(raster, reference, progress):
    """Count the classes of a map, all over it and at the reference.

    Parameters
    ----------
    raster : Raster
        One band of whole numbers.
    reference : Reference
        In the raster's CRS.
    progress : Progress

    Returns
    -------
    Tally

    Raises
    ------
    JobError
        If the values are no classes.
    """
    count = _Count(raster, reference)
    for row, column, height, width in blocks_of(raster.grid):
        progress(
            (row + height) / raster.grid.height, f"Row {row + height:,} of {raster.grid.height:,}"
        )
        count.add_block(row, column, height, width)
    return count.finished()


class _Count:
    """The counts while they come in."""

    def __init__(self, raster, reference):
        self._raster, self._reference = raster, reference
        self._row_areas = pixel_areas(raster.grid)
        self._boxes = [_pixel_box(rings, raster.grid) for rings in reference.polygons]
        self._hits = np.zeros(len(reference.polygons), int)
        self._areas, self._counts, self._no_data, self._pixels = {}, {}, 0, 0

    def add_block(self, row, column, height, width):
        values, valid = self._raster.read(row, column, height, width)
        valid = np.ones((height, width), bool) if valid is None else valid
        values = _as_classes(values[0], valid, self._raster.name)
        weights = np.repeat(self._row_areas[row : row + height], width).reshape(height, width)
        for value, area in _sums(values[valid], weights[valid], self._raster.name):
            self._areas[value] = self._areas.get(value, 0.0) + area
        _check_count(self._areas, self._raster.name)
        ids = self._burnt(row, column, height, width)
        if ids is not None:
            self._hits += np.bincount(ids[ids > 0] - 1, minlength=len(self._hits))
            self._pixels += int((ids > 0).sum())
            places = np.nonzero(ids)
            owners = self._reference.polygon_labels[ids[places] - 1]
            self._put(owners, values[places], valid[places])

    def finished(self):
        """The points, and polygons without a whole pixel by their middle."""
        small = np.flatnonzero(self._hits == 0)
        rings = [self._reference.polygons[place] for place in small]
        middles = np.array([middle("Polygon", r) for r in rings], float).reshape(-1, 2)
        points = np.concatenate([self._reference.points, middles])
        labels = [self._reference.point_labels]
        if len(small):
            labels.append(self._reference.polygon_labels[small])
        values, valid, inside = values_at(self._raster, points)
        values = _as_classes(values, valid, self._raster.name)
        self._put(np.concatenate(labels)[inside], values[inside], valid[inside])
        outside = int((~inside).sum())
        return Tally(
            self._areas, self._counts, outside, self._no_data, len(small), self._pixels
        )  # fmt: skip

    def _put(self, labels, values, valid):
        self._no_data += int((~valid).sum())
        pairs = np.stack([labels[valid], values[valid].astype(np.int64)], axis=1)
        for (label, value), count in zip(*np.unique(pairs, axis=0, return_counts=True)):
            key = int(label), int(value)
            self._counts[key] = self._counts.get(key, 0) + int(count)

    def _burnt(self, row, column, height, width):
        """Number (from 1) of the polygon that holds each pixel as a whole; None if there is none."""
        near = [
            place
            for place, (top, bottom, left, right) in enumerate(self._boxes)
            if top < row + height and bottom > row and left < column + width and right > column
        ]
        if not near:
            return None
        shapes = [
            ({"type": "Polygon", "coordinates": self._reference.polygons[i]}, i + 1) for i in near
        ]
        corner = self._raster.grid.transform @ Affine.translation(column, row)
        burnt = [
            rasterize(shapes, (height, width), transform=corner @ Affine.translation(x, y),
                      fill=0, dtype="int32")
            for x, y in _CORNERS
        ]  # fmt: skip
        same = np.logical_and.reduce([burnt[0] == other for other in burnt[1:]])
        return np.where(same, burnt[0], 0)


def _pixel_box(rings, grid):
    """Top, bottom, left and right of a polygon in pixels."""
    outer = np.array([place[:2] for place in rings[0]], float)
    rows, columns = grid.to_pixels(outer[:, 0], outer[:, 1])
    return rows.min(), rows.max(), columns.min(), columns.max()


def _sums(values, weights, name):
    """Sum of the weights of every value, as pairs."""
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        sums = np.bincount(values, weights)
        return [(int(value), float(sums[value])) for value in np.flatnonzero(sums)]
    known, places = np.unique(values, return_inverse=True)
    _check_count(known, name)
    sums = np.bincount(places, weights, minlength=len(known))
    return list(zip(map(int, known), map(float, sums), strict=True))


def _check_count(classes, name):
    if len(classes) > _MOST_CLASSES:
        raise _not_classes(name, f"more than {_MOST_CLASSES:,} values")


def _as_classes(values, valid, name):
    """Values as whole numbers; refused if they are none."""
    if values.dtype.kind != "f":
        return values
    held = values[valid]
    if held.size and not (held == np.round(held)).all():
        raise _not_classes(name, f"values such as {held[held != np.round(held)][0]:.4g}")
    return np.where(valid, values, 0).astype(np.int64)


def _not_classes(name, what):
    return JobError(
        f'"{name}" holds {what}: it is no raster of classes.',
        "Choose a raster of classes, or Content: probability for a map of favorability.",
    )


def tally_levels(raster, levels, progress):
    """Area of a raster that scores below, exactly as and above some levels.

    Parameters
    ----------
    raster : Raster
    levels : ndarray, shape (n,)
        Ascending, all different.
    progress : Progress

    Returns
    -------
    below, equal, above : ndarray, shape (n,)
    """
    areas = pixel_areas(raster.grid)
    between, equal = np.zeros(len(levels) + 1), np.zeros(len(levels))
    for row, column, height, width in blocks_of(raster.grid):
        progress(
            (row + height) / raster.grid.height, f"Row {row + height:,} of {raster.grid.height:,}"
        )
        values, valid = raster.read(row, column, height, width)
        keep = np.ones((height, width), bool) if valid is None else valid
        values, weights = values[0][keep], np.broadcast_to(areas[row : row + height, None], keep.shape)[keep]  # fmt: skip
        left = np.searchsorted(levels, values, "left")
        same = left < np.searchsorted(levels, values, "right")
        equal += np.bincount(left[same], weights[same], minlength=len(levels))
        between += np.bincount(left[~same], weights[~same], minlength=len(levels) + 1)
    reached = np.cumsum(between[:-1] + np.concatenate([[0.0], equal[:-1]]))
    return reached, equal, between.sum() + equal.sum() - reached - equal
