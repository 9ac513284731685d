"""What can be known before work starts: values, files, models, and what would be overwritten."""

import os

from ..plugin.jobs.declare import declared, from_values
from ..plugin.jobs.errors import JobError
from ..plugin.jobs.model_card import read_card
from .asked_layers import raster_layers, vector_layer
from .automatic import complete
from .destinations import (
    NEED_POSITION,
    TABLE_FORMATS,
    VECTOR_FORMATS,
    is_asked,
    is_new_table,
    layer_file,
    refuse_clashes,
)
from .job_rules import check_together
from .translation import said
from .values import read_inputs, read_places

_PATHS = ("folder", "images", "file", "model_file")
_FEATURES = ("features", "catalog")
_ENDINGS = {"tif": (".tif", ".tiff"), "html": (".html", ".htm")}


def checked_inputs(algorithm, parameters, context, tell=None):
    """Read and check what the user asked for; main thread only.

    Parameters
    ----------
    algorithm : JobAlgorithm
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext
    tell : callable, optional
        Is told what was taken where something was left open.

    Returns
    -------
    dict
        Plain value of every input by field name.

    Raises
    ------
    JobError
        With what was found and what to do.
    """
    inputs = read_inputs(algorithm, parameters, context)
    inputs, notes = complete(algorithm, inputs, parameters, context)
    for note in notes if tell else ():
        tell(said(note))
    places = read_places(algorithm, parameters)
    for part in declared(algorithm.job):
        if part.is_output:
            _check_place(part, parameters.get(part.name.upper()), places[part.name])
    job = from_values(algorithm.job, {**inputs, **places})
    for part in declared(algorithm.job):
        if part.kind == "model_file" and inputs[part.name]:
            read_card(inputs[part.name], part.task)
    replaced = {
        name: path
        for name, path in places.items()
        if not is_new_table(parameters.get(name.upper()))
    }
    files = _input_files(algorithm, parameters, context, inputs)
    refuse_clashes(algorithm.job, files, replaced)
    check_together(algorithm, job, parameters, context)
    return inputs


def _check_place(part, given, path):
    """Refuse an output that is not given, or whose name promises another format."""
    name = part.name.upper()
    if not is_asked(given) and not part.optional:
        raise JobError(f"{part.label} is missing.", f"Give {name} a place, or TEMPORARY_OUTPUT.")
    if path and part.kind == "new_features":
        _check_format(part, path)
    ending = "." + part.extension if part.extension else ()
    endings = _ENDINGS.get(part.extension, ending)
    if path and part.kind != "new_features" and endings and not path.lower().endswith(endings):
        found = f'{part.label} is "{path}", which does not end in .{part.extension}.'
        raise JobError(found, f"Give {name} a name that ends in .{part.extension}.")


def _check_format(part, path):
    """Refuse a vector format that cannot hold the features; a name without ending is QGIS's."""
    ending = os.path.splitext(path)[1].lower()
    formats = TABLE_FORMATS if part.geometry == ("none",) else VECTOR_FORMATS
    if ending and ending[1:] not in formats:
        thing = "a table" if ending in NEED_POSITION else "these features with their columns"
        found = f'{part.label} is "{path}": {ending} cannot hold {thing}.'
        raise JobError(found, f"Choose GeoPackage (.gpkg), or one of: {', '.join(formats[1:])}.")


def _input_files(algorithm, parameters, context, inputs):
    """The file or folder behind every input that has one."""
    files = {}
    for part in declared(algorithm.job):
        if part.kind in _PATHS:
            files[part.name] = inputs[part.name]
        if part.kind == "raster":
            layer = algorithm.parameterAsLayer(parameters, part.name.upper(), context)
            files[part.name] = layer_file(layer)
        if part.kind in _FEATURES:
            files[part.name] = layer_file(vector_layer(algorithm, parameters, context, part))
        if part.kind == "raster_or_images":
            files[part.name] = os.path.abspath(inputs[part.name]) if inputs[part.name] else ""
        if part.kind == "rasters":
            layers = raster_layers(algorithm, parameters, context, part)
            files[part.name] = [layer_file(layer) for layer in layers]
    return files
