"""CSEP's tests of single windows, and what they need to know of magnitudes and clusters."""

import numpy as np

from ..metrics import csep
from .csep_files import MAGNITUDE_STEP, magnitude_edges, magnitude_shares
from .moments import to_iso

_SIMULATIONS = 200
_LEAST_SPANS = 10
_TINY = 1e-6


def magnitude_bins(targets, target_magnitude):
    """Lower edges of bins of 0.1 from the target magnitude to the largest event's; that one is open.

    They begin where the forecast does, whether the smallest event lies there or not: a catalog
    that lacks the smallest ones must not look as if it followed the law.
    """
    highest = (targets.magnitude.max() - target_magnitude) / MAGNITUDE_STEP
    return magnitude_edges(
        target_magnitude, target_magnitude + int(highest + _TINY) * MAGNITUDE_STEP
    )


def magnitude_counts(events, edges):
    """Events by magnitude bin; a magnitude on an edge up to rounding belongs to the bin above it."""
    place = np.floor((events.magnitude - edges[0]) / MAGNITUDE_STEP + _TINY).astype(int)
    return np.bincount(np.minimum(place, len(edges) - 1), minlength=len(edges))


def variance_ratio(history, periods):
    """Variance over mean of the number of events in spans of time, at least 1.

    Clusters make it grow with the span: the spans are as long as the tested one, but short
    enough that ten of them lie in the history.

    Parameters
    ----------
    history : int array, shape (period,)
        Target events of the windows before the test.
    periods : int
        Windows of the span that is tested.
    """
    length = max(min(periods, len(history) // _LEAST_SPANS), 1)
    spans = len(history) // length
    sums = np.asarray(history)[: spans * length].reshape(spans, length).sum(axis=1)
    if spans < 2 or sums.mean() == 0:
        return 1.0
    return float(max(sums.var(ddof=1) / sums.mean(), 1.0))


def check_windows(tally, grid, targets, edges, b_value, history, progress):
    """The tests of every window.

    Parameters
    ----------
    tally : Tally
    grid : SpaceTimeGrid
    targets : Catalog
    edges : array, shape (bin,)
        From `magnitude_bins`.
    b_value : float
    history : int array, shape (period,)
        Target events of the windows before the test.
    progress : Progress

    Returns
    -------
    list of dict
        Of every window its start, events, expected number, delta 1 and 2 of the number tests;
        the quantiles of the L, S and M tests and the gain over ETAS if it holds events, else
        None. L and S are only tested where the forecast's rates are kept. With one magnitude
        class CL is S.
    """
    ratio, events = variance_ratio(history, 1), tally.events
    shares = magnitude_shares(b_value, len(edges))
    period = grid.period_of(targets.days)
    every = tally.kept.step or 1
    found = []
    for window in range(grid.periods):
        progress(window / grid.periods, f"Testing window {window + 1} of {grid.periods}")
        entry = _numbers(tally, grid, window, ratio)
        if events[window]:
            inside = targets.where(np.flatnonzero(period == window))
            counts = magnitude_counts(inside, edges)
            entry["magnitude"] = _quantile(csep.magnitude_test, shares * events[window], counts)
            if window % every == 0:
                rates = tally.rates["forecast"][window // every]
                for name, test in (("likelihood", csep.likelihood_test),
                                   ("spatial", csep.spatial_test)):  # fmt: skip
                    entry[name] = _quantile(test, rates, tally.counts[window])
        found.append(entry)
    return found


def _quantile(test, rates, counts):
    return test(rates, counts, _SIMULATIONS).quantile


def _numbers(tally, grid, window, ratio):
    expected, observed = float(tally.expected["forecast"][window]), int(tally.events[window])
    gained = tally.likelihoods["forecast"][window] - tally.likelihoods["etas"][window]
    return {
        "start": to_iso(grid.edges[window]), "events": observed, "expected": expected,
        "number": csep.number_test(expected, observed),
        "negative_binomial": csep.negative_binomial_number_test(
            expected, observed, ratio * expected
        ),
        "likelihood": None, "spatial": None, "magnitude": None,
        "gain_over_etas": float(gained / observed) if observed else None,
    }  # fmt: skip


def share_passed(windows, name, level=0.05):
    """Share of the tested windows that pass a test, and how many were tested.

    Parameters
    ----------
    windows : list of dict
        As `check_windows` gives them.
    name : str
        Two-sided for "number" and "negative_binomial", else one-sided.
    level : float
    """
    if name in ("number", "negative_binomial"):
        passed = [min(window[name]) >= level / 2 for window in windows]
    else:
        passed = [window[name] >= level for window in windows if window[name] is not None]
    return (float(np.mean(passed)) if passed else np.nan), len(passed)
