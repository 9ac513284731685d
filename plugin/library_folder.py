"""The folder of the user's models, as QGIS's settings keep it."""

import os

from qgis.core import QgsSettings

from .jobs import model_library

_KEY = "deep_geology/models_folder"
_given = os.environ.get(model_library.FOLDER, "")


def chosen():
    """What the user chose in the options; empty for the usual folder."""
    return QgsSettings().value(_KEY, "", type=str)


def choose(path):
    """Keep a choice, and take it into use here and in the engines that start from now on."""
    QgsSettings().setValue(_KEY, path)
    take_into_use()


def take_into_use():
    """Let the choice stand in the environment, where tools and engine look for it."""
    place = chosen() or _given
    if place:
        os.environ[model_library.FOLDER] = place
    else:
        os.environ.pop(model_library.FOLDER, None)
