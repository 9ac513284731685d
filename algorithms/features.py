"""Features cross the border as GeoJSON: written for the engine, read back into any sink."""

import json
import math
from dataclasses import dataclass

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
)

from ..plugin.jobs.errors import JobError, Stopped
from .temporal import moment_of
from .translation import said
from .versions import NO_CHECK, SKIP_CHECKS, SKIP_INVALID

_DIGITS = 15


def write_features(source, path, attributes, crs, context, feedback):
    """Write the features of a source for the engine.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
        Its selection and filter hold.
    path : str
        GeoJSON file to write.
    attributes : list of str
        Names of the fields that the job needs.
    crs : QgsCoordinateReferenceSystem
        What the coordinates are turned into; invalid to leave them as they are.
    context : QgsProcessingContext
        Tells what to do with invalid geometry.
    feedback : QgsProcessingFeedback

    Raises
    ------
    JobError
        If a geometry is invalid and the user's setting is to stop, or there is no feature.
    Stopped
        If the user cancels.
    """
    change = _change(source, crs, context, feedback)
    written, skipped = 0, 0
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "crs": ' + json.dumps(_crs_member(crs)))
        file.write(', "features": [')
        for feature in _features(source, attributes):
            if feedback.isCanceled():
                raise Stopped()
            text = _feature_text(feature, attributes, change, source, context)
            skipped += text is None
            if text is not None:
                file.write((",\n" if written else "\n") + text)
                written += 1
        file.write("]}\n")
    if skipped:
        feedback.pushWarning(said(_skipped_sentence(skipped, source)))
    if not written:
        _refuse_nothing(source, skipped)


@dataclass(frozen=True)
class Collection:
    """The features that the engine wrote.

    Attributes
    ----------
    columns : list of dict
        ``{"name", "type"}`` with type text, integer, real or moment.
    crs : QgsCoordinateReferenceSystem
        Invalid if the file names none.
    entries : list of dict
        GeoJSON features.
    """

    columns: list
    crs: QgsCoordinateReferenceSystem
    entries: list

    def values(self, entry):
        """The attributes of a feature in the order of the columns."""
        properties = entry.get("properties") or {}
        found = [properties.get(column["name"]) for column in self.columns]
        return [
            moment_of(value) if column["type"] == "moment" else value
            for value, column in zip(found, self.columns)
        ]


def read_collection(path):
    """Read a file of features that the engine wrote.

    Returns
    -------
    Collection
    """
    with open(path, encoding="utf-8") as file:
        collection = json.load(file)
    name = ((collection.get("crs") or {}).get("properties") or {}).get("name", "")
    return Collection(collection["columns"], _crs_of(name), collection["features"])


def _features(source, attributes):
    """Iterate; QGIS's own geometry check would end the process instead of raising in Python."""
    request = QgsFeatureRequest()
    indices = [source.fields().lookupField(name) for name in attributes]
    request.setSubsetOfAttributes([index for index in indices if index >= 0])
    return source.getFeatures(request, SKIP_CHECKS)


def _change(source, crs, context, feedback):
    """The transform into the raster's CRS, or None if one of the two is unknown."""
    if source.sourceCrs().isValid() and crs.isValid():
        return QgsCoordinateTransform(source.sourceCrs(), crs, context.transformContext())
    if source.sourceCrs().isValid() or crs.isValid():
        known = "the raster" if crs.isValid() else f'"{source.sourceName()}"'
        feedback.pushWarning(
            said(f"Only {known} has a coordinate reference system; both are taken to be in it.")
        )
    return None


def _feature_text(feature, attributes, change, source, context):
    """One GeoJSON feature, or None if its geometry is to be skipped."""
    geometry = feature.geometry()
    if not geometry.isNull() and not _is_sound(geometry, feature, source, context):
        return None
    try:
        if change is not None and not geometry.isNull():
            geometry.transform(change)
    except QgsCsException:
        return None
    shape = "null" if geometry.isNull() else geometry.asJson(_DIGITS)
    values = {name: plain(feature[name]) for name in attributes}
    properties = json.dumps(values, ensure_ascii=False)
    start = f'{{"type": "Feature", "id": {feature.id()}, "properties": {properties}'
    return f'{start}, "geometry": {shape}}}'


def _is_sound(geometry, feature, source, context):
    check = context.invalidGeometryCheck()
    if check == NO_CHECK or geometry.isGeosValid():
        return True
    if check == SKIP_INVALID:
        return False
    raise JobError(
        f'Feature {feature.id()} of "{source.sourceName()}" has invalid geometry.',
        'Run "Fix geometries", or let Processing ignore features with invalid geometries '
        "(Settings > Options > Processing).",
    )


def _skipped_sentence(count, source):
    return (
        f'{count} features of "{source.sourceName()}" are left out: their geometry is invalid '
        "or cannot be reprojected to the raster's coordinate reference system."
    )


def _refuse_nothing(source, skipped):
    name = source.sourceName()
    if skipped:
        remedy = 'Run "Fix geometries", or check the coordinate reference system of the layer.'
        raise JobError(f'No feature of "{name}" could be used.', remedy)
    remedy = "Check its filter and selection, or choose another layer."
    raise JobError(f'"{name}" has no features.', remedy)


def plain(value):
    """A field's value as JSON has it: NULL and NaN become None, dates become text."""
    if value is None or value == NULL:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (bool, int, str)) else _text_of(value)


def _text_of(value):
    to_string = getattr(value, "toString", None)
    return to_string() if to_string is not None else str(value)


def _crs_member(crs):
    if not crs.isValid():
        return None
    name = crs.authid() if crs.authid().startswith("EPSG:") else crs.toWkt()
    return {"type": "name", "properties": {"name": name}}


def _crs_of(name):
    crs = QgsCoordinateReferenceSystem()
    if name.upper().startswith("EPSG:"):
        return QgsCoordinateReferenceSystem(name)
    if name:
        crs.createFromUserInput(name)
    return crs
