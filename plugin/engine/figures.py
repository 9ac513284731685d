"""How figures look: one style, and colors that the colorblind can tell apart."""

import functools
import logging
import re

from matplotlib import font_manager, rcParams
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

from .wording import word

# Okabe & Ito 2008, Color universal design: told apart with every kind of color vision.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), "-")
GRAY = "#6b7580"
# Names of classes come in every script; matplotlib's own font has no Chinese or Korean.
_MORE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei",
    "SimHei", "PingFang SC", "Heiti SC", "Hiragino Sans", "WenQuanYi Micro Hei", "Malgun Gothic",
    "WenQuanYi Zen Hei", "Droid Sans Fallback", "Yu Gothic", "Nirmala UI", "Arial Unicode MS",
)  # fmt: skip
_FONT_FILES = re.compile(
    r"(cjk|wqy|msyh|simhei|pingfang|heiti|hiragino|sourcehan|fallback)[^/\\]*$", re.I
)
_STYLE = {
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a939c",
    "axes.labelcolor": "#2a3138",
    "axes.grid": False,
    "grid.color": "#e3e7eb",
    "xtick.color": "#4b545d",
    "ytick.color": "#4b545d",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "text.parse_math": False,  # a class may be called "Cu_2$"
}


def new_figure(width, height):
    """An empty figure in the house's style, in inches; 8.9 fills a report's page.

    It belongs to no window and needs no screen.
    """
    rcParams.update(_STYLE)
    rcParams["font.family"] = ["DejaVu Sans", *_installed_fonts()]
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    return Figure(figsize=(width, height), layout="constrained")


def speak(figure):
    """Bring the words of a figure into the report's language, where a font here can draw them."""
    for text in figure.findobj(Text):
        text.set_text(_drawable(text.get_text()))
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_locator(), FixedLocator):
            names = [label.get_text() for label in axis.get_ticklabels()]
            spoken = [_drawable(name) for name in names]
            if spoken != names:
                axis.set_ticklabels(spoken)


def _drawable(text):
    """A text in the report's language, or as it is if its letters would be empty boxes."""
    spoken = word(text)
    return spoken if spoken == text or _has_letters(spoken) else text


@functools.lru_cache(maxsize=1024)
def _has_letters(text):
    fonts = [font_manager.get_font(font_manager.findfont(f)) for f in rcParams["font.family"]]
    letters = {ord(letter) for letter in text if not letter.isspace()}
    return all(any(font.get_char_index(letter) for font in fonts) for letter in letters)


def shorten(name, letters=22):
    """A name that fits on an axis."""
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"


def _installed_fonts():
    known = set(font_manager.get_font_names())
    if not known & {*_MORE_FONTS}:
        known |= _new_fonts()
    return [name for name in _MORE_FONTS if name in known]


@functools.cache
def _new_fonts():
    """Names of fonts that came to this computer after matplotlib had looked for them."""
    for path in filter(_FONT_FILES.search, font_manager.findSystemFonts()):
        font_manager.fontManager.addfont(path)
    return set(font_manager.get_font_names())
