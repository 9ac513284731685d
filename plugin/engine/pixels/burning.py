"""Burn labels into windows of a grid: polygons, lines with a width, points with a radius."""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from rasterio.features import rasterize
from scipy.ndimage import distance_transform_edt

from ..vectors import pieces

NOTHING = -1
_THIN = 2.0  # pixels; a polygon that thin may hold the middle of no pixel
_HALF_PIXEL = 0.5
_DIAGONAL = 0.7072


@dataclass(frozen=True)
class Shape:
    """A piece of a label in pixels of a grid.

    Attributes
    ----------
    kind : {"Polygon", "LineString", "Point"}
    rings : list of float array, shape (n, 2)
        Columns and rows of the outline and the holes, of a line, or of a point.
    label : int
        Class, counted from 0.
    unit : int
        Number of the label that it is a piece of.
    box : tuple of float
        (top, left, bottom, right) of the ground that it labels.
    """

    kind: str
    rings: list
    label: int
    unit: int
    box: tuple

    def touches(self, row, column, height, width):
        """Whether its box touches a window."""
        top, left, bottom, right = self.box
        return top < row + height and bottom > row and left < column + width and right > column


@dataclass(frozen=True)
class Brush:
    """How labels become ground, in pixels: half a line's width, a point's radius, the ground
    left out along the border of polygons."""

    line: float = 1.0
    point: float = 1.0
    inner_buffer: float = 0.0


def make_shapes(features, labels, grid, brush):
    """Take labels apart and bring them to a grid.

    Parameters
    ----------
    features : list of Feature
        In the grid's CRS.
    labels : sequence of int
        Class of every feature.
    grid : Grid
    brush : Brush

    Returns
    -------
    list of Shape
        Pieces with coordinates that are not finite are left out.
    """
    shapes = []
    for unit, (feature, label) in enumerate(zip(features, labels, strict=True)):
        for kind, coordinates in pieces(feature.geometry):
            rings = {"Point": [[coordinates]], "LineString": [[coordinates]]}
            rings = [coordinates] if kind == "LineString" else coordinates
            rings = [[coordinates]] if kind == "Point" else rings
            rings = [_to_pixels(ring, grid) for ring in rings]
            if rings and all(np.isfinite(ring).all() and len(ring) for ring in rings):
                shapes.append(Shape(kind, rings, int(label), unit, _box(kind, rings, brush)))
    return shapes


def _to_pixels(ring, grid):
    places = np.array([place[:2] for place in ring], float).reshape(-1, 2)
    rows, columns = grid.to_pixels(places[:, 0], places[:, 1])
    return np.stack([columns, rows], axis=1)


def _box(kind, rings, brush):
    reach = {"Polygon": 0.0, "LineString": brush.line, "Point": brush.point}[kind] + 1
    low, high = rings[0].min(axis=0) - reach, rings[0].max(axis=0) + reach
    return low[1], low[0], high[1], high[0]


def burn(shapes, row, column, height, width, brush):
    """Burn shapes into a window.

    Ground that labels of two classes claim is left without label.

    Parameters
    ----------
    shapes : list of Shape
    row, column, height, width : int
    brush : Brush

    Returns
    -------
    labels : int16 array, shape (height, width)
        Class, or -1.
    units : int32 array, shape (height, width)
        Number of the label, or -1.
    contested : int
        Pixels that two classes claim.
    """
    margin = int(np.ceil(brush.inner_buffer)) + 2 if brush.inner_buffer > _HALF_PIXEL else 0
    top, left = row - margin, column - margin
    size = height + 2 * margin, width + 2 * margin
    window = _Window(top, left, *size)
    inside = [shape for shape in shapes if shape.touches(top, left, *size)]
    for label in sorted({shape.label for shape in inside}):
        window.claim_polygons([s for s in inside if s.kind == "Polygon" and s.label == label])
    if margin:
        window.erode(brush.inner_buffer)
    for shape in inside:
        if shape.kind != "Polygon":
            window.claim(_near(shape, window, brush), shape.label, shape.unit)
    cut = slice(margin, margin + height), slice(margin, margin + width)
    window.labels[window.contested] = window.units[window.contested] = NOTHING
    return window.labels[cut], window.units[cut], int(window.contested[cut].sum())


