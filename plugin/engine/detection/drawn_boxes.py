"""Boxes from the polygons of a layer, on one or several rasters."""

import os
from collections import Counter

import numpy as np
from rasterio.warp import transform_geom

from ...jobs.errors import JobError
from ..class_names import classes_of
from ..rasters.grid import crs_of
from ..vectors import pieces, read_features

LEAST_SIDE = 2.0  # pixels
LEAST_INSIDE = 0.3
ONE_CLASS = "object"
_WHY = {
    "NULL": ("feature has no class", "features have no class"),
    "no polygon": ("feature is no polygon", "features are no polygons"),
    "small": (
        f"box is less than {LEAST_SIDE:.0f} pixels wide or high",
        f"boxes are less than {LEAST_SIDE:.0f} pixels wide or high",
    ),
    "outside": (
        "box lies outside the rasters or the mapped area",
        "boxes lie outside the rasters or the mapped area",
    ),
}


def draw_boxes(path, class_field, scenes, areas, crs):
    """Give every scene the boxes of the polygons that lie in its mapped area.

    Parameters
    ----------
    path : str
        GeoJSON file of polygons.
    class_field : str
        Empty if all are of one class.
    scenes : list of Scene
        Their ``boxes`` and ``labels`` are set.
    areas : list of (row, column, height, width)
        What is mapped of every scene; boxes that reach out of it are cut.
    crs : rasterio.crs.CRS or None
        Of the first scene; the polygons come in it.

    Returns
    -------
    class_names : list of str
    warnings : list of str

    Raises
    ------
    JobError
        If there is no usable polygon.
    """
    features = read_features(path, crs)
    _check_field(features, class_field, path)
    left_out = Counter()
    named = _named_polygons(features, class_field, left_out)
    names = sorted({name for name, _ in named})
    used = np.zeros(len(named), bool)
    small = np.zeros(len(named), bool)
    for scene, area in zip(scenes, areas, strict=True):
        boxes = _pixel_boxes([ring for _, ring in named], scene, crs)
        cut, fits, tiny = _cut(boxes, area)
        used |= fits
        small |= tiny
        scene.boxes = cut[fits]
        scene.labels = np.array([names.index(named[i][0]) for i in np.flatnonzero(fits)], int)
    left_out["small"] += int((small & ~used).sum())
    left_out["outside"] += int((~small & ~used).sum())
    warnings = [_left_out(why, count) for why, count in left_out.items() if count]
    _check_any(used, features, warnings, path)
    present = sorted({int(label) for scene in scenes for label in scene.labels})
    for scene in scenes:
        scene.labels = np.searchsorted(present, scene.labels)
    return [names[label] for label in present], warnings


def _left_out(why, count):
    words, pronoun = (_WHY[why][0], "it is") if count == 1 else (_WHY[why][1], "they are")
    return f"{count:,} {words}; {pronoun} left out."


def _layer_name(path):
    """QGIS hands a layer over as a GeoJSON file that has its name."""
    return os.path.splitext(os.path.basename(path))[0]


def _check_field(features, class_field, path):
    if class_field and features and not any(class_field in f.properties for f in features):
        raise JobError(
            f'"{_layer_name(path)}" has no field "{class_field}".',
            f"Choose one of: {', '.join(features[0].properties) or 'none'}.",
        )


def _named_polygons(features, class_field, left_out):
    """The class and the outer ring (n, 2) of every polygon."""
    named = []
    names = classes_of(features, class_field) if class_field else [ONE_CLASS] * len(features)
    for feature, name in zip(features, names, strict=True):
        rings = [part[0] for kind, part in pieces(feature.geometry) if kind == "Polygon" and part]
        if not name:
            left_out["NULL"] += 1
        elif not rings:
            left_out["no polygon"] += 1
        else:
            named += [(name, np.array([place[:2] for place in ring], float)) for ring in rings]
    return named


def _pixel_boxes(rings, scene, crs):
    """Bounding boxes (n, 4) of rings in a scene's pixels."""
    boxes = np.zeros((len(rings), 4))
    own = crs_of(scene.crs)
    for number, ring in enumerate(rings):
        if crs and own and own != crs:
            shape = {"type": "Polygon", "coordinates": [ring.tolist()]}
            ring = np.array(transform_geom(crs, own, shape)["coordinates"][0], float)
        columns, rows = ~scene.ground @ (ring[:, 0], ring[:, 1])
        boxes[number] = columns.min(), rows.min(), columns.max(), rows.max()
    return boxes


def _cut(boxes, area):
    """Boxes cut to an area, which of them are used, and which are too small."""
    row, column, height, width = area
    low, high = np.array([column, row] * 2), np.array([column + width, row + height] * 2)
    cut = np.clip(boxes, low, high)
    sides, whole = cut[:, 2:] - cut[:, :2], boxes[:, 2:] - boxes[:, :2]
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = np.nan_to_num(sides.prod(1) / whole.prod(1))
    finite = np.isfinite(boxes).all(axis=1)
    tiny = finite & (whole < LEAST_SIDE).any(axis=1)
    fits = finite & ~tiny & (inside >= LEAST_INSIDE) & (sides >= LEAST_SIDE).all(axis=1)
    return cut, fits, tiny


def _check_any(used, features, warnings, path):
    if not used.any():
        why = " ".join(warnings) if features else "The layer is empty."
        raise JobError(
            f'"{_layer_name(path)}" has no box that can be used. {why}',
            "Draw polygons around the objects, inside the rasters, with a class each.",
        )
