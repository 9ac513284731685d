"""Layers that the engine cannot open become files that it can."""

import os
import re

from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle

from ..plugin.jobs.declare import declared
from . import layers
from .asked_layers import RASTER_KINDS, feature_source, raster_layers
from .catalogs import write_catalog
from .features import write_features


def raster_sources(algorithm, parameters, context):
    """Remember the job's raster layers; main thread only.

    Returns
    -------
    dict
        A list of `layers.RasterSource` by field name, for the rasters that are given.
    """
    sources = {}
    for part in declared(algorithm.job):
        if part.kind in RASTER_KINDS:
            given = raster_layers(algorithm, parameters, context, part)
            if given:
                sources[part.name] = [layers.RasterSource(layer) for layer in given]
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
        Path (or list of paths) by field name, of every raster, vector layer and catalog.

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
    for name, stack in rasters.items():
        files = []
        for number, raster in enumerate(stack, start=1):
            part = box or layers.box_of(sources.values(), raster.crs, transforms)
            place = _named_place(folder, f"{name}_{number}", raster.name)
            files.append(raster.file(place + ".tif", part, feedback, transforms))
        paths[name] = files if _kind_of(algorithm.job, name) == "rasters" else files[0]
    for name, source in sources.items():
        if _kind_of(algorithm.job, name) == "catalog":
            paths[name] = _named_place(folder, name, source.sourceName()) + ".csv"
            write_catalog(source, paths[name], context, feedback)
            continue
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
        if part.kind in ("features", "catalog"):
            source = feature_source(algorithm, parameters, context, part)
            if source is not None:
                sources[part.name] = source
    return sources


def _kind_of(job, name):
    return next(part.kind for part in declared(job) if part.name == name)


def _asked_box(job, inputs):
    for part in declared(job):
        if part.kind == "extent" and inputs[part.name]:
            west, east, south, north = inputs[part.name]
            return QgsRectangle(west, south, east, north)
    return None


def _reference_crs(rasters, source):
    """The CRS of the first raster; of the features themselves if the job has no raster."""
    for stack in rasters.values():
        return QgsCoordinateReferenceSystem(stack[0].crs)
    return source.sourceCrs()


def _attributes_of(job, name, inputs):
    """Names of the fields of a vector layer that the job needs."""
    fields = [part for part in declared(job) if part.kind == "attribute" and part.parent == name]
    return [inputs[field.name] for field in fields if inputs[field.name]]
