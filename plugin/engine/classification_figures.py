"""The figures of a classifier's report."""

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .figures import COLORS, DASHES, GRAY, new_figure, shorten
from .metrics.classification import CALIBRATION_BINS, reliability_curve

_MOST_NUMBERED = 20
_MOST_NAMED = 60
_MOST_CURVES = 6


def draw_learning_curves(history, runs):
    """Loss and accuracy by epoch.

    Parameters
    ----------
    history : list of list of dict
        Per run its epochs: epoch, training_loss, validation_loss, validation_accuracy; a value
        may be None where it was not measured.
    runs : list of str
        Names of the runs; several runs are drawn thin.
    """
    figure = new_figure(8.9, 3.1)
    loss, right = figure.subplots(1, 2)
    thin = {"linewidth": 1.8, "alpha": 1} if len(history) == 1 else {"linewidth": 1, "alpha": 0.7}
    for place, epochs in enumerate(history):
        _draw_curve(loss, epochs, "training_loss", place, "training", 0, thin)
        _draw_curve(loss, epochs, "validation_loss", place, "validation", 1, thin)
        _draw_curve(right, epochs, "validation_accuracy", place, "validation", 1, thin)
    many = f", {len(history)} runs" if len(runs) > 1 else ""
    _finish_curves(loss, f"Loss{many}")
    _finish_curves(right, f"Accuracy on images kept apart{many}")
    right.yaxis.set_major_formatter(PercentFormatter(1.0))
    loss.legend()
    return figure


def _draw_curve(axes, epochs, name, place, label, color, style):
    points = [(e["epoch"], e[name]) for e in epochs if e.get(name) is not None]
    if not points:
        return
    marker = "o" if len(points) < 12 else ""
    axes.plot(
        *zip(*points), DASHES[color], color=COLORS[color], marker=marker, markersize=3.5,
        label=label if place == 0 else None, **style,
    )  # fmt: skip


def _finish_curves(axes, title):
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(True, axis="y")
    axes.margins(y=0.08)


def draw_confusion(confusion, names):
    """Confusion matrix: right answers blue, mistakes orange, as a share of the true class."""
    count = len(names)
    side = min(max(3.6 + 0.36 * count, 4.6), 8.3)
    figure = new_figure(side, side * 0.9)
    axes = figure.subplots()
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    right = np.eye(count, dtype=bool)
    # Mistakes are few: the square root makes even one in a hundred visible.
    for part, colors in ((right, "Blues"), (~right, "Oranges")):
        shown = np.ma.masked_where(~part | (confusion == 0), share)
        axes.imshow(shown, cmap=colors, norm=PowerNorm(0.5, 0, 1.1), interpolation="nearest")
    if count <= _MOST_NUMBERED:
        _write_counts(axes, confusion, share)
    _name_classes(axes, names)
    return figure


def _write_counts(axes, confusion, share):
    size = 9 if len(confusion) <= 12 else 7
    for row, column in zip(*np.nonzero(confusion)):
        dark = share[row, column] > 0.35
        axes.text(
            column, row, f"{confusion[row, column]:,}", ha="center", va="center",
            fontsize=size if confusion[row, column] < 10000 else size - 2,
            color="white" if dark else "#1d2329",
        )  # fmt: skip


def _name_classes(axes, names):
    count = len(names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if count <= _MOST_NAMED:
        size = 9 if count <= 25 else 6
        short = [shorten(name) for name in names]
        axes.set_xticks(range(count), short, rotation=45, ha="right", fontsize=size,
                        rotation_mode="anchor")  # fmt: skip
        axes.set_yticks(range(count), short, fontsize=size)
        axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
        axes.grid(True, which="minor", linewidth=0.8)
        axes.tick_params(which="minor", length=0)


def draw_trust(curves, names, labels, probabilities):
    """ROC curves beside the reliability of the confidence.

    Parameters
    ----------
    curves : list of RocCurve or None
    names : list of str
    labels : ndarray of int, shape (m,)
    probabilities : ndarray of float, shape (m, classes)
    """
    figure = new_figure(8.9, 4.65)
    roc, trust = figure.subplots(1, 2)
    _draw_roc(roc, curves, names)
    _draw_reliability(trust, labels, probabilities)
    return figure


def _draw_roc(axes, curves, names):
    known = [(curve.area, place) for place, curve in enumerate(curves) if curve is not None]
    hardest = [place for _, place in sorted(known)[:_MOST_CURVES]]
    for _, place in known:
        if place not in hardest:
            curve = curves[place]
            axes.plot(curve.false_positive_rate, curve.true_positive_rate, color="#c3cad1", lw=1)
    for order, place in enumerate(hardest):
        curve = curves[place]
        axes.plot(
            curve.false_positive_rate, curve.true_positive_rate, linestyle=DASHES[order],
            color=COLORS[order], lw=1.5, label=f"{curve.area:.3f}  {shorten(names[place], 20)}",
        )  # fmt: skip
    if len(known) > len(hardest):
        axes.plot([], [], color="#c3cad1", lw=1, label=f"{len(known) - len(hardest)} others")
    axes.plot([0, 1], [0, 1], ":", color=GRAY, lw=1)
    axes.legend(loc="lower right", fontsize=8, title="area under the curve", title_fontsize=8)
    _make_square(axes, "ROC, one class against the rest", "false positive rate",
                 "true positive rate")  # fmt: skip


def _draw_reliability(axes, labels, probabilities):
    # Fewer images than 200 would leave most of 15 bins with one or two.
    curve = reliability_curve(labels, probabilities, CALIBRATION_BINS if len(labels) >= 200 else 5)
    held = curve.count > 0
    sizes = 12 + 180 * curve.count[held] / curve.count.max()
    axes.plot([0, 1], [0, 1], ":", color=GRAY, lw=1)
    axes.plot(curve.confidence[held], curve.accuracy[held], "-", color=COLORS[0], lw=1.2)
    axes.scatter(
        curve.confidence[held], curve.accuracy[held], sizes, color=COLORS[0], alpha=0.75,
        linewidths=0, clip_on=False, zorder=3,
    )  # fmt: skip
    axes.text(0.04, 0.95, "too modest", fontsize=8, color=GRAY, va="top")
    axes.text(0.97, 0.03, "too sure", fontsize=8, color=GRAY, ha="right")
    _make_square(axes, "Reliability of the confidence", "confidence", "accuracy")


def _make_square(axes, title, horizontal, vertical):
    axes.set(title=title, xlabel=horizontal, ylabel=vertical, aspect="equal")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.grid(True)
