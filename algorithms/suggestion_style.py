"""How suggested places look: marks that are seen on any map, with their rank."""

from qgis.core import (
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor

from .styling import style_on_load

_MARK = {"name": "circle", "size": "3.6", "color": "#d6006e", "outline_color": "#ffffff",
         "outline_width": "0.6"}  # fmt: skip
_POINTS, _BESIDE_MM = 10, 2.4


def style_suggestions(context, layer_id):
    """Let the places stand out with their rank beside them.

    Parameters
    ----------
    context, layer_id
        As for `styling.style_on_load`.
    """
    style_on_load(context, layer_id, _mark)


def _mark(layer):
    if not layer.isSpatial():
        return
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(_MARK)))
    settings = QgsPalLayerSettings()
    settings.fieldName, settings.dist = "rank", _BESIDE_MM
    settings.setFormat(_text())
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)


def _text():
    """Dark figures with a white edge."""
    text, edge = QgsTextFormat(), QgsTextBufferSettings()
    text.setSize(_POINTS)
    text.setColor(QColor("#202020"))
    edge.setEnabled(True)
    edge.setSize(0.8)
    edge.setColor(QColor("#ffffff"))
    text.setBuffer(edge)
    return text
