"""The figures of an accuracy report."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from .figures import COLORS, GRAY, new_figure, shorten

_MOST_BARS = 40


def draw_areas(names, colors, mapped, adjusted, unit):
    """Mapped areas beside those that the reference corrects them to, with 95 % intervals.

    Parameters
    ----------
    names, colors : list of str
    mapped : ndarray, shape (classes,)
    adjusted : ndarray, shape (classes, 3)
        Area, low, high; NaN where no interval is known.
    unit : str
    """
    order = np.argsort(-np.maximum(mapped, adjusted[:, 0]), kind="stable")[:_MOST_BARS]
    figure = new_figure(8.9, 1.5 + 0.42 * len(order))
    axes = figure.subplots()
    places = np.arange(len(order))
    axes.barh(places - 0.19, mapped[order], 0.36, color="#c3cad1", label="mapped")
    shown = [colors[place] for place in order]
    axes.barh(places + 0.19, adjusted[order, 0], 0.36, color=shown, label="estimated")
    gaps = np.abs(adjusted[order, 1:] - adjusted[order, :1]).T
    axes.errorbar(
        adjusted[order, 0], places + 0.19, xerr=np.nan_to_num(gaps), fmt="none",
        ecolor="#1d2329", elinewidth=1.2, capsize=3, label="95 % interval",
    )  # fmt: skip
    axes.set_yticks(places, [shorten(names[place], 30) for place in order])
    axes.invert_yaxis()
    axes.set_xlabel(f"area ({unit})")
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def draw_success_rate(curve):
    """Share of the deposits captured by the most favorable share of the map."""
    figure = new_figure(6.2, 4.8)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], ":", color=GRAY, lw=1, label="a map that knows nothing")
    axes.plot(curve.area_share, curve.captured, color=COLORS[0], label="this map")
    for share in (0.05, 0.1, 0.2):
        axes.plot([share], [curve.captured_at(share)], "o", color=COLORS[1], markersize=4)
    axes.set(
        xlabel="share of the map, the most favorable first",
        ylabel="share of the deposits in it",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(True)
    axes.legend(loc="lower right", fontsize=8)
    return figure
