"""Vector features: GeoJSON files in and out, and where their geometry lies on a grid."""

import json
import os
from dataclasses import dataclass, field

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.features import geometry_mask
from rasterio.warp import transform_geom

from ..jobs.errors import JobError
from ..jobs.places import written_whole
from .geometries import sound

_CELLS_AT_ONCE = 2**24
_PLAIN = "OGC:CRS84"
_NO_GEOJSON = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, CRSError,
)  # fmt: skip


@dataclass(frozen=True)
class Feature:
    """A feature: its number in the source, its GeoJSON geometry or None, its attributes."""

    id: int
    geometry: dict = None
    properties: dict = field(default_factory=dict)


def read_features(path, crs=None):
    """Read the features of a GeoJSON file.

    Parameters
    ----------
    path : str
        A FeatureCollection. Its ``crs`` member names the CRS; null if it is unknown; without the
        member coordinates are longitude and latitude.
    crs : rasterio.crs.CRS, optional
        What the coordinates are turned into, if both are known.

    Returns
    -------
    list of Feature

    Raises
    ------
    JobError
        If the file is no GeoJSON, or its CRS is not known.
    """
    features, source = parsed(path)
    if crs and source and source != crs:
        return [_reprojected(feature, source, crs) for feature in features]
    return features


def read_crs(path):
    """Read the CRS of a GeoJSON file, None if it is unknown; see `read_features`."""
    return parsed(path)[1]


