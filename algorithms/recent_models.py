"""Models that the tools have made lately, wherever they lie: dialogs offer them beside the library."""

import os

from qgis.core import QgsSettings

from ..plugin.jobs import model_library

_KEY, _MOST = "deep_geology/recent_models", 10


def remember(path):
    """Put a model before those that were made earlier."""
    path = os.path.abspath(path)
    kept = [path, *(known for known in _paths() if known != path)]
    QgsSettings().setValue(_KEY, kept[:_MOST])


def models(task=""):
    """The models that are still there and not in the library, the newest first.

    Parameters
    ----------
    task : str
        The task that they must be for; empty for any.

    Returns
    -------
    list of plugin.jobs.model_library.LibraryModel
    """
    listed = {os.path.abspath(model.path) for model in model_library.models()}
    found = (model_library.read(path) for path in _paths() if path not in listed)
    return [model for model in found if model and (not task or model.card.task == task)]


def _paths():
    return QgsSettings().value(_KEY, [], type=list) or []
