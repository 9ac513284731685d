"""The figures of a catalog's report."""

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FuncFormatter, NullFormatter

from ..figures import COLORS, GRAY, new_figure
from .b_values import bin_numbers, first_bin, frequencies
from .grid import extent_of

_MOST_DOTS = 60_000
_DOT = "#7b8894"


def draw_frequencies(check):
    """Magnitudes and how often they are, with the completeness and the fitted law."""
    figure = new_figure(8.9, 3.9)
    axes = figure.subplots()
    centers, counts = frequencies(check.catalog.magnitude, check.step)
    more = counts[::-1].cumsum()[::-1]
    seen = counts > 0
    axes.plot(centers[seen], counts[seen], "^", color=_DOT, ms=4, label="in a bin")
    axes.plot(centers, more, "o", color=COLORS[0], ms=3.5, label="this or larger")
    _draw_law(axes, check)
    _mark_completeness(axes, check)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(0.7, more[0] * 1.6)
    axes.set_xlabel("magnitude")
    axes.set_ylabel("events")
    axes.set_title("Magnitudes and how often they are")
    axes.grid(True, axis="y")
    axes.legend()
    return figure


def _draw_law(axes, check):
    if not check.b.is_known:
        return
    start = first_bin(check.completeness, check.step) * check.step
    reach = np.array([start, check.catalog.magnitude.max()])
    numbers = bin_numbers(check.catalog.magnitude, check.step)
    first = int((numbers >= first_bin(check.completeness, check.step)).sum())
    law = first * 10 ** (-check.b.value * (reach - start))
    text = f"b = {check.b.value:.2f} ± {check.b.error:.2f}"
    axes.plot(reach, law, "-", color=COLORS[1], lw=2, label=text)


def _mark_completeness(axes, check):
    axes.axvline(check.completeness, color="#1d2329", lw=1.2, ls="--")
    axes.annotate(
        f" Mc {check.completeness:g}", (check.completeness, 0.97), va="top",
        xycoords=("data", "axes fraction"), fontsize=9,
    )  # fmt: skip


def draw_stability(check):
    """b and the p-value of the exponential test by the smallest magnitude."""
    figure = new_figure(8.9, 3.1)
    left, right = figure.subplots(1, 2)
    stability = check.stability
    left.fill_between(
        stability.cuts, stability.values - stability.errors, stability.values + stability.errors,
        color=COLORS[0], alpha=0.2, lw=0,
    )  # fmt: skip
    left.plot(stability.cuts, stability.values, "-", color=COLORS[0], label="b ± 1 standard error")
    left.plot(stability.cuts, stability.means, "--", color=COLORS[1], label="mean over the next ½")
    left.set_title("b by the smallest magnitude")
    known = stability.values[np.isfinite(stability.values)]
    if len(known):
        left.set_ylim(max(min(known.min(), 0.7) - 0.1, 0), min(known.max(), 2.2) + 0.2)
    left.legend()
    cuts, chances, _ = check.exponential
    right.plot(cuts, chances, "o-", color=COLORS[0], ms=3)
    right.axhline(0.1, color=GRAY, lw=1, ls=":")
    right.set_ylim(-0.03, 1.03)
    right.set_title("p-value of an exponential law")
    for axes in (left, right):
        axes.set_xlabel("smallest magnitude")
        axes.grid(True, axis="y")
        axes.axvline(check.completeness, color="#1d2329", lw=1.2, ls="--")
    return figure


def draw_in_time(check):
    """All events by time and magnitude, with the completeness of every span."""
    figure = new_figure(8.9, 3.7)
    axes = figure.subplots()
    catalog = _thinned(check.catalog)
    axes.plot(_dates(catalog.days), catalog.magnitude, ".", color=_DOT, ms=2, alpha=0.5)
    starts, ends, found = check.spans
    middles = _dates((starts + ends) / 2)
    axes.plot(middles, found, "-", color=COLORS[1], lw=2, label="Mc of a span")
    axes.axhline(check.completeness, color="#1d2329", lw=1.2, ls="--",
                 label=f"Mc {check.completeness:g}")  # fmt: skip
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_ylabel("magnitude")
    axes.set_title("Events and completeness in time")
    axes.legend(loc="upper left")
    return figure


def draw_map(check):
    """Where the events are, larger ones as larger dots."""
    catalog = _thinned(check.catalog)
    west, east, south, north = extent_of(check.catalog)
    wide = max((east - west) * np.cos(np.radians((south + north) / 2)), 0.05)
    tall = 7.2 * max(north - south, 0.05) / wide
    figure = new_figure(8.9, float(np.clip(tall + 1.1, 2.8, 9.0)))
    axes = figure.subplots()
    axes.set_axisbelow(True)
    longitude = west + np.mod(catalog.longitude - west + 1e-9, 360) - 1e-9
    order = np.argsort(catalog.magnitude)
    small = check.catalog.magnitude.min()
    size = 2 + 4 ** np.clip(catalog.magnitude[order] - small - 1.5, 0, 3.4)
    known = catalog.depth_km[order]
    is_known = np.isfinite(known)
    look = {"s": size, "alpha": 0.6, "lw": 0}
    if is_known.any():
        colors = np.where(is_known, known, 0)
        dots = axes.scatter(
            longitude[order], catalog.latitude[order], c=colors, cmap="viridis_r", **look
        )
        figure.colorbar(dots, ax=axes, label="depth (km)", shrink=0.8, pad=0.01)
    else:
        axes.scatter(longitude[order], catalog.latitude[order], color=COLORS[0], **look)
    axes.set_aspect(1 / max(np.cos(np.radians((south + north) / 2)), 0.1))
    axes.set_xlabel("longitude (degrees)")
    axes.set_ylabel("latitude (degrees)")
    axes.grid(True)
    axes.set_title("Where the events are")
    return figure


def _thinned(catalog):
    """At most as many events as can be told apart: every n-th, and all of the largest."""
    if len(catalog) <= _MOST_DOTS:
        return catalog
    every = np.arange(len(catalog)) % (len(catalog) // _MOST_DOTS + 1) == 0
    return catalog.where(every | (catalog.magnitude >= np.sort(catalog.magnitude)[-1000]))


def _dates(days):
    return np.datetime64("1970-01-01", "s") + np.round(days * 86_400).astype("timedelta64[s]")
