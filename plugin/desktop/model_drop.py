# ruff: noqa: N802 - QGIS gives the names of the methods
"""A model file that is dropped onto QGIS, or dragged there from its browser."""

from qgis.gui import QgsCustomDropHandler

from ..jobs.errors import JobError
from ..jobs.model_card import read_card
from ..jobs.model_library import ENDING

KEY = "deep_geology_model"


class ModelDropHandler(QgsCustomDropHandler):
    """Takes model files of ours, and leaves every other file to QGIS.

    Parameters
    ----------
    show : callable
        ``show(path, card)`` is called for a model.
    """

    def __init__(self, show):
        super().__init__()
        self._show = show

    def customUriProviderKey(self):
        return KEY

    def handleFileDrop(self, file):
        card = model_card(file)
        if card is not None:
            self._show(file, card)
        return card is not None

    def handleCustomUriDrop(self, uri):
        self.handleFileDrop(uri.uri)

    def canHandleCustomUriCanvasDrop(self, uri, canvas):
        return uri.providerKey == KEY

    def handleCustomUriCanvasDrop(self, uri, canvas):
        return self.handleFileDrop(uri.uri)


def model_card(path):
    """The card of a file, or None if it is no model of ours."""
    if not path.lower().endswith(ENDING):
        return None
    try:
        return read_card(path)
    except JobError:
        return None
