"""Read what the user asked for, as the plain values of a job."""

import math
import os
import re
from datetime import datetime, timezone

from qgis.core import NULL, QgsProperty, QgsWkbTypes
from qgis.PyQt.QtCore import Qt

from ..plugin.jobs.checks import in_short
from ..plugin.jobs.declare import declared
from ..plugin.jobs.errors import JobError
from ..plugin.jobs.model_library import path_of
from .asked_layers import feature_source, folder_of, raster_layer, raster_layers, reference_crs
from .destinations import asked_place
from .parameters import is_counted
from .sublayers import open_named


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


class _Asked:
    """An algorithm with the parameters of one run."""

    def __init__(self, algorithm, parameters, context):
        self.algorithm, self.parameters, self.context = algorithm, parameters, context
        self.parts = declared(algorithm.job)

    def given(self, part, default=None):
        """The value of a parameter as it was given, or what the expression gives that was."""
        value = self.parameters.get(part.name.upper(), default)
        if isinstance(value, QgsProperty):
            value, is_valid = value.value(self.context.expressionContext())
            value = value if is_valid else None
        return None if value == NULL else value

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


def _rasters(asked, part):
    layers = raster_layers(asked.algorithm, asked.parameters, asked.context, part)
    return [layer.source() for layer in layers]


def _raster_or_images(asked, part):
    folder = folder_of(asked.parameters, part)
    return folder or _raster(asked, part)


def _stack_bands(asked, part):
    """Band numbers from a list, or from a text such as 1,2,5-7."""
    given = asked.given(part)
    if isinstance(given, (list, tuple)):
        return _bands(asked, part)
    text = str(given or "").replace(" ", "").replace(";", ",")
    if not re.fullmatch(r"(\d{1,4}(-\d{1,4})?(,|$))*", text):
        raise JobError(
            f'{part.label} is "{text}", which names no bands.', "Give band numbers such as 1,2,5-7."
        )
    bands = []
    for span in filter(None, text.split(",")):
        first, _, last = span.partition("-")
        bands += range(int(first), int(last or first) + 1)
    return bands


def _moment(asked, part):
    """A moment in UTC as ISO text; the clock of a dialog is read as UTC."""
    given = asked.given(part)
    if isinstance(given, str):
        return _utc(given, part)
    moment = asked.read("parameterAsDateTime", part)
    if not moment.isValid():
        return ""
    if moment.timeSpec() == Qt.TimeSpec.OffsetFromUTC:
        moment = moment.toUTC()
    return moment.toString("yyyy-MM-ddTHH:mm:ss")


def _utc(text, part):
    if not text.strip():
        return ""
    try:
        moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip()))
    except ValueError as error:
        found = f'{part.label} is "{text}", which is not a date and time.'
        raise JobError(found, "Give it in UTC, such as 2011-01-01T00:00:00.") from error
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return moment.isoformat()


def _catalog(asked, part):
    source = asked.source_of(part)
    return "" if source is None else source.sourceName() or part.label


def _bands(asked, part):
    """Band numbers; what is none is refused here, where QGIS would read 0."""
    given = asked.given(part)
    listed = re.split("[;,]", given) if isinstance(given, str) else given
    listed = listed if isinstance(listed, (list, tuple)) else [listed]
    texts = [_band_text(one) for one in listed if one is not None]
    for text in filter(None, texts):
        if not re.fullmatch(r"-?\d{1,9}", text):
            found = f'{part.label} is "{in_short(given)}": "{in_short(text)}" is not the number of a band.'
            raise JobError(found, f"Count bands from 1, such as {part.name.upper()}=[1, 2, 3].")
    return [int(text) for text in texts if text]


