"""How results look: class colors and names, and a ramp for confidence."""

import re
from collections import deque

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsColorRampLegendNodeSettings,
    QgsColorRampShader,
    QgsCoordinateReferenceSystem,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsMultiBandColorRenderer,
    QgsPalettedRasterRenderer,
    QgsProcessingLayerPostProcessorInterface,
    QgsRasterShader,
    QgsRendererCategory,
    QgsSingleBandPseudoColorRenderer,
    QgsSymbol,
)
from qgis.PyQt.QtGui import QColor

from ..plugin.jobs.colors import class_colors
from ..plugin.jobs.model_card import read_card

# Viridis: even steps look even, in print and to color-blind eyes too.
VIRIDIS = ((0.0, "#440154"), (0.25, "#3b528b"), (0.5, "#21918c"), (0.75, "#5ec962"), (1, "#fde725"))
# Inferno: from nothing in black to much in yellow.
INFERNO = ((0.0, "#000004"), (0.25, "#57106e"), (0.5, "#bc3754"), (0.75, "#f98e09"), (1, "#fcffa4"))
# Dissimilarity in parts of the threshold: quiet grays inside, a glow from its edge on.
INSIDE = ((0.0, "#f2f2f2"), (0.999, "#8c8c8c"))
OUTSIDE = ((1.001, "#ffd23f"), (1.5, "#f3722c"), (3.0, "#c1121f"))
# What stands for nothing there, beside the class that is looked for.
ABSENCE = ("background", "false", "no", "none", "absent", "absence", "0")
# QGIS keeps no reference to a Python post-processor; it is needed until the layer is loaded.
_KEPT = deque(maxlen=1000)


def style_on_load(context, layer_id, style):
    """Let a style be set when QGIS loads an output; nothing happens if it does not.

    Parameters
    ----------
    context : QgsProcessingContext
    layer_id : str
        What `parameterAsSink` or `parameterAsOutputLayer` gave.
    style : callable
        ``style(layer)``, called on the main thread.
    """
    if layer_id and context.willLoadLayerOnCompletion(layer_id):
        processor = _Styler(style)
        _KEPT.append(processor)
        context.layerToLoadOnCompletionDetails(layer_id).setPostProcessor(processor)


class _Styler(QgsProcessingLayerPostProcessorInterface):
    """Sets a style once the layer is there."""

    def __init__(self, style):
        super().__init__()
        self._style = style

    def postProcessLayer(self, layer, context, feedback):
        if layer is not None and layer.isValid():
            _forget_undefined_crs(layer)
            self._style(layer)
            layer.triggerRepaint()


def _forget_undefined_crs(layer):
    """Places in pixels have no CRS: GeoPackage calls that a geographic one, and QGIS moves them."""
    if "undefined" in layer.crs().description().lower():
        layer.setCrs(QgsCoordinateReferenceSystem())


def style_class_raster(layer):
    """Show the classes of a raster with the colors and names in its file."""
    provider = layer.dataProvider()
    classes = [
        QgsPalettedRasterRenderer.Class(round(item.value), item.color, item.label)
        for item in provider.colorTable(1)
        if _is_class(item)
    ]
    if classes:
        layer.setRenderer(QgsPalettedRasterRenderer(provider, 1, classes))


def _is_class(item):
    """Whether an entry of a color table is a class: a GeoTIFF fills the table with black."""
    is_named = item.label != f"{item.value:g}"
    return item.color.alpha() > 0 and bool(item.label) and (is_named or item.color.value() > 0)


def style_confidence(layer):
    """Show a raster of probabilities with a ramp from 0 to 1."""
    _shade(layer, [(value, color, f"{value:g}") for value, color in VIRIDIS])


def style_probabilities(layer):
    """Show the probability of the first class that is not the absence of something."""
    names = [layer.bandName(band).split(": ")[-1] for band in range(1, layer.bandCount() + 1)]
    shown = [band for band, name in enumerate(names, 1) if name.strip().lower() not in ABSENCE]
    _shade(layer, [(v, color, f"{v:g}") for v, color in VIRIDIS], band=(shown or [1])[0])


def style_trust(context, layer_id, model):
    """Let a raster of dissimilarity light up outside of the model's area of applicability.

    Parameters
    ----------
    context, layer_id
        As for `style_on_load`.
    model : str
        Path of the model file.
    """
    limit = read_card(model).trust.get("applicable") if layer_id else None
    if limit:
        style_on_load(context, layer_id, lambda layer: _light_up(layer, limit))


