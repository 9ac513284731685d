"""Geometries as strangers write them: which can be worked with, and which are damaged."""

import math

# How deep lists lie in one another above a position.
_DEPTHS = {
    "Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2,
    "MultiPolygon": 3,
}  # fmt: skip
_FARTHEST = 1e15
_LEAST = {"LineString": 2, "Polygon": 4}


def sound(geometry):
    """Take a geometry as it is, without its empty parts.

    Parameters
    ----------
    geometry : dict or None
        GeoJSON.

    Returns
    -------
    dict or None
        None if nothing is left: an empty geometry, a line of one point, a ring of three.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        If it is no geometry, or a coordinate is not a number or beyond all grounds.
    """
    if geometry is None:
        return None
    kind = geometry["type"]
    if kind == "GeometryCollection":
        parts = [sound(part) for part in geometry["geometries"]]
        parts = [part for part in parts if part is not None]
        return {"type": kind, "geometries": parts} if parts else None
    if kind not in _DEPTHS:
        raise ValueError(f"{kind!r} is no kind of geometry")
    coordinates = _checked(geometry["coordinates"], _DEPTHS[kind])
    single = kind.replace("Multi", "")
    parts = coordinates if single != kind else [coordinates]
    parts = [part for part in map(_CLEAN.get(single, _as_it_is), parts) if part]
    if not parts:
        return None
    return {"type": kind, "coordinates": parts if single != kind else parts[0]}


def _checked(coordinates, depth):
    """Coordinates whose every position is a list of two or three sober numbers."""
    if not isinstance(coordinates, (list, tuple)):
        raise TypeError(f"{coordinates!r} are no coordinates")
    if depth:
        return [_checked(part, depth - 1) for part in coordinates]
    if not coordinates:
        return []
    if len(coordinates) < 2 or not all(map(_is_sober, coordinates[:2])):
        raise ValueError(f"{coordinates!r} is no position")
    return list(coordinates)


def _is_sober(value):
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return known and math.isfinite(value) and abs(value) <= _FARTHEST


def _as_it_is(part):
    return part


def _line(part):
    part = [place for place in part if place]
    return part if len(part) >= _LEAST["LineString"] else []


def _polygon(rings):
    """Rings with an area to them; without its outer ring nothing is left."""
    rings = [[place for place in ring if place] for ring in rings]
    if not rings or len(rings[0]) < _LEAST["Polygon"]:
        return []
    return [ring for ring in rings if len(ring) >= _LEAST["Polygon"]]


_CLEAN = {"LineString": _line, "Polygon": _polygon}