def _band_text(one):
    """An entry of a list of bands; expressions give whole numbers as 2.0."""
    is_whole = isinstance(one, float) and math.isfinite(one) and one == int(one)
    return str(int(one) if is_whole else one).strip()


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
    parent = asked.named(part.parent)
    source = asked.source_of(parent)
    if field and source is None:
        found = f'{part.label} is "{field}", but there is no layer in {parent.name.upper()}.'
        raise JobError(found, f"Give the layer, or leave {part.name.upper()} empty.")
    names = source.fields().names() if source is not None else []
    if field and field not in names:
        found = f'"{source.sourceName()}" has no field "{field}".'
        raise JobError(found, f"Choose one of: {', '.join(names)}." if names else "")
    return field


def _path(asked, part):
    text = asked.read("parameterAsString", part)
    return os.path.abspath(os.path.expanduser(text)) if text else ""


def _model(asked, part):
    """The file of a model, that may be given by its name in the Model library."""
    text = path_of(asked.read("parameterAsString", part))
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
        given = asked.given(part)
        if (part.unset or part.optional) and given in (None, ""):
            return part.default  # QGIS would read 0
        if isinstance(given, str) and given and not _is_number(given):
            return given  # QGIS would take the default instead; the job's check refuses it
        return asked.read(method, part)

    return read


def _integer(asked, part):
    """A whole number; one with a fraction stays as it is, and the job's check refuses it."""
    given = _number("parameterAsDouble")(asked, part)
    if isinstance(given, float) and math.isfinite(given) and given == int(given):
        return int(given)
    return given


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _choice(asked, part):
    given = asked.given(part, part.default)
    if given is None and isinstance(asked.parameters.get(part.name.upper()), QgsProperty):
        names = ", ".join(str(name) for name, _ in part.options)
        found = f"The expression for {part.label} gives no value."
        raise JobError(found, f"Let it give one of: {names}.")
    return named_choice(part, given)


def named_choice(part, given):
    """The name of a choice; ``qgis_process help`` suggests its number in the list.

    Parameters
    ----------
    part : Declared
        A choice.
    given : str or int
        A name, or a number counted from 0. Where all names are numbers none is counted:
        3 of the factors 1, 2, 4 and 8 would be 8.

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
    if not is_counted(part):
        return text
    return names[int(text)] if int(text) < len(names) else text


def as_qgis_checks(job, parameters):
    """Processing's parameters as QGIS's own check wants them.

    Every choice by its name; bands of a stack as a text; no folder where it expects a raster.
    """
    wanted = dict(parameters)
    for part in declared(job):
        name = part.name.upper()
        if part.kind == "choice" and name in parameters:
            wanted[name] = named_choice(part, parameters[name])
        if part.kind == "stack_bands" and isinstance(parameters.get(name), (list, tuple)):
            wanted[name] = ",".join(map(str, parameters[name]))
        if part.kind == "raster_or_images" and folder_of(parameters, part):
            wanted[name] = None
        if part.kind == "rasters":
            wanted[name] = _loaded(parameters.get(name))
    return wanted


def _loaded(given):
    """Rasters with a layer in the place of every name that Processing does not open itself."""
    if isinstance(given, str):
        return _loaded([given])[0]
    if not isinstance(given, (list, tuple)):
        return given
    return [_or_layer(one) if isinstance(one, str) else one for one in given]


def _or_layer(text):
    try:
        return open_named(text) or text
    except JobError:
        return text  # it was refused before if it could not be told what is meant


def _reader(method):
    return lambda asked, part: asked.read(method, part)


_READERS = {
    "raster": _raster,
    "rasters": _rasters,
    "raster_or_images": _raster_or_images,
    "stack_bands": _stack_bands,
    "catalog": _catalog,
    "moment": _moment,
    "bands": _bands,
    "features": _features,
    "attribute": _attribute,
    "folder": _path,
    "images": _path,
    "file": _path,
    "model_file": _model,
    "text": _reader("parameterAsString"),
    "choice": _choice,
    "integer": _integer,
    "number": _number("parameterAsDouble"),
    "boolean": _reader("parameterAsBool"),
    "extent": _extent,
}
