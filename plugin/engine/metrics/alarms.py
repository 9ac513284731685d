"""Forecasts as alarms: Molchan's diagram, the ROC curve, and what a threshold is worth.

Bins are taken from the highest rate down; `rates` and `counts` have the same shape.

References
----------
Molchan 1991, doi:10.1016/0040-1951(91)90336-Q; Zechar & Jordan 2008,
doi:10.1111/j.1365-246X.2007.03676.x (area skill score).
"""

from typing import NamedTuple

import numpy as np

_POINTS = 2000


class Trajectory(NamedTuple):
    """A curve from (0, 0) to (1, 1), each (points,), and the exact area under it."""

    along: np.ndarray
    up: np.ndarray
    area: float


class Threshold(NamedTuple):
    """Yes-or-no scores of an alarm, and those of saying "never"."""

    accuracy: float
    f1: float
    never_accuracy: float
    base_rate: float


def molchan(rates, counts, measure=None):
    """Share of the events that alarms catch against the share of space-time that they take.

    Parameters
    ----------
    rates : array
    counts : array of int
    measure : array, optional
        What a bin counts along the axis, such as its area or the rate of a reference: alarms
        are then called where the rate is highest for its measure. None: all bins alike.

    Returns
    -------
    Trajectory or None
        Missed events are ``1 - up``; the area is the area skill score: 1 at best, 0.5 for the
        measure itself. None without events.
    """
    shape, rates, counts = np.shape(rates), np.ravel(rates), np.ravel(counts)
    if not counts.any():
        return None
    if measure is None:
        return _trajectory(rates, np.ones(len(rates), np.float32), counts)
    measure = np.ravel(np.broadcast_to(measure, shape))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(measure > 0, rates / measure, np.inf)
    return _trajectory(ratio, measure, counts)


def roc_curve(rates, happened):
    """Share of the bins with events that alarms catch against false alarms.

    Returns
    -------
    Trajectory or None
        None if no bin holds an event, or all do.
    """
    rates, happened = np.ravel(rates), np.ravel(happened).astype(bool)
    if happened.all() or not happened.any():
        return None
    return _trajectory(rates, ~happened, happened)


def _trajectory(score, along, up):
    """Sum both weights from the highest score down; bins of the same score come together.

    Between the scores of events only `along` grows, so that no other bins need to be sorted.
    """
    steps = np.unique(score[up > 0])
    place = np.searchsorted(steps, score, side="right")
    # From low to high: under all steps, on the first, between it and the second, ...
    place = 2 * place - ((place > 0) & (steps[place - 1] == score))
    x, y = (_shares(np.bincount(place, weight, 2 * len(steps) + 1)) for weight in (along, up))
    area = float(np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2)
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).astype(int))
    return Trajectory(x[kept], y[kept], area)


def _shares(weight):
    total = np.cumsum(weight[::-1])
    return np.concatenate([[0.0], total / total[-1]])


def threshold_scores(probabilities, happened, threshold=0.5):
    """Accuracy and F1 of an alarm where the probability reaches a threshold.

    Where events are rare, "never" has a high accuracy, too: show both.
    """
    alarm, happened = np.asarray(probabilities) >= threshold, np.asarray(happened, bool)
    hits, total = np.count_nonzero(alarm & happened), alarm.sum() + happened.sum()
    return Threshold(
        accuracy=float(np.mean(alarm == happened)),
        f1=float(2 * hits / total) if total else 0.0,
        never_accuracy=float(1 - happened.mean()),
        base_rate=float(happened.mean()),
    )