class _Window:
    """The pixels of a window while labels are burnt into it."""

    def __init__(self, top, left, height, width):
        self.top, self.left, self.shape = top, left, (height, width)
        self.labels = np.full(self.shape, NOTHING, np.int16)
        self.units = np.full(self.shape, NOTHING, np.int32)
        self.contested = np.zeros(self.shape, bool)

    def claim_polygons(self, shapes):
        """Claim the ground of the polygons of one class."""
        for touched in (False, True):
            some = [shape for shape in shapes if _is_thin(shape) == touched]
            if some:
                burnt = self._rasterized(some, touched)
                self._take(burnt != NOTHING, some[0].label, burnt)

    def _rasterized(self, shapes, touched):
        geometries = [
            (
                {"type": "Polygon", "coordinates": [ring.tolist() for ring in shape.rings]},
                shape.unit,
            )
            for shape in shapes
        ]
        corner = Affine.translation(self.left, self.top)
        return rasterize(
            geometries, self.shape, fill=NOTHING, transform=corner, all_touched=touched,
            dtype="int32",
        )  # fmt: skip

    def claim(self, part, label, unit):
        """Claim a part of the window, (first row, first column, mask)."""
        if part is None:
            return
        top, left, mask = part
        whole = np.zeros(self.shape, bool)
        whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
        self._take(whole, label, np.full(self.shape, unit, np.int32))

    def _take(self, mask, label, units):
        self.contested |= mask & (self.labels != NOTHING) & (self.labels != label)
        self.labels[mask] = label
        self.units[mask] = units[mask]

    def erode(self, distance):
        """Take the label from pixels nearer to another class or to no label than a distance."""
        edge = np.zeros(self.shape, bool)
        for axis in (0, 1):
            here, there = _pair(self.labels, axis)
            differs = here != there
            for side in _pair(edge, axis):
                side |= differs
        if edge.any():
            near = distance_transform_edt(~edge) + _HALF_PIXEL < distance
            self.labels[near] = self.units[near] = NOTHING


def _pair(values, axis):
    """All pixels that have a next one along an axis, and these next ones."""
    count = values.shape[axis]
    first, last = [slice(None)] * 2, [slice(None)] * 2
    first[axis], last[axis] = slice(0, count - 1), slice(1, count)
    return values[tuple(first)], values[tuple(last)]


def _is_thin(shape):
    low, high = shape.rings[0].min(axis=0), shape.rings[0].max(axis=0)
    return bool((high - low).min() < _THIN)


def _near(shape, window, brush):
    """The part of a window near a line or a point."""
    radius = max(brush.line, _DIAGONAL) if shape.kind == "LineString" else brush.point
    top = max(int(np.floor(shape.box[0])), window.top)
    left = max(int(np.floor(shape.box[1])), window.left)
    bottom = min(int(np.ceil(shape.box[2])), window.top + window.shape[0])
    right = min(int(np.ceil(shape.box[3])), window.left + window.shape[1])
    if top >= bottom or left >= right:
        return None
    rows, columns = np.mgrid[top:bottom, left:right] + _HALF_PIXEL
    mask = np.zeros(rows.shape, bool)
    line = shape.rings[0]
    for start, stop in zip(line, line[1:] if len(line) > 1 else line, strict=False):
        mask |= _distance(rows, columns, start, stop) <= radius
    if shape.kind == "Point":  # its own pixel, however small the radius
        mask |= (np.floor(line[0, 1]) == rows - _HALF_PIXEL) & (
            np.floor(line[0, 0]) == columns - _HALF_PIXEL
        )
    return top - window.top, left - window.left, mask


def _distance(rows, columns, start, stop):
    """Distance of places to a stretch of line; places are (column, row)."""
    along = stop - start
    length = float(along @ along)
    share = ((columns - start[0]) * along[0] + (rows - start[1]) * along[1]) / max(length, 1e-12)
    share = np.clip(share, 0, 1)
    return np.hypot(columns - start[0] - share * along[0], rows - start[1] - share * along[1])
