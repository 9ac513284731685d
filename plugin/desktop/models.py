"""Bring models to the desktop: QGIS takes them when they are dropped, and browses them."""

from qgis.core import QgsApplication

from .model_browser import ModelItemProvider
from .model_drop import ModelDropHandler
from .model_message import show_model


class DesktopModels:
    """The drop handler and the entries of the browser.

    Parameters
    ----------
    iface : QgisInterface
    """

    def __init__(self, iface):
        self._iface = iface
        self._bar = iface.messageBar()  # held: see `closing`
        self._drops = ModelDropHandler(self.show)
        self._items = None

    def add(self):
        """Let QGIS know both."""
        self._iface.registerCustomDropHandler(self._drops)
        self._items = ModelItemProvider()
        QgsApplication.dataItemProviderRegistry().addProvider(self._items)

    def remove(self):
        """Take both back."""
        self._iface.unregisterCustomDropHandler(self._drops)
        if self._items is not None:
            QgsApplication.dataItemProviderRegistry().removeProvider(self._items)
            self._items = None

    def show(self, path, card):
        """Show what a model is, with buttons for the tools that take it."""
        show_model(self._bar, path, card)
