# ruff: noqa: N802, N803 - QGIS gives the names of the methods
"""Models in QGIS's browser: in their folders, and the Model library as an entry of its own."""

import os

from qgis.core import (
    Qgis,
    QgsDataCollectionItem,
    QgsDataItem,
    QgsDataItemProvider,
    QgsDataProvider,
    QgsMimeDataUtils,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QAction

from ...algorithms.model_facts import facts, title
from ...algorithms.model_tools import tools_for
from ...algorithms.translation import tr
from ..jobs import model_library
from .dialogs import open_tool
from .model_drop import KEY, model_card

ICONS = os.path.join(os.path.dirname(model_library.BUNDLED), "icons")
_ROOT = "deepgeology:models"
# QGIS 3.36 moved what a provider of items can do.
if hasattr(Qgis, "DataItemProviderCapability"):
    _FILES = Qgis.DataItemProviderCapabilities(Qgis.DataItemProviderCapability.Files)
else:
    _FILES = QgsDataProvider.DataCapability.File


class ModelItemProvider(QgsDataItemProvider):
    """Makes the entries; QGIS asks for them in threads, so files are only read here."""

    def name(self):
        return "deep_geology"

    def dataProviderKey(self):
        return KEY

    def capabilities(self):
        return _FILES

    def createDataItem(self, path, parentItem):
        if not path:
            return _given_away(LibraryItem(parentItem))
        card = model_card(path)
        if card is None:
            return None
        return _given_away(ModelItem(parentItem, os.path.basename(path), path, card))


class ModelItem(QgsDataItem):
    """A model file: opened, dragged onto the map, or used in a tool.

    Folders list it by the name of its file, as all files; the library as parameters do.
    """

    def __init__(self, parent, name, path, card):
        super().__init__(Qgis.BrowserItemType.Custom, parent, name, path, KEY)
        self._card = card
        told = filter(None, [title(path), card.task, facts(card)])
        self.setToolTip("\n".join(told))
        self.setState(Qgis.BrowserItemState.Populated)

    def icon(self):
        return QIcon(os.path.join(ICONS, "describe_model.svg"))

    def handleDoubleClick(self):
        open_tool("describemodel", {"MODEL": self.path()})
        return True

    def hasDragEnabled(self):
        return True

    def mimeUris(self):
        uri = QgsMimeDataUtils.Uri()
        uri.layerType, uri.providerKey = "custom", KEY
        uri.name, uri.uri = self.name(), self.path()
        return [uri]

    def actions(self, parent):
        """*Describe model*, and the tools that take the model."""
        describe = QAction(tr("Describe model…"), parent)
        describe.triggered.connect(self.handleDoubleClick)
        return [describe, *(self._use_in(tool, parent) for tool in tools_for(self._card))]

    def _use_in(self, tool, parent):
        action = QAction(tr("Use in {}…").format(tool.displayName()), parent)
        action.triggered.connect(lambda: open_tool(tool.name(), {"MODEL": self.path()}))
        return action


class LibraryItem(QgsDataCollectionItem):
    """The Model library: the bundled models and the user's own."""

    def __init__(self, parent):
        super().__init__(parent, tr("Deep Geology models"), _ROOT, KEY)
        self.setToolTip(model_library.folder())

    def icon(self):
        return QIcon(os.path.join(ICONS, "provider.svg"))

    def createChildren(self):
        return [
            _given_away(ModelItem(self, title(model.path), model.path, model.card))
            for model in model_library.models()
        ]

    def actions(self, parent):
        """Open the folder of the user's own models."""
        opens = QAction(tr("Open the folder of my models"), parent)
        opens.triggered.connect(_open_folder)
        return [opens]


def _open_folder():
    os.makedirs(model_library.folder(), exist_ok=True)
    QDesktopServices.openUrl(QUrl.fromLocalFile(model_library.folder()))


def _given_away(item):
    """An item that QGIS owns from now on."""
    sip.transferto(item, None)
    return item
