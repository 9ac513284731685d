"""What can be known before work starts: values, files, models, and what would be overwritten."""

from ..plugin.jobs.declare import declared, from_values
from ..plugin.jobs.model_card import read_card
from .destinations import is_new_table, layer_file, refuse_clashes
from .values import read_inputs, read_places

_PATHS = ("folder", "images", "file", "model_file")
_LAYERS = ("raster", "features")


def checked_inputs(algorithm, parameters, context):
    """Read and check what the user asked for; main thread only.

    Parameters
    ----------
    algorithm : JobAlgorithm
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext

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
    places = read_places(algorithm, parameters)
    from_values(algorithm.job, {**inputs, **places})
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
    return inputs


def _input_files(algorithm, parameters, context, inputs):
    """The file or folder behind every input that has one."""
    files = {}
    for part in declared(algorithm.job):
        if part.kind in _PATHS:
            files[part.name] = inputs[part.name]
        if part.kind in _LAYERS:
            layer = algorithm.parameterAsLayer(parameters, part.name.upper(), context)
            files[part.name] = layer_file(layer)
    return files
