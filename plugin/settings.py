"""The options page: the engine, and the folder of models."""

import os

from qgis.core import QgsApplication, QgsTask
from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QFormLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from ..algorithms.translation import tr
from . import environment, library_folder
from .desktop.dialogs import open_tool
from .jobs import model_library
from .telling import size_text

ICON = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
    "resources",
    "icons",
    "provider.svg",
)


class OptionsPages:
    """The plugin's page in QGIS's options.

    Parameters
    ----------
    iface : QgisInterface
    """

    def __init__(self, iface):
        self._iface, self._factory = iface, OptionsFactory()

    def add(self):
        """Add the page."""
        self._iface.registerOptionsWidgetFactory(self._factory)

    def remove(self):
        """Take it back."""
        self._iface.unregisterOptionsWidgetFactory(self._factory)


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page *Deep Geology* of QGIS's options."""

    def __init__(self):
        super().__init__("Deep Geology", QIcon(ICON))

    def icon(self):
        return QIcon(ICON)

    def createWidget(self, parent):
        return OptionsPage(parent)


class OptionsPage(QgsOptionsPageWidget):
    """State of the engine, where it is, how large it is, and the button that makes it."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.setObjectName("deepGeologyOptions")  # showOptionsDialog finds a page by this name
        self.state, self.place, self.size = QLabel(), QLabel(), QLabel(tr("measuring…"))
        self.python, self.models = QgsFileWidget(), QgsFileWidget()
        self.button = QPushButton(tr("Prepare engine…"))
        self._task = None
        self._lay_out()
        self.show_state()
        self.button.clicked.connect(self._prepare)

    def apply(self):
        """Keep the folder of models; a Python is taken into use by *Prepare engine*."""
        library_folder.choose(self.models.filePath())

    def show_state(self):
        """Show what is known of the engine now."""
        state = environment.engine_state()
        self.state.setText(_state_text(state))
        self.place.setText(state["location"] if state else environment.home())
        if state and state["own"]:
            self.python.setFilePath(state["python"])
        self._measure(environment.home())

    def _lay_out(self):
        for label in (self.state, self.place):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form = QFormLayout()
        form.addRow(tr("Engine"), self.state)
        form.addRow(tr("Location"), self.place)
        form.addRow(tr("Size on disk"), self.size)
        form.addRow(tr("Use this Python"), self.python)
        hint = tr(
            "Empty: an environment is made. A Python given here is checked and taken into use by "
            "Prepare engine. To have the engine elsewhere, set the environment variable "
            "DEEPGEOLOGY_HOME before QGIS starts."
        )
        note = QLabel(hint)
        note.setWordWrap(True)
        form.addRow("", note)
        self.button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        form.addRow("", self.button)
        form.addRow(tr("Folder of my models"), self._models_chooser())
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addStretch()

    def _models_chooser(self):
        """The folder whose models every tool offers beside the bundled ones."""
        self.models.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.models.setFilePath(library_folder.chosen())
        self.models.lineEdit().setPlaceholderText(model_library.folder())
        self.models.setToolTip(tr("Every tool that takes a model offers those in this folder."))
        return self.models

    def _measure(self, folder):
        """Add the sizes of thousands of files up in a thread of QGIS."""
        self._task = QgsTask.fromFunction(
            tr("Measure the engine"),
            lambda task: _folder_size(folder, task.isCanceled),
            on_finished=self._show_size,
        )
        QgsApplication.taskManager().addTask(self._task)

    def _show_size(self, error, size=0):
        """Show a size; QGIS hands none over if it is 0."""
        try:
            self.size.setText(tr("unknown") if error else size_text(size))
        except RuntimeError:
            return  # the page was closed meanwhile

    def _prepare(self):
        path = self.python.filePath()
        open_tool("prepareengine", {"PYTHON": path} if path else {}, self.window())


def _state_text(state):
    if state is None:
        return tr("Not prepared. No tool that computes can run before Prepare engine has.")
    text = tr("Prepared: PyTorch {torch} on {devices}").format(**state)
    return text + (tr(" (your own environment)") if state["own"] else "")


def _folder_size(folder, is_canceled):
    """Bytes of all files below a folder; what vanishes meanwhile is not counted."""
    total, folders = 0, [folder]
    while folders and not is_canceled():
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue  # removed in this moment
    return total
