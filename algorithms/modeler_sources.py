"""What the modeler offers beside the values that a widget lists: inputs and results of other steps."""

from qgis.core import QgsProcessingModelChildParameterSource


def add_sources(combo, dialog, parameters, outputs):
    """Add the inputs of a model and the outputs of its steps to a drop-down.

    Parameters
    ----------
    combo : QComboBox
    dialog : ModelerParametersDialog
    parameters, outputs : sequence of type
        Kinds that fit.
    """
    for source in dialog.getAvailableValuesOfType(list(parameters), list(outputs)):
        combo.addItem(dialog.resolveValueDescription(source), source)


def is_source(value):
    """Whether a value comes from an input of the model or from another step."""
    return isinstance(value, QgsProcessingModelChildParameterSource)
