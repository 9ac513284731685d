"""Layers that the engine cannot open become files that it can."""

import os
import re

from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle

from ..plugin.jobs.declare import declared
from . import layers, values
from .features import write_features


def raster_sources(algorithm, parameters, context):
    """Remember the job's raster layers; main thread only.

    Returns
    -------
    dict
        `layers.RasterSource` by field name, for the rasters that are given.
    """
    sources = {}
    for part in declared(algorithm.job):
        if part.kind == "raster":
            layer = values.raster_layer(algorithm, parameters, context, part)
            if layer is not None:
                sources[part.name] = layers.RasterSource(layer)
    return sources


def hand_over(algorithm, run, inputs, rasters, folder):
    """Write the files that stand for the layers of a job.

    Parameters
    ----------
    algorithm : JobAlgorithm
    run : tuple
        Processing's parameters, context and feedback.
    inputs : dict
        Plain value by field name, as `values.read_inputs` gives them.
    rasters : dict
        As `raster_sources` gives them.
    folder : str
        Temporary folder for the files.

    Returns
    -------
    dict
        Path by field name, of every raster and vector layer.

    Raises
    ------
    JobError
        If a layer cannot be written.
    Stopped
        If the user cancels.
    """
    parameters, context, feedback = run
    sources = _feature_sources(algorithm, parameters, context)
    box = _asked_box(algorithm.job, inputs)
    transforms = context.transformContext()
    paths = {}
    for name, raster in rasters.items():
        part = box or layers.box_of(sources.values(), raster.crs, transforms)
        place = _named_place(folder, name, raster.name)
        paths[name] = raster.file(place + ".tif", part, feedback, transforms)
    for name, source in sources.items():
        paths[name] = _named_place(folder, name, source.sourceName()) + ".geojson"
        attributes = _attributes_of(algorithm.job, name, inputs)
        crs = _reference_crs(rasters, source)
        write_features(source, paths[name], attributes, crs, context, feedback)
    return paths


def _named_place(folder, field, layer_name):
    """A path that carries the layer's name: the engine's sentences name files."""
    os.makedirs(os.path.join(folder, field))
    stem = re.sub(r"[^\w .-]", "_", layer_name)[:60].strip(" .")
    return os.path.join(folder, field, stem or field)


def _feature_sources(algorithm, parameters, context):
    sources = {}
    for part in declared(algorithm.job):
        if part.kind == "features":
            source = values.feature_source(algorithm, parameters, context, part)
            if source is not None:
                sources[part.name] = source
    return sources


def _asked_box(job, inputs):
    for part in declared(job):
        if part.kind == "extent" and inputs[part.name]:
            west, east, south, north = inputs[part.name]
            return QgsRectangle(west, south, east, north)
    return None


def _reference_crs(rasters, source):
    """The CRS of the first raster; of the features themselves if the job has no raster."""
    for raster in rasters.values():
        return QgsCoordinateReferenceSystem(raster.crs)
    return source.sourceCrs()


def _attributes_of(job, name, inputs):
    """Names of the fields of a vector layer that the job needs."""
    fields = [part for part in declared(job) if part.kind == "attribute" and part.parent == name]
    return [inputs[field.name] for field in fields if inputs[field.name]]
