"""The layers that the user asked for, before anything is read of them."""

import os

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsProcessingFeatureSourceDefinition,
    QgsRasterLayer,
)

from ..plugin.jobs.checks import in_short
from ..plugin.jobs.declare import declared
from ..plugin.jobs.errors import JobError
from .parameters import FOLDER_SUFFIX
from .sublayers import open_named

RASTER_KINDS = ("raster", "rasters", "raster_or_images")


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
    or_images = ", or a folder of images" if part.kind == "raster_or_images" else ""
    remedy = f"Choose a raster layer that opens in QGIS{or_images}."
    return _nothing(part, parameters, "a raster layer", remedy)


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


def vector_layer(algorithm, parameters, context, part):
    """The whole layer behind an input of features, also where a part of it was asked for, or None.

    QGIS finds no layer for "selected features only".
    """
    name = part.name.upper()
    given = parameters.get(name)
    is_part = isinstance(given, QgsProcessingFeatureSourceDefinition)
    asked = {**parameters, name: given.source if is_part else given}
    return algorithm.parameterAsVectorLayer(asked, name, context)


def raster_layers(algorithm, parameters, context, part):
    """The raster layers of an input of any raster kind; none for what is a folder or not given.

    Raises
    ------
    JobError
        If something that was given is no raster.
    """
    if part.kind == "rasters":
        return _stack(algorithm, parameters, context, part)
    if part.kind == "raster_or_images" and folder_of(parameters, part):
        return []
    layer = raster_layer(algorithm, parameters, context, part)
    return [] if layer is None else [layer]


def _stack(algorithm, parameters, context, part):
    name = part.name.upper()
    given = parameters.get(name)
    found = algorithm.parameterAsLayerList(parameters, name, context)
    layers = [layer for layer in found if isinstance(layer, QgsRasterLayer) and layer.isValid()]
    single = [given] if isinstance(given, (str, QgsMapLayer)) else given
    asked = [one for one in single if one] if isinstance(single, (list, tuple)) else layers
    if len(layers) == len(asked) and (layers or part.optional):
        return layers
    if not asked:
        return _nothing(part, parameters, "raster layers", "Choose at least one raster layer.")
    named = [_named(one, layers) for one in asked]
    if all(named):
        return named
    known = {layer.source() for layer in layers} | {layer.id() for layer in layers}
    odd = [
        one for one in asked if not (one in layers if not isinstance(one, str) else one in known)
    ]
    shown = in_short(odd[0]) if odd and isinstance(odd[0], str) else "one of the layers"
    raise JobError(
        f'{part.label}: "{shown}" cannot be read as a raster layer.',
        "Choose raster layers that open in QGIS.",
    )


def _named(one, layers):
    """A layer as it was asked for, or None: NetCDF files are not loaded by Processing itself."""
    if not isinstance(one, str):
        return one if one in layers else None
    loaded = [layer for layer in layers if one in (layer.source(), layer.id(), layer.name())]
    return loaded[0] if loaded else open_named(one)


def folder_of(parameters, part):
    """The folder or image that was given in the place of a raster, or an empty text."""
    folder = parameters.get(part.name.upper() + FOLDER_SUFFIX)
    if isinstance(folder, str) and folder:
        return os.path.abspath(os.path.expanduser(folder))
    given = parameters.get(part.name.upper())
    if isinstance(given, str) and os.path.isdir(given):
        return os.path.abspath(os.path.expanduser(given))
    return ""


def reference_crs(algorithm, parameters, context):
    """The CRS of the job's first raster: vectors and extents are given to the engine in it.

    Returns
    -------
    QgsCoordinateReferenceSystem
        EPSG:4326 if the job takes no raster; invalid if it does but the raster has none.
    """
    parts = [part for part in declared(algorithm.job) if part.kind in RASTER_KINDS]
    for part in parts:
        for layer in raster_layers(algorithm, parameters, context, part):
            return layer.crs()
    return QgsCoordinateReferenceSystem("" if parts else "EPSG:4326")


def _nothing(part, parameters, thing, remedy):
    value = parameters.get(part.name.upper())
    if value in (None, "", []):
        if part.optional:
            return None
        raise JobError(f"{part.label} is missing.", remedy)
    shown = in_short(value) if isinstance(value, str) else "the layer"
    raise JobError(f'{part.label} "{shown}" cannot be read as {thing}.', remedy)
