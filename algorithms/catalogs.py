"""A layer of events -> the CSV file that the engine reads."""

import csv

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from ..plugin.jobs.errors import JobError, Stopped
from .features import plain
from .versions import SKIP_CHECKS

LONGITUDE, LATITUDE = "_longitude", "_latitude"


def write_catalog(source, path, context, feedback):
    """Write all fields of a layer or table, and its positions in EPSG:4326, as CSV.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
        Points or a table; its selection and filter hold.
    path : str
        CSV file to write, UTF-8. The first column is ``id``, unless the layer has such a field.
    context : QgsProcessingContext
    feedback : QgsProcessingFeedback

    Raises
    ------
    JobError
        If there is no feature, the layer holds lines or polygons, or a position cannot be
        brought to EPSG:4326.
    Stopped
        If the user cancels.
    """
    kind = QgsWkbTypes.geometryType(source.wkbType())
    has_points = kind == QgsWkbTypes.GeometryType.PointGeometry
    if not has_points and source.wkbType() != QgsWkbTypes.Type.NoGeometry:
        found = f'"{source.sourceName()}" holds no points.'
        raise JobError(found, "Choose a point layer, or a table with coordinate fields.")
    names = source.fields().names()
    add_id = "id" not in (name.lower() for name in names)
    change = _change(source, context) if has_points else None
    written = 0
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        header = ["id"] * add_id + names
        rows.writerow(header + [LONGITUDE, LATITUDE] if has_points else header)
        for feature in source.getFeatures(QgsFeatureRequest(), SKIP_CHECKS):
            if feedback.isCanceled():
                raise Stopped()
            row = [feature.id()] * add_id + [_text(value) for value in feature.attributes()]
            rows.writerow(row + _position(feature, change, source) if has_points else row)
            written += 1
    if not written:
        found = f'"{source.sourceName()}" has no features.'
        raise JobError(found, "Check its filter and selection, or choose another layer.")


def _change(source, context):
    """The transform to longitude and latitude; positions of an unknown CRS are taken as such."""
    wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
    crs = source.sourceCrs() if source.sourceCrs().isValid() else wgs84
    return QgsCoordinateTransform(crs, wgs84, context.transformContext())


def _position(feature, change, source):
    geometry = feature.geometry()
    if geometry.isNull() or geometry.isEmpty():
        return ["", ""]
    try:
        point = change.transform(geometry.centroid().asPoint())
    except QgsCsException as error:
        found = f'Feature {feature.id()} of "{source.sourceName()}" has no longitude and latitude.'
        remedy = "Check the coordinate reference system of the layer."
        raise JobError(found, remedy) from error
    return [repr(point.x()), repr(point.y())]


def _text(value):
    """A field's value as text; a date-time as ISO, with Z only if its zone is known."""
    if isinstance(value, QDateTime):
        return _moment(value) if value.isValid() else ""
    if isinstance(value, (QDate, QTime)):
        return value.toString(Qt.DateFormat.ISODate) if value.isValid() else ""
    value = plain(value)
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _moment(value):
    zoned = value.timeSpec() != Qt.TimeSpec.LocalTime
    moment = value.toUTC() if zoned else value
    return moment.toString("yyyy-MM-ddTHH:mm:ss.zzz") + ("Z" if zoned else "")
