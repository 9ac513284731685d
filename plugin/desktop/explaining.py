"""A button in a tool's dialog that explains why its run failed."""

from qgis.core import Qgis
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QObject, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QApplication, QPushButton

from ...algorithms.explaining import LISTENERS
from ...algorithms.translation import tr
from .one_line import create_message


class Explainer(QObject):
    """Hears of failed runs in any thread, and shows a message in the dialog that ran."""

    _failed = pyqtSignal(str, str, str)

    def __init__(self, iface=None):
        super().__init__()
        self._tell = self._failed.emit
        self._failed.connect(self._show)

    def add(self):
        """Begin to listen."""
        LISTENERS.append(self._tell)

    def remove(self):
        """Listen no more."""
        if self._tell in LISTENERS:
            LISTENERS.remove(self._tell)

    def _show(self, algorithm, found, address):
        for dialog in dialogs_of(algorithm):
            bar = dialog.messageBar()
            bar.clearWidgets()  # a batch may fail in every row
            item = create_message(bar, "", found)
            button = QPushButton(tr("What to do"), item)
            button.clicked.connect(lambda *_: QDesktopServices.openUrl(QUrl(address)))
            item.layout().addWidget(button)
            bar.pushWidget(item, Qgis.MessageLevel.Warning)


def dialogs_of(algorithm):
    """The open dialogs of an algorithm: the one that is in front, if it is among them."""
    shown = [
        dialog
        for dialog in QApplication.topLevelWidgets()
        if isinstance(dialog, QgsProcessingAlgorithmDialogBase) and dialog.isVisible()
        and dialog.algorithm() is not None and dialog.algorithm().id() == algorithm
    ]  # fmt: skip
    front = [dialog for dialog in shown if dialog.isActiveWindow()]
    return front or shown
