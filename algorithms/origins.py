"""Where the files that stand for layers came from: reports and messages name what the user gave."""

import os
import re

from qgis.core import QgsFields, QgsProcessingFeatureSourceDefinition, QgsProviderRegistry

from ..plugin.jobs.declare import declared
from .asked_layers import vector_layer
from .destinations import layer_file

_ONE_LAYER = (".geojson", ".json", ".csv")


def origins(algorithm, parameters, context, rasters, files):
    """Tell where the files that `handover.hand_over` wrote came from.

    Parameters
    ----------
    algorithm : JobAlgorithm
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext
    rasters : dict
        As `handover.raster_sources` gives them.
    files : dict
        As `handover.hand_over` gives them.

    Returns
    -------
    dict of str to str
        By path of a written file: the user's file if it holds what was written, otherwise a text
        that is no path: the file with what was taken of it, or the layer and its provider.
    """
    found = {path: raster.origin for path, raster in _exported(rasters, files)}
    for path, layer, part in _written(algorithm, parameters, context, files):
        taken = _taken(layer, parameters.get(part.name.upper()), part.kind)
        found[path] = "|".join([origin_of(layer), *taken])
    return found


def layer_names(algorithm, parameters, context, rasters, files):
    """The names of the layers that files stand for, by path; arguments as those of `origins`."""
    found = {path: raster.name for path, raster in _exported(rasters, files)}
    for path, layer, _ in _written(algorithm, parameters, context, files):
        found[path] = layer.name()
    return found


def naming_layers(names):
    """Let messages of the engine name the user's layers, not the files that stand for them.

    Parameters
    ----------
    names : dict of str to str
        As `layer_names` gives them.

    Returns
    -------
    callable
        Takes a message; gives it with the names of layers.
    """
    known = {os.path.basename(path): name for path, name in names.items()} | names
    if not known:
        return str
    files = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    stands = re.compile(rf"(?<![\w/\\.-])(?:{files})(?![\w-]|\.\w)")
    return lambda text: stands.sub(lambda found: known[found[0]], text)


def _exported(rasters, files):
    """Every (path, `RasterSource`) of a raster that was written for the engine."""
    for name, stack in rasters.items():
        paths = files[name] if isinstance(files[name], list) else [files[name]]
        yield from ((path, raster) for path, raster in zip(paths, stack) if not raster.path)


def _written(algorithm, parameters, context, files):
    """Every (path, layer, what the job declares) of a vector layer that was written."""
    for part in declared(algorithm.job):
        if part.kind in ("features", "catalog") and part.name in files:
            layer = vector_layer(algorithm, parameters, context, part)
            if layer is not None:
                yield files[part.name], layer, part


def origin_of(layer):
    """The file behind a layer, or what names it elsewhere; never a password."""
    known = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = layer_file(layer)
    if path:
        inside = known.get("layerName")
        many = inside and not path.lower().endswith(_ONE_LAYER)
        return f"{path}|layername={inside}" if many else path
    table = ".".join(str(known[key]) for key in ("dbname", "schema", "table") if known.get(key))
    return f"{layer.providerType()}: {table or layer.name()}"


def _taken(layer, given, kind):
    """What makes the features that were written other ones than those in the layer's file."""
    fields = layer.fields()
    places = range(fields.count())
    own = QgsFields.FieldOrigin.OriginProvider
    crs = layer.crs().authid() or "CRS of the project"
    moved = layer.crs() != layer.dataProvider().crs()
    moved = moved or (kind == "catalog" and layer.isSpatial() and crs != "EPSG:4326")
    return [
        *([f"subset={layer.subsetString()}"] if layer.subsetString() else []),
        *(["selection"] if _is_part(given) else []),
        *(["edits"] if layer.isModified() else []),
        *(["fields"] if any(fields.fieldOrigin(place) != own for place in places) else []),
        *([f"crs={crs}"] if moved else []),
    ]


def _is_part(given):
    """Whether only some features of a layer were asked for."""
    if not isinstance(given, QgsProcessingFeatureSourceDefinition):
        return False
    filtered = getattr(given, "filterExpression", "")  # of QGIS 3.32 and newer
    return given.selectedFeaturesOnly or given.featureLimit >= 0 or bool(filtered)
