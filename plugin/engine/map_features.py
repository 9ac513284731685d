"""A map made of features: its class at reference points, and the area of every class."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..jobs.errors import JobError
from ..jobs.label_classes import class_name
from .map_tally import Tally
from .vectors import pieces, read_crs, read_features

_EARTH_RADIUS_M = 6_371_007.2  # of the sphere with the Earth's area
_SAME_PLACE = 1e-9  # of the coordinates' size: rounding on the way through files


@dataclass(frozen=True)
class FeatureMap:
    """Features with a class.

    Attributes
    ----------
    names : list of str
        Mapped classes.
    points, point_labels : ndarray, shapes (n, 2) and (n,)
    polygons, polygon_labels : list of rings, ndarray
    crs : rasterio.crs.CRS or None
    """

    names: list
    points: np.ndarray
    point_labels: np.ndarray
    polygons: list
    polygon_labels: np.ndarray
    crs: object = None


def read_feature_map(path, field):
    """Read the features of a GeoJSON file as a map.

    Raises
    ------
    JobError
        If there is no such field, or no point or polygon has a class.
    """
    parts = []
    features = read_features(path)
    known = {name for feature in features for name in feature.properties}
    if field not in known:
        raise JobError(
            f'The classified features have no field "{field}".',
            f"Choose one of: {', '.join(sorted(known)) or 'none'}.",
        )
    for feature in features:
        name = class_name(feature.properties.get(field))
        parts += [(name, *piece) for piece in pieces(feature.geometry) if name]
    parts = [part for part in parts if part[1] in ("Point", "Polygon")]
    if not parts:
        raise JobError(
            f'No point or polygon of the classified features has a class in "{field}".',
            "Choose another field in CLASSIFIED_FIELD.",
        )
    return _gathered(parts, read_crs(path))


def _gathered(parts, crs):
    names = sorted({name for name, _, _ in parts})
    number = {name: place for place, name in enumerate(names)}
    points = [(place[:2], number[name]) for name, kind, place in parts if kind == "Point"]
    polygons = [(rings, number[name]) for name, kind, rings in parts if kind == "Polygon"]
    return FeatureMap(
        names=names,
        points=np.array([place for place, _ in points], float).reshape(-1, 2),
        point_labels=np.array([label for _, label in points], int),
        polygons=[rings for rings, _ in polygons],
        polygon_labels=np.array([label for _, label in polygons], int),
        crs=crs,
    )


def tally_features(features, reference, distance, progress):
    """Count the classes of a map of features at reference points.

    Parameters
    ----------
    features : FeatureMap
    reference : Reference
        Points only, in the CRS of the map.
    distance : float
        How far a classified point may lie from its reference, in units of the CRS.
    progress : Progress

    Returns
    -------
    Tally
        Values count `features.names` from 0; no areas if the map has points.
    """
    found = _in_polygons(features, reference.points, progress)
    if len(features.points):
        near = _nearest(features, reference.points, distance)
        found = np.where(found == -1, near, found)
    counts = {}
    for pair in zip(reference.point_labels[found >= 0], found[found >= 0], strict=True):
        key = int(pair[0]), int(pair[1])
        counts[key] = counts.get(key, 0) + 1
    return Tally(_areas(features), counts, int((found == -1).sum()), int((found == -2).sum()))


def _in_polygons(features, points, progress):
    """Class of the polygon around each point; -1 if there is none, -2 if two disagree."""
    found = np.full(len(points), -1)
    for number, (rings, label) in enumerate(
        zip(features.polygons, features.polygon_labels, strict=True), 1
    ):
        if number % 100 == 0:
            progress(
                number / len(features.polygons),
                f"Polygon {number:,} of {len(features.polygons):,}",
            )
        inside = _inside(rings, points)
        agrees = (found[inside] == -1) | (found[inside] == label)
        found[inside] = np.where(agrees, label, -2)
    return found


def _inside(rings, points):
    """Numbers of the points that lie in a polygon."""
    outer = np.array([place[:2] for place in rings[0]], float)
    low, high = outer.min(axis=0), outer.max(axis=0)
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    if not len(near):
        return near
    crossed = np.zeros(len(near), int)
    for ring in rings:
        crossed += _crossings(np.array([place[:2] for place in ring], float), points[near])
    return near[crossed % 2 == 1]


def _crossings(ring, points):
    """How often a ray to the east of each point crosses a ring."""
    count = np.zeros(len(points), int)
    for (x1, y1), (x2, y2) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        spans = (y1 <= points[:, 1]) != (y2 <= points[:, 1])
        if spans.any():
            at = x1 + (points[spans, 1] - y1) / (y2 - y1) * (x2 - x1)
            count[spans] += at > points[spans, 0]
    return count


def _nearest(features, points, distance):
    reach = max(distance, _SAME_PLACE * max(np.abs(features.points).max(), 1.0))
    gaps, places = cKDTree(features.points).query(points, distance_upper_bound=reach)
    known = np.isfinite(gaps)
    return np.where(known, features.point_labels[np.where(known, places, 0)], -1)


def _areas(features):
    if len(features.points):
        return {}
    areas = np.zeros(len(features.names))
    for rings, label in zip(features.polygons, features.polygon_labels, strict=True):
        areas[label] += polygon_area(rings, features.crs)
    return dict(enumerate(areas.tolist()))


def polygon_area(rings, crs=None):
    """Area of a polygon: square meters, or square units of the coordinates without a CRS.

    Parameters
    ----------
    rings : list
        Of a GeoJSON polygon: the outer one, then holes.
    crs : rasterio.crs.CRS, optional

    Returns
    -------
    float

    References
    ----------
    Chamberlain & Duquette 2007, Some algorithms for polygons on a sphere (for degrees).
    """
    sizes = [_ring_area(np.array([place[:2] for place in ring], float), crs) for ring in rings]
    return max(sizes[0] - sum(sizes[1:]), 0.0)


def _ring_area(ring, crs):
    easting, northing = ring.T
    if crs and crs.is_geographic:
        longitude, latitude = np.radians(easting), np.radians(northing)
        step = np.roll(longitude, -1) - np.roll(longitude, 1)
        return abs(float(step @ np.sin(latitude))) * _EARTH_RADIUS_M**2 / 2
    easting, northing = easting - easting[0], northing - northing[0]
    area = abs(float(easting @ np.roll(northing, -1) - northing @ np.roll(easting, -1))) / 2
    return area * (crs.linear_units_factor[1] ** 2 if crs else 1.0)
