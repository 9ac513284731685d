"""The figures of a generator's report."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from ..figures import COLORS, DASHES, GRAY, new_figure
from .guard import LEAST_VARIETY

_BINS = 30


def draw_copies(copies):
    """Distances to the nearest training image: of made and of held-out real images."""
    figure = new_figure(8.9, 3.0)
    axes = figure.subplots()
    both = np.concatenate([copies.made, copies.held])
    edges = np.linspace(min(both.min(), 0.8 * copies.limit), both.max(), _BINS + 1)
    for values, label, color in (
        (copies.held, "real images, kept apart", COLORS[0]),
        (copies.made, "made images", COLORS[1]),
    ):
        share = np.full(len(values), 1 / len(values))
        axes.hist(values, edges, weights=share, label=label, color=color, alpha=0.55)
    axes.axvline(copies.limit, color=GRAY, linestyle="--", label="limit of copies")
    axes.set_xlabel("distance to the nearest training image, in features")
    axes.set_title("Copies lie left of the dashed line")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend()
    return figure


def draw_learning(taught):
    """Losses, distance and variety by step, with the step that was kept and the rollbacks."""
    figure = new_figure(8.9, 2.9)
    losses, distance, variety = figure.subplots(1, 3)
    steps = [seen["step"] for seen in taught.history]
    for place, (name, label) in enumerate(
        (("judge_loss", "judge"), ("generator_loss", "generator"))
    ):
        values = [seen[name] for seen in taught.history]
        losses.plot(steps, values, DASHES[place], color=COLORS[place], label=label)
    losses.legend()
    distance.plot(steps, [seen["distance"] for seen in taught.history], color=COLORS[2])
    variety.plot(steps, [seen["variety"] for seen in taught.history], color=COLORS[3])
    variety.axhline(LEAST_VARIETY, color=GRAY, linestyle="--")
    titles = "Losses", "Distance to the real images", "Variety (real: 1)"
    for axes, title in zip((losses, distance, variety), titles, strict=True):
        axes.set_title(title)
        axes.set_xlabel("step")
        axes.grid(True, axis="y")
        axes.axvline(taught.best_step, color="#1d2329", linewidth=1, linestyle=":")
        for rollback in taught.rollbacks:
            axes.axvline(rollback["step"], color=COLORS[1], linewidth=1)
    return figure


def draw_distances(scores):
    """Sliced Wasserstein distances by scale, beside real and scrambled images."""
    figure = new_figure(7.4, 2.9)
    axes = figure.subplots()
    sides = sorted(scores.levels, reverse=True)
    place, width = np.arange(len(sides)), 0.27
    for number, (levels, label) in enumerate((
        (scores.floor, "real images that trained"),
        (scores.levels, "made images"),
        (scores.ceiling, "real images with scrambled phases"),
    )):  # fmt: skip
        heights = [levels[side] for side in sides]
        axes.bar(place + (number - 1) * width, heights, width, label=label, color=COLORS[number])
    axes.set_xticks(place, [f"{side} pixels" for side in sides])
    axes.set_title("Distance to the real images kept apart")
    axes.set_ylabel("standard deviations")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize=8)
    return figure


def draw_use(use):
    """Accuracy of a classifier with and without made images."""
    figure = new_figure(7.4, 1.9)
    axes = figure.subplots()
    chance = np.linspace(-0.12, 0.12, len(use.mixed))
    axes.plot(use.mixed, chance, "o", color=COLORS[1], label="with made images, a dot per set")
    axes.axvline(use.real, color=COLORS[0], label="real images alone")
    axes.axvline(use.majority, color=GRAY, linestyle="--", label="always the largest class")
    axes.set_ylim(-0.4, 0.4)
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    axes.set_title("Accuracy on real images kept apart")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=3, fontsize=8)
    return figure
