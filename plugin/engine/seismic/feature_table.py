"""A table of events as a GeoJSON file of points, such as Download catalog and Check catalog write."""

import os
from dataclasses import dataclass

from rasterio.crs import CRS

from ...jobs.errors import JobError
from ..vectors import read_features
from .fields import POSITION

_ROWS_TO_LOOK_AT = 200
_THIRD = "z"  # among the names of a depth the last that is looked for


@dataclass(frozen=True)
class FeatureTable:
    """A layer as `table.Table` gives a text file: every value is a text.

    Attributes
    ----------
    path : str
    names : list of str
        Of the fields: ``id`` first if no attribute is called so, the attributes, and the position.
    rows : list of list of str
    """

    path: str
    names: list
    rows: list

    @property
    def name(self):
        """The file's name, for sentences."""
        return os.path.basename(self.path)

    def sampled(self, field):
        """The values of a field in the first rows that are not empty."""
        place = self.names.index(field)
        first = (row[place] for row in self.rows[:_ROWS_TO_LOOK_AT])
        return [value for value in first if value.strip()]

    def columns(self, fields, progress):
        """Fields of all rows, as `table.Table.columns` gives them."""
        progress(1.0, f"Reading: {len(self.rows):,} rows")
        places = {field: self.names.index(field) for field in fields}
        return {field: [row[place] for row in self.rows] for field, place in places.items()}


def is_layer(path):
    """Whether a file looks like GeoJSON: no table of events begins with a brace."""
    with open(path, "rb") as file:
        return file.read(1000).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def open_layer(path):
    """Read a layer of events, its positions brought to longitude and latitude (WGS 84).

    Raises
    ------
    JobError
        If it is no GeoJSON, has no features, or one of them is no point.
    """
    features, name = read_features(path, CRS.from_user_input("OGC:CRS84")), os.path.basename(path)
    if not features:
        raise JobError(
            f'"{name}" has no events.',
            "Check the filter of the layer or the query of the download.",
        )
    known = dict.fromkeys(field for one in features for field in one.properties)
    fields = [field for field in known if field not in POSITION]
    ids = [] if "id" in map(str.lower, fields) else ["id"]
    has_places = any(one.geometry for one in features)
    places = [_position(one, name) if has_places else [] for one in features]
    rows = [
        [str(one.id) for _ in ids] + [_text(one.properties.get(field)) for field in fields] + place
        for one, place in zip(features, _with_depth(places, fields))
    ]
    ends = [*POSITION, _THIRD][: len(rows[0]) - len(ids + fields)]
    return FeatureTable(path, ids + fields + ends, rows)


def _with_depth(places, fields):
    """Positions with their third coordinate if it tells something, as in the feed of ComCat (km)."""
    third = {place[2] for place in places if len(place) > 2}
    is_depth = len(third) > 1 and _THIRD not in map(str.lower, fields)
    return [(place + [""])[:3] if is_depth else place[:2] for place in places]


def _text(value):
    return "" if value is None else str(value)


def _position(feature, name):
    geometry = feature.geometry
    if geometry is None:
        return ["", ""]
    place = _point(geometry)
    if place is None:
        raise JobError(
            f'Feature {feature.id} of "{name}" is no single point, but a {geometry["type"]}.',
            "Choose a layer of points, one for every event.",
        )
    return [repr(float(number)) for number in place[:3]]


def _point(geometry):
    """The coordinates of a point, or of the only one of several; None for all else."""
    if geometry["type"] == "MultiPoint" and len(geometry["coordinates"]) == 1:
        return geometry["coordinates"][0]
    return geometry["coordinates"] if geometry["type"] == "Point" else None
