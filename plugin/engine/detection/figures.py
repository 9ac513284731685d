"""The figures of a detector's report."""

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ..figures import COLORS, DASHES, GRAY, new_figure, shorten
from ..metrics.detection import curve
from .fitting import MOST_FOUND
from .result import outcome
from .scoring import sides

_MOST_CURVES = 6
_SIZES = 10


def draw_precision(result, confidence):
    """Precision against recall, class by class, beside both and F1 against the confidence."""
    figure = new_figure(8.9, 3.9)
    left, right = figure.subplots(1, 2)
    names = result.class_names
    each = [curve(result.found, result.truth, c, most=MOST_FOUND) for c in range(len(names))]
    known = [place for place in range(len(names)) if each[place].objects]
    for order, place in enumerate(known[:_MOST_CURVES]):
        one = each[place]
        area = one.average_precision
        left.plot(
            one.recall, one.precision, linestyle=DASHES[order], color=COLORS[order],
            label=f"{area:.3f}  {shorten(names[place], 20)}",
        )  # fmt: skip
    left.legend(loc="lower left", fontsize=8, title="average precision", title_fontsize=8)
    left.set(title="Precision and recall", xlabel="recall: objects found",
             ylabel="precision: found that are one")  # fmt: skip
    _draw_choice(right, curve(result.found, result.truth, most=MOST_FOUND), confidence)
    for axes in (left, right):
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.grid(True)
    return figure


def _draw_choice(axes, pooled, confidence):
    total = np.maximum(pooled.precision + pooled.recall, 1e-9)
    lines = (
        ("precision", pooled.precision),
        ("recall", pooled.recall),
        ("F1", 2 * pooled.precision * pooled.recall / total),
    )
    for order, (name, values) in enumerate(lines):
        axes.plot(pooled.scores, values, DASHES[order], color=COLORS[order], label=name)
    axes.axvline(confidence, color=GRAY, linestyle=":", lw=1)
    axes.set(title="The choice of the least confidence", xlabel="least confidence", ylabel="")
    axes.legend(fontsize=8)


def draw_sizes(result, confidence):
    """How many objects of which size there are and were found."""
    sizes, found = [np.zeros(0)], [np.zeros(0, bool)]
    for one in result.scored:
        sizes.append(sides(one.truth))
        found.append(~outcome(one, confidence)[2])
    sizes, found = np.concatenate(sizes), np.concatenate(found)
    figure = new_figure(8.9, 2.9)
    axes = figure.subplots()
    edges = np.geomspace(max(sizes.min(), 1) * 0.99, max(sizes.max() * 1.01, 2), _SIZES + 1)
    every, hits = (np.histogram(some, edges)[0] for some in (sizes, sizes[found]))
    middles, widths = np.sqrt(edges[1:] * edges[:-1]), np.diff(edges) * 0.92
    axes.bar(middles, every, widths, color="#d5dbe1", label="drawn")
    axes.bar(middles, hits, widths, color=COLORS[0], label="found")
    for middle, count, hit in zip(middles, every, hits, strict=True):
        if count:
            axes.text(middle, count, f"{hit / count:.0%}", ha="center", va="bottom", fontsize=8)
    axes.set_xscale("log")
    axes.set(title="Objects by size", xlabel="root of the box's area, pixels", ylabel="objects")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if str(value)[0] in "25" else "")
    axes.legend(fontsize=8)
    return figure


def draw_learning(history):
    """Loss and mAP50 by epoch, of every run."""
    figure = new_figure(8.9, 2.9)
    loss, right = figure.subplots(1, 2)
    for epochs in history:
        _draw(loss, epochs, "training_loss", 0)
        _draw(right, epochs, "validation_map50", 1)
    loss.set_title("Loss")
    right.set_title("mAP50 on what chose the epoch")
    right.yaxis.set_major_formatter(PercentFormatter(1.0))
    for axes in (loss, right):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(True, axis="y")
    return figure


def _draw(axes, epochs, name, color):
    points = [(e["epoch"], e[name]) for e in epochs if e.get(name) is not None]
    if points:
        axes.plot(*zip(*points, strict=True), color=COLORS[color], marker="o", markersize=3)
