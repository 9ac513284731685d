"""What the header of a raster layer tells, without a look at its pixels."""

import math
import re
from dataclasses import dataclass

from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle

_PALETTE, _ALPHA = 2, 6  # of QGIS's color interpretations
_COLORS = {3: "red", 4: "green", 5: "blue"}
_COMPLEX = range(8, 12)  # of QGIS's data types


@dataclass(frozen=True)
class Header:
    """What a raster layer says of itself.

    Attributes
    ----------
    name : str
        The layer's.
    crs : QgsCoordinateReferenceSystem
    box : QgsRectangle
        In the CRS.
    width, height : int
        In pixels; 0 for a web layer, which has none of its own.
    bands : tuple of str
        Description of every band, empty where there is none.
    named : tuple of str
        The same, and the color where there is one and no description.
    data : tuple of int
        Numbers of the bands that are not marked as alpha; the marked ones may be, or hold data.
    is_palette, is_complex : bool
        Of the first band.
    is_file : bool
        Whether the engine reads these bands; a web layer becomes a picture first.
    """

    name: str
    crs: QgsCoordinateReferenceSystem
    box: QgsRectangle
    width: int
    height: int
    bands: tuple
    named: tuple
    data: tuple
    is_palette: bool
    is_complex: bool
    is_file: bool

    @property
    def side(self):
        """Side of a pixel in map units; 0 for a web layer."""
        pixels = self.width * self.height
        return math.sqrt(self.box.width() * self.box.height() / pixels) if pixels else 0.0

    def chosen(self, numbers=()):
        """The least and the largest number of bands that may be read; given ones are counted."""
        if numbers:
            return len(numbers), len(numbers)
        return len(self.data) or len(self.bands), len(self.bands)


def read_header(layer):
    """Read the header of a raster layer.

    Parameters
    ----------
    layer : QgsRasterLayer

    Returns
    -------
    Header
    """
    provider = layer.dataProvider()
    numbers = range(1, layer.bandCount() + 1)
    colors = [_plain(provider.colorInterpretation(number)) for number in numbers]
    bands = tuple(_described(layer.bandName(number)) for number in numbers)
    return Header(
        layer.name(), layer.crs(), layer.extent(), provider.xSize(), provider.ySize(), bands,
        tuple(name or _COLORS.get(color, "") for name, color in zip(bands, colors)),
        tuple(number for number, color in zip(numbers, colors) if color != _ALPHA),
        bool(colors) and colors[0] == _PALETTE,
        bool(colors) and _plain(provider.sourceDataType(1)) in _COMPLEX,
        layer.providerType() == "gdal",
    )  # fmt: skip


def labels_of(headers):
    """Name or color of every band of some rasters, by its number through all of them."""
    names = [name for header in headers for name in header.named]
    return dict(enumerate(names, 1))


def _plain(member):
    """The number of an enum's member; older enums are numbers."""
    return int(getattr(member, "value", member))


def _described(name):
    """The description in QGIS's name of a band: ``tmi`` of ``Band 1: tmi``."""
    found = re.fullmatch(r"\D{0,20}\d+: (.*)", name, re.DOTALL)
    return found[1] if found else ""
