"""The figures of a pixel classifier's report."""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ..figures import COLORS, DASHES, new_figure, shorten

_SPARSE = 0.01
_MOST_LINES = 60
_MOST_NAMED = 14


def draw_labels(pictures, names, colors):
    """Where the labels lie: by class, and by the part in which they were tested.

    Parameters
    ----------
    pictures : pictures.Pictures
    names, colors : list of str
        Of the classes.
    """
    height, width = pictures.size
    tall = float(np.clip(4.3 * height / width, 1.6, 6.0))
    figure = new_figure(8.9, tall + 0.9)
    by_class, by_fold = figure.subplots(1, 2, sharex=True, sharey=True)
    _draw_ground(by_class, pictures)
    _draw_ground(by_fold, pictures)
    _paint(by_class, pictures, pictures.pixels.labels, colors)
    _paint(
        by_fold, pictures, pictures.folds, [COLORS[n % 6] for n in range(pictures.folds.max() + 1)]
    )
    if pictures.block:
        _draw_blocks(by_fold, pictures)
    _name(by_class, "Labels", names, colors)
    parts = [f"part {n + 1}" for n in range(pictures.folds.max() + 1)]
    _name(by_fold, "Tested in", parts if len(parts) > 1 else [], COLORS)
    return figure


def _draw_ground(axes, pictures):
    height, width = pictures.size
    if pictures.overview is not None:
        faded = 255 - (255 - pictures.overview.astype(float)) * 0.6
        axes.imshow(faded.astype(np.uint8), extent=(0, width, height, 0), interpolation="nearest")
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xticks=[], yticks=[])


def _paint(axes, pictures, numbers, colors):
    """Labels as pixels, or as dots where they are too few to be seen."""
    pixels, (height, width) = pictures.pixels, pictures.size
    if len(pixels) < _SPARSE * height * width:
        order = np.random.default_rng(0).permutation(len(pixels))[:4000]
        shown = [colors[n] for n in numbers[order]]
        axes.scatter(pixels.columns[order] + 0.5, pixels.rows[order] + 0.5, 5, shown, linewidths=0)
        return
    factor = pictures.factor
    painted = np.zeros((-(-height // factor), -(-width // factor), 4))
    palette = np.array([(*to_rgb(color), 1.0) for color in colors])
    painted[pixels.rows // factor, pixels.columns // factor] = palette[numbers]
    axes.imshow(painted, extent=(0, width, height, 0), interpolation="nearest")


def _draw_blocks(axes, pictures):
    height, width = pictures.size
    if max(height, width) / pictures.block > _MOST_LINES:
        return
    for side, draw in ((height, axes.axhline), (width, axes.axvline)):
        for place in np.arange(pictures.block, side, pictures.block):
            draw(place, color="#1d2329", lw=0.5, alpha=0.6)


def _name(axes, title, names, colors):
    axes.set_title(title)
    for name, color in list(zip(names, colors, strict=False))[:_MOST_NAMED]:
        axes.plot([], [], "s", color=color, markersize=6, label=shorten(name))
    if names:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=3, fontsize=8)


def draw_history(history, runs):
    """Loss and accuracy by epoch; several runs are drawn thin."""
    figure = new_figure(8.9, 3.1)
    loss, right = figure.subplots(1, 2)
    style = {"linewidth": 1.8, "alpha": 1} if len(history) == 1 else {"linewidth": 1, "alpha": 0.7}
    for place, epochs in enumerate(history):
        _draw_curve(loss, epochs, "training_loss", place, "training", 0, style)
        _draw_curve(loss, epochs, "validation_loss", place, "kept apart", 1, style)
        _draw_curve(right, epochs, "validation_accuracy", place, "kept apart", 1, style)
    many = f", {len(history)} runs" if len(runs) > 1 else ""
    for axes, title in ((loss, f"Loss{many}"), (right, f"Accuracy at pixels kept apart{many}")):
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(True, axis="y")
        axes.margins(y=0.08)
    right.yaxis.set_major_formatter(PercentFormatter(1.0))
    loss.legend()
    return figure


def _draw_curve(axes, epochs, name, place, label, color, style):
    points = [(e["epoch"], e[name]) for e in epochs if e.get(name) is not None]
    if points:
        axes.plot(
            *zip(*points, strict=True), DASHES[color], color=COLORS[color],
            marker="o" if len(points) < 12 else "", markersize=3.5,
            label=label if place == 0 else None, **style,
        )  # fmt: skip
