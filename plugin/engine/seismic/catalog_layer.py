"""Events as a layer of points."""

from math import isnan

from rasterio.crs import CRS

from ..vectors import Feature, write_features
from .moments import to_iso

# QGIS plays date-times, but its formats keep whole seconds of them: the text has them all.
COLUMNS = [
    ("id", "text"), ("time", "text"), ("date_time", "moment"), ("magnitude", "real"),
    ("depth_km", "real"),
    ("longitude", "real"), ("latitude", "real"),
]  # fmt: skip
_BETWEEN_REPORTS = 2000


def write_events(path, catalog, progress, marks=None):
    """Write events as points in EPSG:4326.

    Parameters
    ----------
    path : str
        GeoJSON.
    catalog : Catalog
    progress : Progress
    marks : dict, optional
        (type, values) by name of a column behind the catalog's own; as of `vectors`.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    marks = marks or {}
    columns = COLUMNS + [(name, kind) for name, (kind, _) in marks.items()]
    features = _features(catalog, {name: values for name, (_, values) in marks.items()}, progress)
    write_features(path, features, columns, CRS.from_epsg(4326))


def _features(catalog, marks, progress):
    count = len(catalog)
    for place in range(count):
        if place % _BETWEEN_REPORTS == 0:
            progress(place / count, f"Event {place:,} of {count:,}")
        longitude, latitude = float(catalog.longitude[place]), float(catalog.latitude[place])
        depth = float(catalog.depth_km[place])
        values = {
            "id": str(catalog.ids[place]),
            "time": to_iso(catalog.days[place]) + "Z",
            "date_time": to_iso(catalog.days[place]) + "Z",
            "magnitude": float(catalog.magnitude[place]),
            "depth_km": None if isnan(depth) else depth,
            "longitude": longitude,
            "latitude": latitude,
            **{name: column[place] for name, column in marks.items()},
        }
        shape = {"type": "Point", "coordinates": [longitude, latitude]}
        yield Feature(place + 1, shape, values)
