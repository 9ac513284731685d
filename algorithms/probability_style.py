"""How a forecast of earthquakes looks: probabilities on a logarithmic ramp."""

import math

from qgis.core import (
    QgsColorRampLegendNodeSettings,
    QgsColorRampShader,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

# From the quietest to the most active: dark to light, even steps for every kind of eye.
MAGMA = (
    "#000004", "#180f3d", "#440f76", "#721f81", "#9e2f7f", "#cd4071", "#f1605d", "#fd9668",
    "#feca8d", "#fcfdbf",
)  # fmt: skip
PROBABILITY = 2
_DECADES = 4


def style_probability(layer):
    """Show the probability of at least one event over four powers of ten, up to the highest."""
    provider = layer.dataProvider()
    statistics = provider.bandStatistics(PROBABILITY)
    top = statistics.maximumValue
    if not 0 < top <= 1:
        return
    low = math.log10(top) - _DECADES
    steps = [
        (10 ** (low + _DECADES * place / (len(MAGMA) - 1)), color)
        for place, color in enumerate(MAGMA)
    ]
    first, last = steps[0][0], steps[-1][0]
    ramp = QgsGradientColorRamp(QColor(MAGMA[0]), QColor(MAGMA[-1]))
    ramp.setStops(
        [QgsGradientStop((v - first) / (last - first), QColor(c)) for v, c in steps[1:-1]]
    )
    colors = QgsColorRampShader(first, last, ramp, QgsColorRampShader.Type.Interpolated)
    colors.setColorRampItemList(
        [QgsColorRampShader.ColorRampItem(v, QColor(c), label(v)) for v, c in steps]
    )
    # QGIS's continuous legend is linear: of four powers of ten it would show one.
    legend = QgsColorRampLegendNodeSettings()
    legend.setUseContinuousLegend(False)
    colors.setLegendSettings(legend)
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colors)
    renderer = QgsSingleBandPseudoColorRenderer(provider, PROBABILITY, shader)
    renderer.setClassificationMin(first)
    renderer.setClassificationMax(last)
    layer.setRenderer(renderer)


def label(probability):
    """A probability as a person would say it: ``0.3 %`` or ``1 in 40,000``."""
    if probability >= 1e-3:
        return f"{100 * probability:.2g} %"
    rounded = float(f"{1 / probability:.2g}")
    return f"1 in {rounded:,.0f}"
