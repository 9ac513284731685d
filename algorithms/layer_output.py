"""An output layer is written whole, or the user is told and what was there stays."""

import os

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsProcessingException,
    QgsVectorLayer,
)

from ..plugin.jobs.errors import JobError
from .destinations import NEED_POSITION, asked_place
from .written_files import NotReplacedError, appends, try_out, written

_WORDS = (
    "could not be written completely: the disk is full, or the format cannot hold these features."
)
_REMEDY = "Free some space, or choose GeoPackage (.gpkg)."


def try_out_layers(algorithm, parameters, context, places):
    """Refuse, before the work begins, to replace layers that another program holds open.

    Their places are taken last, when all other outputs have theirs.

    Parameters
    ----------
    algorithm : JobAlgorithm
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext
    places : dict
        Of the outputs that were asked for, by field name.

    Raises
    ------
    JobError
    """
    for part in algorithm.parts():
        if part.kind == "new_features" and part.name in places:
            LayerOutput(algorithm, part, parameters, context).try_out()


class LayerOutput:
    """Where an algorithm writes the features of one output.

    QGIS says that a feature is written before it is on the disk, and a full disk or a format
    that drops rows shows when the file is closed, or not at all. So the file is read again.

    Parameters
    ----------
    algorithm : JobAlgorithm
    part : Declared
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext
    """

    def __init__(self, algorithm, part, parameters, context):
        self._algorithm, self._part = algorithm, part
        self._parameters, self._context = parameters, context
        self._given = parameters.get(part.name.upper())

    def try_out(self):
        """Refuse a place whose older files another program holds open.

        Raises
        ------
        JobError
        """
        try:
            try_out(self._given)
        except NotReplacedError as error:
            raise self._not_replaced(error) from error

    def write(self, fields, wkb_type, crs, rows):
        """Write features, and look whether they are there.

        Parameters
        ----------
        fields : QgsFields
        wkb_type : QgsWkbTypes.Type
        crs : QgsCoordinateReferenceSystem
        rows : iterable of (QgsGeometry, list)
            Geometry and attributes of every feature.

        Returns
        -------
        str
            The layer's id.

        Raises
        ------
        JobError
            If a feature is missing in the end; older files are there as before.
        """
        try:
            with written(self._given) as files:
                return self._write(files, fields, wkb_type, crs, rows)
        except (OSError, _NotWrittenError) as error:
            raise JobError(*self._sentence(error), str(error)) from error

    def _write(self, files, fields, wkb_type, crs, rows):
        sink, layer_id = self._open(files.sink, fields, wkb_type, crs)
        counts = _fill(sink, fields, rows)
        del sink  # closes the file
        self._check(layer_id, *counts)
        if files.are_cut():
            raise _NotWrittenError(f"{layer_id} ends too early.")
        try:
            placed = files.put_in_place(layer_id)
        except NotReplacedError as error:
            raise self._not_replaced(error) from error
        _load_from(placed, layer_id, self._context)
        return placed

    def _open(self, place, fields, wkb_type, crs):
        name = self._part.name.upper()
        parameters = {**self._parameters, name: place}
        try:
            sink, layer_id = self._algorithm.parameterAsSink(
                parameters, name, self._context, fields, wkb_type, crs
            )
        except QgsProcessingException as error:
            raise _NotWrittenError(str(error)) from error
        if sink is None:
            raise _NotWrittenError(self._algorithm.invalidSinkError(parameters, name))
        return sink, layer_id

    def _check(self, layer_id, total, placeless):
        """Read the layer again; a layer that features are added to has others, too."""
        if appends(self._given):
            return
        layer = self._context.temporaryLayerStore().mapLayer(layer_id)
        if layer is None and not asked_place(self._given) and not os.path.exists(layer_id):
            return  # a table of a database, which tells by itself what it does not take
        if layer is None:  # a layer of our own, so that the file is not kept open
            layer = QgsVectorLayer(layer_id, "written", "ogr", QgsVectorLayer.LayerOptions(False))
        found, found_placeless = _count(layer)
        if found < total or found_placeless > placeless:
            trace = f"{found} of {total} features are in {layer_id}, {found_placeless} unplaced."
            raise _NotWrittenError(trace, placeless)

    def _sentence(self, error):
        place = asked_place(self._given)
        name = f'{self._part.label} "{place}"' if place else self._part.label
        placeless = getattr(error, "placeless", 0)
        if placeless and place and place.lower().endswith(NEED_POSITION):
            ending = os.path.splitext(place)[1]
            found = f"{ending} cannot hold rows without a position, and {placeless} have none"
            return f"{name} could not be written: {found}.", "Choose GeoPackage (.gpkg)."
        return f"{name} {_WORDS}", _REMEDY

    def _not_replaced(self, error):
        found = f'{self._part.label} cannot replace "{asked_place(self._given)}": {error.strerror}.'
        if error.aside:
            remedy = f'Its older files are in "{error.aside}": close programs that use it, and move them back.'
            return JobError(found, remedy, str(error))
        return JobError(
            found,
            "Remove its layer from the project and close programs that use it, or choose another name.",
            str(error),
        )


class _NotWrittenError(Exception):
    """Not all features are written; `placeless` of those that were asked for have no geometry."""

    def __init__(self, trace, placeless=0):
        super().__init__(trace)
        self.placeless = placeless


def _load_from(placed, layer_id, context):
    """Load a layer, if it is to be loaded, from where it is now."""
    waiting = context.layersToLoadOnCompletion()
    if layer_id in waiting:
        waiting[placed] = waiting.pop(layer_id)
        context.setLayersToLoadOnCompletion(waiting)


def _count(layer):
    """Features that can be read, and those of them without geometry if the layer has any.

    The number that a file tells is not asked: FlatGeobuf writes it before the features.
    """
    if not layer.isValid():
        return 0, 0
    shapes = [feature.hasGeometry() for feature in layer.getFeatures()]
    return len(shapes), shapes.count(False) if layer.isSpatial() else 0


def _fill(sink, fields, rows):
    """Add features to a sink; gives their number, and that of those without geometry."""
    total, placeless, rows = 0, 0, iter(rows)
    for geometry, values in rows:
        feature = QgsFeature(fields)
        feature.setGeometry(geometry)
        feature.setAttributes(values)
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            if not geometry.isNull():
                raise _NotWrittenError(sink.lastError())
            rest = sum(shape.isNull() for shape, _ in rows)  # GDAL 3.10 refuses the first of them
            raise _NotWrittenError(sink.lastError(), placeless + 1 + rest)
        total, placeless = total + 1, placeless + geometry.isNull()
    if not sink.flushBuffer() or sink.lastError():
        raise _NotWrittenError(sink.lastError())
    return total, placeless
