"""How boxes of objects look: outlines in the class's color, so that the object stays visible.

A white edge lets them be seen on bright and dark ground.
"""

from qgis.core import QgsCategorizedSymbolRenderer, QgsFillSymbol, QgsRendererCategory

from ..plugin.jobs.model_card import read_card
from .styling import style_on_load

_WIDTH_MM, _EDGE_MM = "0.6", "1.1"


def style_boxes(context, layer_id, model):
    """Let the boxes of a vector output have the colors that the model gives their classes.

    Parameters
    ----------
    context, layer_id
        As for `styling.style_on_load`.
    model : str
        Path of the model file.
    """
    colors = {entry["name"]: entry["color"] for entry in read_card(model).classes}
    style_on_load(context, layer_id, lambda layer: outline_classes(layer, colors))


def outline_classes(layer, colors):
    """Show the features of every class as outlines in its color; a table has none to show.

    Parameters
    ----------
    layer : QgsVectorLayer
        Polygons with a field called class.
    colors : dict
        Color of every class by name.
    """
    if not layer.isSpatial():
        return
    categories = [QgsRendererCategory(name, _symbol(c), name) for name, c in colors.items()]
    layer.setRenderer(QgsCategorizedSymbolRenderer("class", categories))


def _symbol(color):
    edge, line = _outlines("#ffffff", _EDGE_MM), _outlines(color, _WIDTH_MM)
    edge.appendSymbolLayer(line.symbolLayer(0).clone())
    return edge


def _outlines(color, width):
    known = {"style": "no", "outline_color": color, "outline_width": width}
    return QgsFillSymbol.createSimple({**known, "joinstyle": "miter"})
