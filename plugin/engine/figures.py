"""How figures look: one style, and colors that the colorblind can tell apart."""

import logging

from matplotlib import font_manager, rcParams
from matplotlib.figure import Figure

# Okabe & Ito 2008, Color universal design: told apart with every kind of color vision.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), "-")
GRAY = "#6b7580"
# Names of classes come in every script; matplotlib's own font has no Chinese or Korean.
_MORE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Microsoft YaHei", "Malgun Gothic", "Yu Gothic",
    "PingFang SC", "Hiragino Sans", "WenQuanYi Zen Hei", "Nirmala UI", "Arial Unicode MS",
)  # fmt: skip
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


def shorten(name, letters=22):
    """A name that fits on an axis."""
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"


def _installed_fonts():
    known = set(font_manager.get_font_names())
    return [name for name in _MORE_FONTS if name in known]
