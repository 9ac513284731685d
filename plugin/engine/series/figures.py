"""The figures of a grid forecast's report."""

import numpy as np

from ..figures import COLORS, DASHES, GRAY, new_figure
from .references import REFERENCES

_WORDS = {"persistence": "persistence", "climatology": "climatology", "trend": "linear trend",
          "network": "network"}  # fmt: skip
_ORDER = ("network", *REFERENCES)


def draw_errors(errors, dates, unit):
    """Root mean squared error by step ahead, and along the test, beside the references.

    Parameters
    ----------
    errors : dict of str to array, shape (origin, steps)
        Mean squared errors.
    dates : list of str
        Of the origins.
    unit : str
    """
    figure = new_figure(8.9, 3.3)
    ahead, along = figure.subplots(1, 2, width_ratios=(2, 3))
    steps = np.arange(1, next(iter(errors.values())).shape[1] + 1)
    for place, name in enumerate(_ORDER):
        found = errors[name]
        style = {"color": COLORS[place], "linestyle": DASHES[place], "label": _WORDS[name]}
        ahead.plot(steps, np.sqrt(np.nanmean(found, axis=0)), marker="o", markersize=3.5, **style)
        along.plot(np.sqrt(np.nanmean(found, axis=1)), lw=1.3, **style)
    label = f"root mean squared error{f' ({unit})' if unit else ''}"
    ahead.set(title="By steps ahead", xlabel="steps ahead", ylabel=label)
    ahead.set_xticks(steps if len(steps) <= 12 else steps[:: len(steps) // 8])
    along.set(title="Along the test")
    shown = np.unique(np.linspace(0, len(dates) - 1, min(len(dates), 6)).astype(int))
    along.set_xticks(shown, [dates[place][:10] for place in shown], rotation=25, ha="right")
    for axes in (ahead, along):
        axes.grid(True, axis="y")
        axes.set_ylim(bottom=0)
    figure.legend(
        *ahead.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8
    )
    return figure


def draw_skill_map(skill, reference):
    """Where the forecast is better than a reference (green) and where it is worse (purple)."""
    figure, axes = _map_figure(1, skill.shape)
    image = axes[0].imshow(skill, cmap="PRGn", vmin=-1, vmax=1, interpolation="nearest")
    axes[0].set_title(f"Skill over {_WORDS[reference]}, cell by cell")
    figure.colorbar(image, ax=axes[0], shrink=0.85, label="skill")
    return figure


def draw_last_forecast(truth, forecast, reference, date, unit):
    """The last forecast of the test beside what came, and how far both were off."""
    figure, axes = _map_figure(4, truth.shape)
    low, high = np.nanpercentile(np.stack([truth, forecast]), [1, 99])
    off = [forecast - truth, reference - truth]
    widest = float(np.nanpercentile(np.abs(np.stack(off)), 99)) or 1.0
    for place, (title, grid) in enumerate((("What came", truth), ("Forecast", forecast))):
        values = axes[place].imshow(grid, cmap="viridis", vmin=low, vmax=high)
        axes[place].set_title(f"{title}, {date[:10]}")
    for place, grid in enumerate(off):
        error = axes[place + 2].imshow(grid, cmap="RdBu_r", vmin=-widest, vmax=widest)
        axes[place + 2].set_title(("Error", "Error of the reference")[place])
    figure.colorbar(values, ax=axes[:2], shrink=0.8, label=unit)
    figure.colorbar(error, ax=axes[2:], shrink=0.8, label=unit)
    return figure


def draw_learning(history):
    """Error on the steps that tell when to stop, as a share of the reference's."""
    figure = new_figure(8.9, 2.6)
    axes = figure.subplots()
    for place, errors in enumerate(history):
        color = COLORS[place % len(COLORS)]
        axes.plot(np.array(errors) / (errors[0] or 1), color=color, lw=1.3)
    axes.axhline(1, color=GRAY, lw=1, linestyle=":")
    axes.set(xlabel="looks (every 20 batches)", ylabel="of the reference's")
    axes.grid(True, axis="y")
    return figure


def _map_figure(count, shape):
    """A figure for maps of a shape, two in a row."""
    rows, columns = -(-count // 2), min(count, 2)
    width = 8.9 if columns == 2 else 5.6
    height = (width / columns - 0.9) * shape[0] / shape[1]
    figure = new_figure(width, float(np.clip(rows * (height + 0.5), 2.2, 9.5)))
    axes = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for part in axes:
        part.set_xticks([])
        part.set_yticks([])
    return figure, axes
