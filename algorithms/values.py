"""Read what the user asked for, as the plain values of a job."""

import os
import re

from qgis.core import QgsCoordinateReferenceSystem, QgsWkbTypes

from ..plugin.jobs.declare import declared
from ..plugin.jobs.errors import JobError
from .destinations import asked_place


def read_inputs(algorithm, parameters, context):
    """Read every input of a job; layers by their source, paths made absolute.

    Main thread only: layers are looked at.

    Parameters
    ----------
    algorithm : JobAlgorithm
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext

    Returns
    -------
    dict
        Value by field name.

    Raises
    ------
    JobError
        If a layer or a field of it does not exist.
    """
    asked = _Asked(algorithm, parameters, context)
    return {part.name: _READERS[part.kind](asked, part) for part in asked.parts if part.is_input}


def read_places(algorithm, parameters):
    """The file or folder of every output that was given a place; None for a temporary one."""
    parts = [part for part in declared(algorithm.job) if part.is_output]
    return {part.name: asked_place(parameters.get(part.name.upper())) for part in parts}


def raster_layer(algorithm, parameters, context, part):
    """The raster layer of an input, or None if it is optional and not given.

    Raises
    ------
    JobError
        If what was given is no raster.
    """
    name = part.name.upper()
    layer = algorithm.parameterAsRasterLayer(parameters, name, context)
    if layer is not None and layer.isValid():
        return layer
    return _nothing(part, parameters, "a raster layer", "Choose a raster layer that opens in QGIS.")


def feature_source(algorithm, parameters, context, part):
    """The features of an input, or None if it is optional and not given.

    Raises
    ------
    JobError
        If what was given is no vector layer.
    """
    source = algorithm.parameterAsSource(parameters, part.name.upper(), context)
    if source is not None:
        return source
    return _nothing(part, parameters, "a vector layer", "Choose a vector layer that opens in QGIS.")


def reference_crs(algorithm, parameters, context):
    """The CRS of the job's first raster: vectors and extents are given to the engine in it.

    Returns
    -------
    QgsCoordinateReferenceSystem
        Invalid if there is no raster, or the raster has none.
    """
    for part in declared(algorithm.job):
        if part.kind == "raster":
            layer = raster_layer(algorithm, parameters, context, part)
            if layer is not None:
                return layer.crs()
    return QgsCoordinateReferenceSystem()


def _nothing(part, parameters, thing, remedy):
    value = parameters.get(part.name.upper())
    if value in (None, ""):
        if part.optional:
            return None
        raise JobError(f"{part.label} is missing.", remedy)
    shown = value if isinstance(value, str) else "the layer"
    raise JobError(f'{part.label} "{shown}" cannot be read as {thing}.', remedy)


class _Asked:
    """An algorithm with the parameters of one run."""

    def __init__(self, algorithm, parameters, context):
        self.algorithm, self.parameters, self.context = algorithm, parameters, context
        self.parts = declared(algorithm.job)

    def read(self, method, part):
        reader = getattr(self.algorithm, method)
        return reader(self.parameters, part.name.upper(), self.context)

    def source_of(self, part):
        return feature_source(self.algorithm, self.parameters, self.context, part)

    def named(self, name):
        return next(part for part in self.parts if part.name == name)


def _raster(asked, part):
    layer = raster_layer(asked.algorithm, asked.parameters, asked.context, part)
    return layer.source() if layer is not None else ""


def _bands(asked, part):
    return [int(band) for band in asked.read("parameterAsInts", part)]


def _features(asked, part):
    source = asked.source_of(part)
    if source is None:
        return ""
    name = source.sourceName() or part.label
    if "none" not in part.geometry and source.wkbType() == QgsWkbTypes.Type.NoGeometry:
        found = f'{part.label} "{name}" is a table: it has no geometry.'
        raise JobError(found, "Choose a layer whose features lie on the map.")
    return name


def _attribute(asked, part):
    field = asked.read("parameterAsString", part)
    source = asked.source_of(asked.named(part.parent))
    names = source.fields().names() if source is not None else []
    if field and field not in names:
        found = f'"{source.sourceName()}" has no field "{field}".'
        raise JobError(found, f"Choose one of: {', '.join(names)}." if names else "")
    return field


def _path(asked, part):
    text = asked.read("parameterAsString", part)
    return os.path.abspath(os.path.expanduser(text)) if text else ""


def _extent(asked, part):
    if asked.parameters.get(part.name.upper()) in (None, ""):
        return None
    crs = reference_crs(asked.algorithm, asked.parameters, asked.context)
    name = part.name.upper()
    box = asked.algorithm.parameterAsExtent(asked.parameters, name, asked.context, crs)
    if box.isNull() or box.isEmpty():
        raise JobError(f"{part.label} is empty or not four numbers.", "Draw or choose an extent.")
    return [box.xMinimum(), box.xMaximum(), box.yMinimum(), box.yMaximum()]


def _number(method):
    def read(asked, part):
        given = asked.parameters.get(part.name.upper())
        if isinstance(given, str) and given and not _is_number(given):
            return given  # QGIS would take the default instead; the job's check refuses it
        return asked.read(method, part)

    return read


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _choice(asked, part):
    return named_choice(part, asked.parameters.get(part.name.upper(), part.default))


def named_choice(part, given):
    """The name of a choice; ``qgis_process help`` suggests its number in the list.

    Parameters
    ----------
    part : Declared
        A choice.
    given : str or int
        A name, or a number counted from 0 that is not itself a name.

    Returns
    -------
    object
        A name of `part.options`, or what was given if there is no such choice.
    """
    names = [name for name, _ in part.options]
    text = str(given)
    if text in names:
        return text
    if isinstance(given, bool) or not re.fullmatch("[0-9]{1,3}", text):
        return given
    return names[int(text)] if int(text) < len(names) else text


def with_named_choices(job, parameters):
    """Processing's parameters with every choice by its name, as QGIS's own check wants it."""
    choices = [part for part in declared(job) if part.kind == "choice"]
    given = [part for part in choices if part.name.upper() in parameters]
    names = {part.name.upper(): named_choice(part, parameters[part.name.upper()]) for part in given}
    return {**parameters, **names}


def _reader(method):
    return lambda asked, part: asked.read(method, part)


_READERS = {
    "raster": _raster,
    "bands": _bands,
    "features": _features,
    "attribute": _attribute,
    "folder": _path,
    "images": _path,
    "file": _path,
    "model_file": _path,
    "text": _reader("parameterAsString"),
    "choice": _choice,
    "integer": _number("parameterAsInt"),
    "number": _number("parameterAsDouble"),
    "boolean": _reader("parameterAsBool"),
    "extent": _extent,
}
