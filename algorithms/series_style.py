"""How a forecast time series looks: one ramp for the values of all its steps."""

from qgis.core import (
    QgsColorRampShader,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsRasterBandStats,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from .styling import VIRIDIS


def style_series(layer):
    """Show the first step; the ramp goes over the values of all steps, to compare them."""
    provider = layer.dataProvider()
    low, high = _range(provider, layer.bandCount())
    if not low < high:
        return
    ramp = QgsGradientColorRamp(QColor(VIRIDIS[0][1]), QColor(VIRIDIS[-1][1]))
    ramp.setStops([QgsGradientStop(share, QColor(color)) for share, color in VIRIDIS[1:-1]])
    colors = QgsColorRampShader(low, high, ramp, QgsColorRampShader.Type.Interpolated)
    colors.setColorRampItemList(
        [
            QgsColorRampShader.ColorRampItem(value, QColor(color), f"{value:.4g}")
            for value, color in ((low + share * (high - low), color) for share, color in VIRIDIS)
        ]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colors)
    renderer = QgsSingleBandPseudoColorRenderer(provider, 1, shader)
    renderer.setClassificationMin(low)
    renderer.setClassificationMax(high)
    layer.setRenderer(renderer)


def _range(provider, bands):
    wanted = QgsRasterBandStats.Stats.Min | QgsRasterBandStats.Stats.Max
    found = [provider.bandStatistics(band, wanted) for band in range(1, bands + 1)]
    return min(s.minimumValue for s in found), max(s.maximumValue for s in found)
