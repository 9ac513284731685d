"""How catalogs and counts of earthquakes look."""

from qgis.core import (
    QgsColorRampShader,
    QgsFeatureRequest,
    QgsGraduatedSymbolRenderer,
    QgsMarkerSymbol,
    QgsRasterShader,
    QgsRendererRange,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from .temporal import show_at_moments

# Upper bounds of the classes of counts; the last class has none.
COUNTS = (
    (1, "#fed976"), (2, "#feb24c"), (5, "#fd8d3c"), (10, "#fc4e2a"), (20, "#e31a1c"),
    (50, "#bd0026"), (float("inf"), "#67000d"),
)  # fmt: skip
_SMALLEST_MM, _LARGEST_MM = 0.9, 9.0
_FILL, _OUTLINE = "#b5562f", "#fff4e6"


def style_counts(layer, band=1):
    """Show the counts of one window: none is clear, many are dark.

    Parameters
    ----------
    layer : QgsRasterLayer
    band : int
        The window to show first.
    """
    provider = layer.dataProvider()
    colors = QgsColorRampShader(0.0, 50.0, None, QgsColorRampShader.Type.Discrete)
    items = [QgsColorRampShader.ColorRampItem(0.0, QColor(0, 0, 0, 0), "0")]
    lower = 1
    for upper, color in COUNTS:
        items.append(QgsColorRampShader.ColorRampItem(upper, QColor(color), _span(lower, upper)))
        lower = upper + 1
    colors.setColorRampItemList(items)
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colors)
    renderer = QgsSingleBandPseudoColorRenderer(provider, band, shader)
    renderer.setClassificationMin(0.0)
    renderer.setClassificationMax(50.0)
    layer.setRenderer(renderer)


def style_events(layer):
    """Show events as circles, larger and on top for larger magnitudes, each on its day."""
    show_at_moments(layer, "date_time")
    names = layer.fields().names()
    field = next((name for name in ("magnitude", "mag") if name in names), "")
    if not field or not layer.isSpatial():
        return
    index = layer.fields().lookupField(field)
    lowest, highest = layer.minimumValue(index), layer.maximumValue(index)
    if not isinstance(lowest, float) or not isinstance(highest, float):
        return
    first, last = int(lowest // 1), int(highest // 1)
    steps = max(last - first, 1)
    ranges = [
        QgsRendererRange(
            float(whole), whole + 1.0, _circle((whole - first) / steps), f"{whole}–{whole + 1}"
        )
        for whole in range(first, last + 1)
    ]
    renderer = QgsGraduatedSymbolRenderer(field, ranges)
    renderer.setOrderBy(QgsFeatureRequest.OrderBy([_clause(field)]))
    renderer.setOrderByEnabled(True)
    layer.setRenderer(renderer)


def _clause(field):
    return QgsFeatureRequest.OrderByClause(f'"{field}"', True)


def _circle(share):
    """A circle whose side grows as 1.0 + share squared from the smallest to the largest."""
    size = _SMALLEST_MM + (_LARGEST_MM - _SMALLEST_MM) * share**2
    look = {
        "name": "circle", "size": f"{size:.2f}", "color": _FILL, "outline_color": _OUTLINE,
        "outline_width": "0.1",
    }  # fmt: skip
    symbol = QgsMarkerSymbol.createSimple(look)
    symbol.setOpacity(0.8)
    return symbol


def _span(lower, upper):
    if lower == upper:
        return str(lower)
    return f"over {lower - 1}" if upper == float("inf") else f"{lower}–{upper}"
