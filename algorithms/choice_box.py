"""The widget of a choice: what the values mean, instead of the values that scripts give."""

from processing.gui.wrappers import DIALOG_MODELER, WidgetWrapper
from qgis.core import (
    NULL,
    QgsProcessingOutputString,
    QgsProcessingParameterEnum,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox, QSizePolicy

from .modeler_sources import add_sources, is_source
from .translation import tr

_SHORTEST = 24
_FITTING = (QgsProcessingParameterEnum, QgsProcessingParameterString), (QgsProcessingOutputString,)


class ChoiceBox(WidgetWrapper):
    """A drop-down of meanings in the dialog, in a batch and in the modeler; its value is a name."""

    def createWidget(self, values=(), meanings=()):
        """Make the drop-down; the name that a script gives is the tool tip of a meaning."""
        self._combo = QComboBox()
        self._combo.setMinimumContentsLength(_SHORTEST)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self._combo.setSizeAdjustPolicy(policy)
        self._combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for value, meaning in zip(values, meanings):
            self._combo.addItem(tr(meaning), value)
            self._combo.setItemData(self._combo.count() - 1, value, Qt.ItemDataRole.ToolTipRole)
        if self.dialogType == DIALOG_MODELER:
            add_sources(self._combo, self.dialog, *_FITTING)
        self._combo.currentIndexChanged.connect(lambda _: self.widgetValueHasChanged.emit(self))
        return self._combo

    def setValue(self, value):
        """Show a name's meaning, or a source of the modeler; the default for nothing."""
        if value is None or value == NULL:
            value = self.parameterDefinition().defaultValue()
        places = range(self._combo.count())
        found = next((place for place in places if self._is_at(place, value)), -1)
        self._combo.setCurrentIndex(found)

    def value(self):
        """The name, or the source; None if nothing is chosen."""
        return self._combo.currentData()

    def _is_at(self, place, value):
        kept = self._combo.itemData(place)
        if is_source(value) or is_source(kept):
            return is_source(value) and is_source(kept) and kept == value
        return kept == str(value)
