"""The widget of a model parameter: the library and recent models, and a button for any file."""

import os

from processing.gui.wrappers import DIALOG_MODELER, WidgetWrapper
from qgis.core import (
    NULL,
    QgsProcessingOutputFile,
    QgsProcessingOutputString,
    QgsProcessingParameterFile,
)
from qgis.PyQt.QtCore import QCoreApplication, Qt
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from ..plugin.jobs import model_library
from . import recent_models
from .model_facts import facts, title
from .modeler_sources import add_sources, is_source
from .translation import tr
from .versions import OPTIONAL

_FITTING = (QgsProcessingParameterFile,), (QgsProcessingOutputFile, QgsProcessingOutputString)
_SHORTEST = 24


class ModelChooser(WidgetWrapper):
    """Chooses a model in the dialog, in a batch and in the modeler.

    The value is the model's path, or what was typed: a path, or a name of the library. In the
    modeler it may come from an input of the model or from the output of another step.
    """

    def createWidget(self, task=""):
        """Make the drop-down and the button; `task` is what the model must be for."""
        self._combo = _editable_combo()
        self._combo.lineEdit().setPlaceholderText(tr("Choose a model, or type a path"))
        if self.dialogType == DIALOG_MODELER:
            add_sources(self._combo, self.dialog, *_FITTING)
        listed = model_library.models(task)
        for model in [*listed, *recent_models.models(task, listed)]:
            self._add_model(model)
        self._combo.setCurrentIndex(-1)
        self._combo.setEditText("")
        self._combo.currentTextChanged.connect(self._tell)
        return _beside(self._combo, self._button())

    def createLabel(self):
        """The parameter's name as other widgets have it, in QGIS's language."""
        label, part = super().createLabel(), self.parameterDefinition()
        if label is not None and part.flags() & OPTIONAL:
            optional = QCoreApplication.translate("QObject", "%1 [optional]")
            label.setText(optional.replace("%1", part.description()))
        return label

    def setValue(self, value):
        """Show a value: a source of the modeler, a model of the library, or any text."""
        if value is None or value == NULL:
            self._combo.setCurrentIndex(-1)
            value = ""
        place = next((i for i in range(self._combo.count()) if self._is_at(i, value)), -1)
        if place >= 0:
            self._combo.setCurrentIndex(place)
        else:
            self._combo.setCurrentIndex(-1)
            self._combo.setEditText(str(value))

    def value(self):
        """The value; None if nothing was chosen."""
        text = self._combo.currentText().strip()
        place = self._combo.findText(text) if text else -1
        return self._combo.itemData(place) if place >= 0 else text or None

    def _is_at(self, place, value):
        kept = self._combo.itemData(place)
        if is_source(value) or is_source(kept):
            return isinstance(kept, type(value)) and kept == value
        return bool(value) and kept == model_library.path_of(str(value))

    def _add_model(self, model):
        known = facts(model.card)
        name = title(model.path)
        self._combo.addItem(f"{name}: {known}" if known else name, model.path)
        place = self._combo.count() - 1
        told = "\n".join(filter(None, [model.card.task, known, model.path, model.card.citation]))
        self._combo.setItemData(place, told, Qt.ItemDataRole.ToolTipRole)

    def _button(self):
        button = QToolButton()
        button.setText("…")
        button.setToolTip(tr("Choose any model file"))
        button.clicked.connect(self._choose_file)
        return button

    def _choose_file(self):
        known = self.value()
        known = known if isinstance(known, str) else ""
        start = os.path.dirname(known) or (
            model_library.folder() if os.path.isdir(model_library.folder()) else ""
        )
        path, _ = self.getFileName(start)
        if path:
            self.setValue(os.path.normpath(path))

    def _tell(self):
        self.widgetValueHasChanged.emit(self)


def _editable_combo():
    combo = QComboBox()
    combo.setEditable(True)
    combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    combo.setMinimumContentsLength(_SHORTEST)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return combo


def _beside(*widgets):
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return holder
