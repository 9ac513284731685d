"""What the engine wrote as GeoJSON -> a Processing sink: any format, memory, a model's next step."""

from qgis.core import (
    QgsFeatureRequest,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsWkbTypes,
)

from .features import Collection
from .versions import INTEGER, MOMENT, REAL, SKIP_CHECKS, TEXT

_COLUMN_TYPES = {"text": TEXT, "integer": INTEGER, "real": REAL, "moment": MOMENT}


def fields_of(columns, before=None):
    """The fields of the engine's columns, after those of a source.

    A name that is taken gets a number, without regard to case as most formats see it.

    Parameters
    ----------
    columns : list of dict
        ``{"name", "type"}``.
    before : QgsFields, optional

    Returns
    -------
    QgsFields
    """
    fields = QgsFields(before) if before is not None else QgsFields()
    taken = {name.lower() for name in fields.names()}
    for column in columns:
        name = _free_name(column["name"], taken)
        taken.add(name.lower())
        fields.append(QgsField(name, _COLUMN_TYPES[column["type"]]))
    return fields


def _free_name(name, taken):
    if name.lower() not in taken:
        return name
    number = 2
    while f"{name}_{number}".lower() in taken:
        number += 1
    return f"{name}_{number}"


def write_new(output, collection, geometry):
    """Write the engine's features into a sink.

    Parameters
    ----------
    output : layer_output.LayerOutput
    collection : features.Collection
    geometry : str
        Declared kind: point, polygon or none.

    Returns
    -------
    str
        The layer's id.
    """
    fields = fields_of(collection.columns)
    wkb_type = _wkb_type(collection.entries, geometry)
    rows = ((geometry_of(e.get("geometry")), collection.values(e)) for e in collection.entries)
    return output.write(fields, wkb_type, collection.crs, rows)


def write_joined(output, collection, source):
    """Write a source's features with the engine's columns behind their own.

    Parameters
    ----------
    output : layer_output.LayerOutput
    collection : features.Collection
        Its ``id`` names the source's feature.
    source : QgsProcessingFeatureSource

    Returns
    -------
    str
        The layer's id.
    """
    columns = [column for column in collection.columns if column["name"] != "id"]
    new = Collection(columns, collection.crs, collection.entries)
    found = {entry["id"]: new.values(entry) for entry in new.entries}
    nothing = [None] * len(columns)
    fields = fields_of(columns, source.fields())
    olds = source.getFeatures(QgsFeatureRequest(), SKIP_CHECKS)
    rows = ((old.geometry(), old.attributes() + found.get(old.id(), nothing)) for old in olds)
    return output.write(fields, source.wkbType(), source.sourceCrs(), rows)


def geometry_of(shape):
    """The geometry of a GeoJSON geometry; none for None."""
    if not shape:
        return QgsGeometry()
    return _MAKERS[shape["type"]](shape["coordinates"])


def _wkb_type(features, geometry):
    shapes = {entry["geometry"]["type"] for entry in features if entry.get("geometry")}
    if geometry == "none" or not shapes:
        return QgsWkbTypes.Type.NoGeometry
    kind = next(iter(shapes)) if len(shapes) == 1 else "Multi" + min(shapes, key=len)
    return getattr(QgsWkbTypes.Type, kind)


def _points(coordinates):
    return [QgsPointXY(place[0], place[1]) for place in coordinates]


def _rings(coordinates):
    return [_points(ring) for ring in coordinates]


_MAKERS = {
    "Point": lambda c: QgsGeometry.fromPointXY(QgsPointXY(c[0], c[1])),
    "LineString": lambda c: QgsGeometry.fromPolylineXY(_points(c)),
    "Polygon": lambda c: QgsGeometry.fromPolygonXY(_rings(c)),
    "MultiPoint": lambda c: QgsGeometry.fromMultiPointXY(_points(c)),
    "MultiLineString": lambda c: QgsGeometry.fromMultiPolylineXY(_rings(c)),
    "MultiPolygon": lambda c: QgsGeometry.fromMultiPolygonXY([_rings(p) for p in c]),
}