def parsed(path):
    """The features of a GeoJSON file as they are, and their CRS; see `read_features`."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            collection = json.load(file)
        entries = collection["features"]
        name = os.path.basename(path)
        features = [_feature(entry, number, name) for number, entry in enumerate(entries)]
        return features, _crs_of(collection)
    except JobError:
        raise
    except _NO_GEOJSON as error:
        raise JobError(
            f'"{os.path.basename(path)}" is not a GeoJSON file of features that can be read.',
            "Export the layer as GeoJSON again.",
            trace=repr(error),
        ) from error


def _crs_of(collection):
    member = collection.get("crs", {"properties": {"name": _PLAIN}})
    return CRS.from_user_input(member["properties"]["name"]) if member else None


def _feature(entry, number, name):
    known = entry.get("id", number)
    try:
        geometry = sound(entry.get("geometry"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise JobError(
            f'Feature {known if isinstance(known, (int, str)) else number} of "{name}" has a '
            "geometry that is damaged.",
            "Run Fix geometries on the layer, or remove the feature.",
            trace=repr(error),
        ) from error
    return Feature(
        known if isinstance(known, (int, str)) else number, geometry,
        dict(entry.get("properties") or {}),
    )  # fmt: skip


def _reprojected(feature, source, target):
    if feature.geometry is None:
        return feature
    try:
        shape = sound(transform_geom(source, target, feature.geometry))
    except Exception as error:  # GDAL's own errors have no public parent
        raise JobError(
            f"Feature {feature.id} lies where the raster's coordinate reference system does not "
            "reach.",
            "Remove the feature, or reproject the layer.",
            trace=repr(error),
        ) from error
    return Feature(feature.id, shape, feature.properties)


def write_features(path, features, columns, crs=None):
    """Write features as GeoJSON; nothing is at `path` before the file is whole.

    Parameters
    ----------
    path : str
    features : iterable of Feature
    columns : list of tuple of str
        (name, type) of every attribute, type ``"text"``, ``"integer"``, ``"real"`` or ``"moment"``
        (ISO text in UTC).
    crs : rasterio.crs.CRS, optional

    Raises
    ------
    JobError
        If the file cannot be written.
    """
    try:
        with written_whole(path, encoding="utf-8") as file:
            file.writelines(_lines(features, columns, crs))
    except OSError as error:
        raise JobError(
            f'"{os.path.basename(path)}" cannot be written: {error.strerror}.',
            "Free some space, or choose a folder you may write to.",
        ) from error


def _lines(features, columns, crs):
    head = {"type": "FeatureCollection", "crs": None}
    if crs:
        authority = crs.to_authority()
        text = ":".join(authority) if authority and authority[0] == "EPSG" else crs.to_wkt()
        head["crs"] = {"type": "name", "properties": {"name": text}}
    head["columns"] = [{"name": name, "type": kind} for name, kind in columns]
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "features": ['
    separator = "\n"
    for feature in features:
        entry = {"type": "Feature", **vars(feature)}
        yield separator + json.dumps(entry, ensure_ascii=False, allow_nan=False)
        separator = ",\n"
    yield "]}\n"


def pieces(geometry):
    """Take a geometry apart.

    Parameters
    ----------
    geometry : dict or None
        GeoJSON.

    Returns
    -------
    list of (str, coordinates)
        The kind of every piece, ``"Point"``, ``"LineString"`` or ``"Polygon"``.
    """
    if not geometry:
        return []
    kind, coordinates = geometry["type"], geometry.get("coordinates")
    if kind == "GeometryCollection":
        return [piece for part in geometry["geometries"] for piece in pieces(part)]
    if kind.startswith("Multi"):
        return [(kind[5:], part) for part in coordinates if part]
    return [(kind, coordinates)] if coordinates else []


def middle(kind, coordinates):
    """The middle of a piece: a point half-way along a line, or well inside a polygon.

    Returns
    -------
    easting, northing : float
    """
    if kind == "Point":
        return tuple(coordinates[:2])
    if kind == "LineString":
        return _halfway(np.array([place[:2] for place in coordinates], float))
    return _inside([np.array([place[:2] for place in ring], float) for ring in coordinates])


def _halfway(line):
    lengths = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], lengths.cumsum()])
    return tuple(float(np.interp(along[-1] / 2, along, line[:, i])) for i in (0, 1))


def _inside(rings):
    """The middle of the longest stretch of the polygon at half its height."""
    northing = (rings[0][:, 1].min() + rings[0][:, 1].max()) / 2
    crossings = np.sort(np.concatenate([_crossings(ring, northing) for ring in rings]))
    if len(crossings) < 2:
        return tuple(rings[0].mean(axis=0))
    starts, stops = crossings[0::2], crossings[1::2]
    longest = int(np.argmax(stops - starts[: len(stops)]))
    return float((starts[longest] + stops[longest]) / 2), float(northing)


def _crossings(ring, northing):
    start, stop = ring, np.roll(ring, -1, axis=0)
    crosses = (start[:, 1] <= northing) != (stop[:, 1] <= northing)
    start, stop = start[crosses], stop[crosses]
    share = (northing - start[:, 1]) / (stop[:, 1] - start[:, 1])
    return start[:, 0] + share * (stop[:, 0] - start[:, 0])


def lattice_inside(coordinates, grid, first, step):
    """Find the points of a square lattice that lie inside a polygon.

    Parameters
    ----------
    coordinates : list
        Rings of a GeoJSON polygon.
    grid : Grid
    first : float
        Row and column (in pixels from the upper left corner) of the lattice's first point.
    step : int
        Pixels from one point to the next.

    Returns
    -------
    rows, columns : int arrays
        Numbers in the lattice of the points inside; only of points inside the grid.
    """
    # Each point is the middle of a square: a polygon burns the squares whose middle it holds.
    corner = Affine.translation(first - step / 2, first - step / 2) @ Affine.scale(step)
    transform = grid.transform @ corner
    box = _lattice_box(coordinates, transform, grid, first, step)
    if box is None:
        return np.zeros(0, int), np.zeros(0, int)
    top, bottom, left, right = box
    shape = {"type": "Polygon", "coordinates": coordinates}
    height = max(_CELLS_AT_ONCE // (right - left), 1)
    found = [
        _burnt(shape, transform, row, min(row + height, bottom), left, right)
        for row in range(top, bottom, height)
    ]
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))


def _lattice_box(coordinates, transform, grid, first, step):
    outer = np.array([place[:2] for place in coordinates[0]], float)
    if not np.isfinite(outer).all():
        return None
    columns, rows = ~transform @ (outer[:, 0], outer[:, 1])
    limits = [max(int(np.ceil((size - first) / step)), 0) for size in (grid.height, grid.width)]
    top, left = (int(max(np.floor(values.min()), 0)) for values in (rows, columns))
    bottom = int(min(np.ceil(rows.max()), limits[0]))
    right = int(min(np.ceil(columns.max()), limits[1]))
    return (top, bottom, left, right) if top < bottom and left < right else None


def _burnt(shape, transform, top, bottom, left, right):
    part = transform @ Affine.translation(left, top)
    mask = geometry_mask([shape], (bottom - top, right - left), part, invert=True)
    rows, columns = np.nonzero(mask)
    return rows + top, columns + left
