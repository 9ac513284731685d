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


def models(task, listed):
    """The models for a task that are still there, the newest first.

    Parameters
    ----------
    task : str
        Empty for any.
    listed : sequence of plugin.jobs.model_library.LibraryModel
        Those of the library, which are left out.

    Returns
    -------
    list of plugin.jobs.model_library.LibraryModel
    """
    known = {os.path.abspath(model.path) for model in listed}
    found = (model_library.read(path) for path in _paths() if path not in known)
    return [model for model in found if model and (not task or model.card.task == task)]


def _paths():
    return QgsSettings().value(_KEY, [], type=list) or []
