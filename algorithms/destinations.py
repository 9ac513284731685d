"""Where outputs go: what was asked, and what must not be overwritten."""

import os
import re

from qgis.core import QgsProcessing, QgsProcessingOutputLayerDefinition, QgsProviderRegistry

from ..plugin.jobs.declare import declared
from ..plugin.jobs.errors import JobError
from ..plugin.jobs.places import real_place

# Formats that hold our columns and are read back as they were written.
VECTOR_FORMATS = ("gpkg", "geojson", "shp", "fgb", "csv", "tab", "kml")
NEED_POSITION = (".shp", ".fgb")
TABLE_FORMATS = tuple(name for name in VECTOR_FORMATS if "." + name not in NEED_POSITION)
_NO_FILE = re.compile(r"^(memory:|postgis:|postgres:|mssql:|spatialite:|hana:)", re.IGNORECASE)
_OGR_FILE = re.compile(r"^ogr:\s*dbname='((?:[^'\\]|\\.)*)'", re.IGNORECASE)


def asked_text(value):
    """The text of a destination as it was given; empty for a temporary or skipped output."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink.staticValue()
    text = value if isinstance(value, str) else ""
    return "" if text == QgsProcessing.TEMPORARY_OUTPUT else text


def is_asked(value):
    """Whether a destination was given; the batch dialog gives one without a place for an empty cell."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        sink = value.sink
        return bool(sink.staticValue() or sink.expressionString() or sink.field())
    return value not in (None, "")


def asked_place(value):
    """The absolute path of the file or folder that a destination names, or None.

    A layer in a database has none; a new table of a GeoPackage is in that file.
    """
    text = asked_text(value)
    if not text or _NO_FILE.match(text):
        return None
    inside = _OGR_FILE.match(text)
    path = inside.group(1) if inside else text
    return os.path.abspath(os.path.expanduser(path))


def is_new_table(value):
    """Whether a destination is a table that is added to a file, beside what is there."""
    return bool(_OGR_FILE.match(asked_text(value)))


def refuse_clashes(job, inputs, places):
    """Refuse an output that would overwrite an input or another output.

    Parameters
    ----------
    job : type
        The job's dataclass.
    inputs : dict
        Path (or list of paths) by field name, of the inputs that are files or folders.
    places : dict
        Path by field name, of the outputs that replace what is there.

    Raises
    ------
    JobError
        Naming both parameters.
    """
    parts = {part.name: part for part in declared(job)}
    taken = {}
    for name, given in inputs.items():
        paths = given if isinstance(given, list) else [given]
        taken.update({real_place(path): parts[name] for path in paths if path})
    for name, path in places.items():
        if not path:
            continue
        if real_place(path) in taken:
            part, other = parts[name], taken[real_place(path)]
            found = f'{part.label} would overwrite {other.label}: both are "{path}".'
            raise JobError(found, f"Choose another place for {name.upper()}.")
        taken[real_place(path)] = parts[name]


def layer_file(layer):
    """The file behind a layer, or an empty text."""
    if layer is None:
        return ""
    known = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = known.get("path") or ""
    return os.path.abspath(path) if path and os.path.exists(path) else ""


def new_places(algorithm, parameters, context, folder):
    """Where the engine writes: features go to a file in `folder` first, and from there to their sink.

    Parameters
    ----------
    algorithm : JobAlgorithm
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext
    folder : str

    Returns
    -------
    dict
        Path by field name, of the outputs that were asked for.

    Raises
    ------
    JobError
        If one has no place.
    """
    places = {}
    for part in algorithm.parts():
        name = part.name.upper()
        if not part.is_output or (part.optional and not is_asked(parameters.get(name))):
            continue
        if part.kind == "new_features":
            places[part.name] = os.path.join(folder, part.name + ".geojson")
        elif part.kind == "new_raster":
            places[part.name] = algorithm.parameterAsOutputLayer(parameters, name, context)
        else:
            places[part.name] = algorithm.parameterAsFileOutput(parameters, name, context)
        if not places[part.name]:
            raise JobError(f"{part.label} has no place.", f"Give a value for {name}.")
    return places
