"""The Model library: the models that come with the plugin, and a folder of the user's own.

A model of the library goes by its name, which is that of its file without the ending:
``sentinel2_land_cover``. The folder is that of the environment variable ``DEEPGEOLOGY_MODELS``,
or ``models`` in the folder of the engine.
"""

import os
from dataclasses import dataclass

from .errors import JobError
from .home import home
from .model_card import ModelCard, read_card

ENDING = ".safetensors"
FOLDER = "DEEPGEOLOGY_MODELS"
BUNDLED = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
    "resources",
    "models",
)
_MOST = 1000
# Parts of a tool, that no tool takes as its model.
_PARTS = ("blur_estimator",)


@dataclass(frozen=True)
class LibraryModel:
    """A model of the library.

    Attributes
    ----------
    name : str
        What it goes by.
    path : str
    card : ModelCard
    is_own : bool
        Whether it lies in the user's folder, not in the plugin's.
    """

    name: str
    path: str
    card: ModelCard
    is_own: bool


def folder():
    """The folder of the user's own models; it need not exist."""
    own = os.environ.get(FOLDER)
    return os.path.abspath(os.path.expanduser(own)) if own else os.path.join(home(), "models")


def models(task=""):
    """List the models of the library, the user's own first, and those with scores before others.

    Parameters
    ----------
    task : str
        The task that they must be for; empty for any.

    Returns
    -------
    list of LibraryModel
        Each name once: the user's own model stands for the plugin's of the same name. A file
        that is no model of ours is left out.
    """
    found = {}
    for place, is_own in ((folder(), True), (BUNDLED, False)):
        for path in _files(place):
            name = os.path.splitext(os.path.basename(path))[0].lower()
            model = None if name in found else read(path, is_own)
            if model is not None:
                found[name] = model
    listed = sorted(found.values(), key=lambda model: (not model.is_own, not model.card.scores))
    return [model for model in listed if not task or model.card.task == task]


def read(path, is_own=True):
    """The `LibraryModel` of a file, or None: it is not there, no model of ours, or part of a tool."""
    try:
        card = read_card(path)
    except (JobError, OSError):
        return None  # other weights, or damaged: a tool that is given the path says which
    name = os.path.splitext(os.path.basename(path))[0]
    return None if card.network in _PARTS else LibraryModel(name, path, card, is_own)


def path_of(text):
    """The file of a model that is given by its path, or by its name in the library.

    Parameters
    ----------
    text : str
        A path, or a name with or without the ending; letters may be large or small.

    Returns
    -------
    str
        The text itself if it is a path, or nothing in the library has that name.
    """
    if not isinstance(text, str) or not text or os.path.basename(text) != text:
        return text
    if os.path.isfile(text):
        return text
    wanted = text.lower() if text.lower().endswith(ENDING) else text.lower() + ENDING
    files = [path for place in (folder(), BUNDLED) for path in _files(place)]
    return next((path for path in files if os.path.basename(path).lower() == wanted), text)


def names(task=""):
    """The names of the models for a task, for a sentence."""
    return ", ".join(model.name for model in models(task))


def _files(place):
    try:
        entries = sorted(os.listdir(place), key=str.lower)
    except OSError:
        return []
    paths = [os.path.join(place, name) for name in entries if name.lower().endswith(ENDING)]
    return [path for path in paths if os.path.isfile(path)][:_MOST]
