"""The icons: all of one size, and visible at 16 pixels on light and on dark."""

import os

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtGui import QColor, QImage, QPainter
from qgis.PyQt.QtSvg import QSvgRenderer

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "resources", "icons")
ICONS = sorted(name for name in os.listdir(FOLDER) if name.endswith(".svg"))
SIDE = 16
LEAST_OPAQUE = 40  # pixels of 256
# What WCAG 2.1 (1.4.11) asks of graphics, and of how many pixels it must hold.
CONTRAST, LEAST_SEEN = 3, 12


def pixels(renderer, background):
    """The colors of an icon, 16 pixels high and wide, on a background; row after row."""
    image = QImage(SIDE, SIDE, QImage.Format_ARGB32)
    image.fill(QColor(background))
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    return [image.pixelColor(column, row) for row in range(SIDE) for column in range(SIDE)]


def luminance(color):
    """Relative luminance as WCAG 2.1 defines it, 0 to 1."""
    parts = color.redF(), color.greenF(), color.blueF()
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return sum(share * v for share, v in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(color, other):
    low, high = sorted((luminance(color), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_definition():
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#767676"), QColor("white")) == pytest.approx(4.54, abs=0.005)


def test_every_tool_has_an_icon_of_its_own(qgis):
    every = QgsApplication.processingRegistry().providerById("deepgeology").algorithms()
    used = {os.path.basename(one.svgIconPath()) for one in every}
    assert used | {"provider.svg"} == set(ICONS)


@pytest.mark.parametrize("name", ICONS)
def test_icon_is_seen_at_16_pixels_on_light_and_on_dark(name):
    renderer = QSvgRenderer(os.path.join(FOLDER, name))
    assert renderer.isValid()
    assert renderer.viewBoxF().getRect() == (0, 0, 24, 24)
    alone = pixels(renderer, "transparent")
    assert sum(color.alphaF() > 0.5 for color in alone) >= LEAST_OPAQUE
    for background in ("#ffffff", "#2b2b2b"):
        shown = [contrast(c, QColor(background)) for c in pixels(renderer, background)]
        assert sum(one >= CONTRAST for one in shown) >= LEAST_SEEN, background