def _light_up(layer, limit):
    steps = [(share * limit, color, f"{share * limit:.3g}") for share, color in INSIDE]
    steps[-1] = (*steps[-1][:2], f"{limit:.3g}: area of applicability ends")
    steps += [(share * limit, color, f"{share * limit:.3g}") for share, color in OUTSIDE]
    _shade(layer, steps, f"{steps[-1][0]:.3g} (no trust over {limit:.3g})")


def _shade(layer, steps, last_label="", band=1):
    """Show a band with a ramp through steps of value, color and label."""
    first, last = steps[0], steps[-1]
    width = last[0] - first[0]
    ramp = QgsGradientColorRamp(QColor(first[1]), QColor(last[1]))
    ramp.setStops([QgsGradientStop((v - first[0]) / width, QColor(c)) for v, c, _ in steps[1:-1]])
    colors = QgsColorRampShader(first[0], last[0], ramp, QgsColorRampShader.Type.Interpolated)
    colors.setColorRampItemList(
        [QgsColorRampShader.ColorRampItem(v, QColor(c), text) for v, c, text in steps]
    )
    _name_ends(colors, first[2], last_label or last[2])
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colors)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band, shader)
    renderer.setClassificationMin(first[0])
    renderer.setClassificationMax(last[0])
    layer.setRenderer(renderer)


def _name_ends(colors, first, last):
    """Write the ends of a ramp in the legend, where QGIS would round small numbers to 0."""
    settings = QgsColorRampLegendNodeSettings()
    settings.setMinimumLabel(first)
    settings.setMaximumLabel(last)
    colors.setLegendSettings(settings)


def style_heat(layer):
    """Show heat from 0 to what all but a hundredth of the pixels stay under; less is black."""
    provider = layer.dataProvider()
    _, most = provider.cumulativeCut(1, 0.0, 0.99)
    most = most if most > 0 else 1.0
    ramp = QgsGradientColorRamp(QColor(INFERNO[0][1]), QColor(INFERNO[-1][1]))
    ramp.setStops([QgsGradientStop(share, QColor(color)) for share, color in INFERNO[1:-1]])
    colors = QgsColorRampShader(0.0, most, ramp, QgsColorRampShader.Type.Interpolated)
    items = [
        QgsColorRampShader.ColorRampItem(v * most, QColor(c), f"{v * most:.3g}") for v, c in INFERNO
    ]
    colors.setColorRampItemList(items)
    _name_ends(colors, "0", f"{most:.3g}")
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(colors)
    renderer = QgsSingleBandPseudoColorRenderer(provider, 1, shader)
    renderer.setClassificationMin(0.0)
    renderer.setClassificationMax(most)
    layer.setRenderer(renderer)


def style_components(layer):
    """Show the three components of an embedding as red, green and blue, as they are stored."""
    layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), 1, 2, 3))


def style_classes(context, layer_id, model):
    """Let the classes of a vector output have the colors that the model gives them.

    Parameters
    ----------
    context, layer_id
        As for `style_on_load`.
    model : str
        Path of the model file.
    """
    colors = {entry["name"]: entry["color"] for entry in read_card(model).classes}
    style_on_load(context, layer_id, lambda layer: _categorize(layer, colors))


def style_own_classes(context, layer_id, model=""):
    """Let the classes in a vector output have the colors that a model of them will give.

    With the path of a model, the classes that it knows have the colors that it gives them.
    """
    known = {e["name"]: e["color"] for e in read_card(model).classes} if model else {}

    def style(layer):
        index = layer.fields().lookupField("class")
        names = sorted(str(name) for name in layer.uniqueValues(index) if name)
        colors = dict(zip(names, class_colors(names)))
        _categorize(layer, {name: known.get(name, colors[name]) for name in names})

    style_on_load(context, layer_id, style)


def _categorize(layer, colors):
    """Give every class of a vector layer its color; a table has none to show."""
    field = _class_field(layer.fields().names())
    if not layer.isSpatial() or not field:
        return
    categories = [_category(layer, name, color) for name, color in colors.items()]
    layer.setRenderer(QgsCategorizedSymbolRenderer(field, categories))


def _class_field(names):
    """The last field called class: one of the source's own may stand before ours."""
    found = [name for name in names if re.fullmatch(r"class(_\d+)?", name)]
    return found[-1] if found else ""


def _category(layer, name, color):
    symbol = QgsSymbol.defaultSymbol(layer.geometryType())
    symbol.setColor(QColor(color))
    return QgsRendererCategory(name, symbol, name)
