"""The figures of the report on a tested seismic forecast."""

import numpy as np
from matplotlib.colors import LogNorm, SymLogNorm
from matplotlib.ticker import FuncFormatter, LogFormatter, NullFormatter

from ..figures import COLORS, DASHES, GRAY, new_figure
from .moments import to_iso

_MARKED, _APART = 5, 0.025
_OVER = {
    "etas": "ETAS", "glm": "GLM + ETAS", "smoothed_adaptive": "adaptive smoothed seismicity",
}  # fmt: skip
# matplotlib would write powers of ten as formulas, which our figures do not read.
_PLAIN = FuncFormatter(lambda value, place: f"{value:g}")


def draw_gain_in_time(tested):
    """Cumulative gain of the forecast over references, large events marked.

    Over ETAS and the sum of maps; a forecast that is ETAS itself is shown over what is left.
    """
    tally, grid = tested.tally, tested.grid
    figure = new_figure(8.9, 3.9)
    axes = figure.subplots()
    own = tally.likelihoods["forecast"]
    shown = [(shown_reference(tested), COLORS[0]), ("glm", COLORS[1])]
    for place, (name, color) in enumerate(shown):
        if name in tally.likelihoods:
            gained = np.cumsum(own - tally.likelihoods[name])
            label = f"over {_OVER[name]}"
            axes.plot(grid.edges[1:], gained, DASHES[place], color=color, label=label)
    axes.axhline(0, color=GRAY, lw=1, linestyle=":")
    _mark_largest(axes, tested.targets)
    _date_axis(axes, grid.edges)
    axes.set(ylabel="cumulative gain (nats)", title="Cumulative gain in time")
    axes.legend(loc="best", fontsize=8)
    axes.grid(True, axis="y")
    return figure


def shown_reference(tested):
    """The reference that gains are shown over: ETAS, or smoothed seismicity if ETAS forecasts."""
    return "etas" if np.isfinite(tested.gains["etas"].value) else "smoothed_adaptive"


def _mark_largest(axes, targets):
    """Mark the largest events; where several are near in time, the largest of them."""
    near, marked = _APART * np.ptp(targets.days), []
    for event in np.argsort(-targets.magnitude, kind="stable"):
        days = targets.days[event]
        if any(abs(days - other) <= near for other in marked):
            continue
        if len(marked) == _MARKED:
            break
        marked.append(days)
        axes.axvline(days, color="#b8c0c8", lw=1, zorder=0)
        axes.annotate(
            f"M{targets.magnitude[event]:.1f}", (days, 1), xycoords=("data", "axes fraction"),
            rotation=90, va="top", ha="right", fontsize=7.5, color=GRAY,
        )  # fmt: skip


def _date_axis(axes, edges):
    """Years, or months where there are few of them."""
    places = np.linspace(edges[0], edges[-1], 7)
    axes.set_xticks(places, [to_iso(days)[:10] for days in places], rotation=20, ha="right")
    axes.set_xlim(edges[0], edges[-1])


def draw_events_over_forecast(tested):
    """Where the test's events were, over the rates that were forecast for the whole period."""
    grid = tested.grid
    rates = tested.tally.sums["forecast"]
    figure, axes = _map_figure(grid)
    top = float(rates.max())
    norm = LogNorm(max(float(rates[rates > 0].min()), top * 1e-5), top)
    image = axes.imshow(
        rates, cmap="viridis", norm=norm, extent=_extent(grid), aspect=_aspect(grid)
    )
    targets = tested.targets
    longitude = grid.west + np.mod(targets.longitude - grid.west, 360.0)
    least = targets.magnitude.min()
    axes.scatter(
        longitude, targets.latitude, 4 * 3 ** (targets.magnitude - least), facecolors="none",
        edgecolors="#d55e00", linewidths=0.7,
    )  # fmt: skip
    axes.set_title(f"M{least:.1f} to M{targets.magnitude.max():.1f} over the forecast")
    bar = figure.colorbar(
        image, ax=axes, shrink=0.8, label="expected events per cell", format=_PLAIN
    )
    bar.ax.yaxis.set_minor_formatter(LogFormatter())  # its numbers are written without formulas
    return figure


