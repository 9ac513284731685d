"""A model in QGIS's temporary folder is lost when QGIS closes: the end of the log says so."""

import os

from qgis.core import QgsProcessingUtils

from ..plugin.jobs import model_library
from .translation import tr


def warn_of_temporary(results, feedback):
    """Warn of every model that was written where QGIS clears up.

    Parameters
    ----------
    results : dict
        Outputs of the run by name.
    feedback : QgsProcessingFeedback
    """
    for path in filter(_is_temporary_model, results.values()):
        text = tr('The model is lost when QGIS closes: copy "{}" to the Model library folder "{}".')
        feedback.pushWarning(text.format(path, model_library.folder()))


def _is_temporary_model(value):
    if not isinstance(value, str) or not value.endswith(model_library.ENDING):
        return False
    temporary = os.path.realpath(QgsProcessingUtils.tempFolder())
    return os.path.realpath(value).startswith(os.path.join(temporary, ""))