def draw_gain_map(tested):
    """Where the forecast gains (green) and loses (purple) over the reference that is shown."""
    reference = shown_reference(tested)
    grid = tested.grid
    gain = tested.tally.gain_map("forecast", reference)
    figure, axes = _map_figure(grid)
    finite = np.abs(gain[np.isfinite(gain)])
    widest = max(float(finite.max(initial=0.0)), 1e-3)
    norm = SymLogNorm(widest / 100, vmin=-widest, vmax=widest)
    image = axes.imshow(gain, cmap="PRGn", norm=norm, extent=_extent(grid), aspect=_aspect(grid))
    axes.set_title(f"Gain over {_OVER[reference]}, cell by cell")
    figure.colorbar(image, ax=axes, shrink=0.8, label="nats", format=_PLAIN)
    return figure


def draw_reliability(tested):
    """Frequency against probability of at least one event, both logarithmic."""
    figure = new_figure(5.6, 4.6)
    axes = figure.subplots()
    lowest = 1.0
    for place, (name, curve) in enumerate(tested.probability["reliability"].items()):
        shown = (curve.count > 0) & (curve.frequency > 0)
        error = np.sqrt(curve.frequency * (1 - curve.frequency) / np.maximum(curve.count, 1))
        lowest = min([lowest, *curve.probability[shown], *curve.frequency[shown]])
        axes.errorbar(
            curve.probability[shown], curve.frequency[shown],
            np.minimum(1.96 * error, 0.99 * curve.frequency)[shown], marker="o", markersize=4,
            linestyle=DASHES[place], color=COLORS[place], lw=1.2, label=_named(name), capsize=2,
        )  # fmt: skip
    axes.plot([lowest / 2, 1], [lowest / 2, 1], ":", color=GRAY, lw=1)
    axes.set(xscale="log", yscale="log", xlabel="forecast probability of at least one event")
    axes.set(ylabel="observed frequency", title="Reliability")
    _write_plainly(axes.xaxis, axes.yaxis)
    axes.grid(True)
    axes.legend(fontsize=8)
    return figure


def draw_alarms(tested):
    """Molchan's diagram and the ROC curve of the forecast and of ETAS."""
    figure = new_figure(8.9, 4.3)
    molchan, roc = figure.subplots(1, 2)
    for place, name in enumerate(("forecast", "etas")):
        style = {"color": COLORS[place], "linestyle": DASHES[place], "lw": 1.5}
        curve, curves = tested.alarms[name]["area"], tested.alarms[name]
        molchan.plot(
            np.maximum(curve.along, 1e-5), 1 - curve.up,
            label=f"{_named(name)}, skill {curve.area:.3f}", **style,
        )  # fmt: skip
        if curves["roc"] is not None:
            curve = curves["roc"]
            roc.plot(curve.along, curve.up, label=f"{_named(name)}, area {curve.area:.3f}", **style)
    share = np.geomspace(1e-5, 1, 200)
    molchan.plot(share, 1 - share, ":", color=GRAY, lw=1)
    roc.plot([0, 1], [0, 1], ":", color=GRAY, lw=1)
    molchan.set(xscale="log", xlabel="share of space-time in alarm (by area)", xlim=(1e-5, 1))
    molchan.set(ylabel="share of events missed", title="Molchan diagram")
    roc.set(xlabel="share of quiet bins in alarm", ylabel="share of bins with events in alarm")
    roc.set(title="ROC curve")
    _write_plainly(molchan.xaxis)
    for axes in (molchan, roc):
        axes.grid(True)
        axes.legend(fontsize=8)
    return figure


def _write_plainly(*log_axes):
    for axis in log_axes:
        axis.set_major_formatter(_PLAIN)
        axis.set_minor_formatter(NullFormatter())


def _named(name):
    return {"forecast": "this forecast", "etas": "ETAS"}[name]


def _map_figure(grid):
    shape = grid.rows / (grid.columns / _aspect(grid))
    width = 7.4 if shape < 1 else 5.8
    figure = new_figure(width, float(np.clip((width - 1.4) * shape + 0.7, 2.5, 8.5)))
    axes = figure.subplots()
    axes.set(xlabel="longitude", ylabel="latitude")
    return figure, axes


def _extent(grid):
    return grid.west, grid.east, grid.south, grid.north


def _aspect(grid):
    """How much longer a degree of latitude is than one of longitude."""
    return 1 / max(float(np.cos(np.radians((grid.south + grid.north) / 2))), 0.1)
