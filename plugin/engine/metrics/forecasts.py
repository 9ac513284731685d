"""How well rates foretell counts: likelihood, information gain, Brier score, reliability.

Everywhere below `rates` are expected numbers of events and `counts` observed ones, of the same
shape, most often (period, row, column); logarithms are natural.

References
----------
Schorlemmer et al. 2007, doi:10.1785/gssrl.78.1.17 (likelihoods of gridded forecasts);
Rhoades et al. 2011, doi:10.2478/s11600-011-0013-5 (information gain per earthquake).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

BLOCK_DAYS = 30
DRAWS = 2000
BINS_PER_DECADE = 3
_SMALLEST = 1e-8


class Gain(NamedTuple):
    """A gain per earthquake in nats with its interval; NaN where it is not defined."""

    value: float
    low: float
    high: float

    def numbers(self):
        """The three as numbers that can be handed on, None where they are not defined."""
        return tuple(float(one) if np.isfinite(one) else None for one in self)


UNDEFINED = Gain(np.nan, np.nan, np.nan)


class Reliability(NamedTuple):
    """Per bin of probability, each (bins,): means are NaN where `count` is 0."""

    probability: np.ndarray
    frequency: np.ndarray
    count: np.ndarray


def joint_log_likelihood(rates, counts):
    """Log-likelihood of counts that are Poisson and independent, each with its own rate.

    Returns
    -------
    float
        Minus infinity if there is an event where the rate is 0.
    """
    return float(np.sum(period_log_likelihoods(np.asarray(rates)[None], np.asarray(counts)[None])))


def period_log_likelihoods(rates, counts):
    """The joint log-likelihood of every period.

    Parameters
    ----------
    rates, counts : array, shape (period, ...)

    Returns
    -------
    array of float64, shape (period,)
    """
    rates, counts = np.asarray(rates), np.asarray(counts)
    inner = tuple(range(1, rates.ndim))
    total = -rates.sum(axis=inner, dtype=np.float64)
    # Most cells are empty: the logarithm is only needed where an event is.
    places = np.nonzero(counts)
    held = counts[places].astype(np.float64)
    with np.errstate(divide="ignore"):
        terms = held * np.log(rates[places].astype(np.float64)) - gammaln(held + 1)
    return total + np.bincount(places[0], terms, len(total))


def information_gain(
    likelihoods, reference, events, window_days, confidence=0.95, block_days=BLOCK_DAYS,
    draws=DRAWS, seed=0,
):  # fmt: skip
    """Information gain per earthquake over a reference, with a block bootstrap.

    Neighboring windows share their earthquake sequences, so that blocks of windows are drawn and
    not windows; a draw's gain is its sum of differences over its number of events.

    Parameters
    ----------
    likelihoods, reference : array, shape (period,)
        Log-likelihoods of the windows, as `period_log_likelihoods` gives them.
    events : array of int, shape (period,)
        Target events in every window.
    window_days : float
        Length of a window.
    confidence : float
        Of the interval, in 0..1.
    block_days : float
        Length of a block; a longer window is a block of its own.
    draws, seed : int

    Returns
    -------
    Gain
        All NaN without events; an interval of NaN with fewer than 2 blocks that hold any.
    """
    differences = np.asarray(likelihoods, float) - np.asarray(reference, float)
    total = float(np.sum(events))
    if total == 0:
        return UNDEFINED
    value = float(differences.sum() / total)
    block = blocks_of(len(differences), window_days, block_days)
    gained, held = np.bincount(block, differences), np.bincount(block, events)
    if np.count_nonzero(held) < 2 or not np.isfinite(value):
        return Gain(value, np.nan, np.nan)
    drawn = _draw_gains(gained, held, draws, seed)
    low, high = np.nanquantile(drawn, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Gain(value, float(low), float(high))


def _draw_gains(gained, held, draws, seed):
    """Gains of resampled blocks, (draws,); NaN for a draw without events."""
    chance, gains = np.random.default_rng(seed), np.full(draws, np.nan)
    for draw in range(draws):
        chosen = chance.integers(0, len(held), len(held))
        events = held[chosen].sum()
        if events:
            gains[draw] = gained[chosen].sum() / events
    return gains


def blocks_of(periods, window_days, block_days=BLOCK_DAYS):
    """Number of the block that every window begins in, (period,); blocks count from 0."""
    starts = np.arange(periods) * float(window_days)
    return np.unique(np.floor(starts / block_days + 1e-9), return_inverse=True)[1]


def at_least_one(rates):
    """Probability of at least one event where events are Poisson."""
    return -np.expm1(-np.asarray(rates, np.float64))


def brier_score(probabilities, happened):
    """Mean squared distance of probabilities from what happened (0 or 1); 0 at best."""
    return float(np.mean((np.asarray(probabilities, float) - np.asarray(happened)) ** 2))


def brier_skill(probabilities, happened, reference):
    """Share of the reference's Brier score that is saved: 1 at best, 0 if nothing is gained.

    Parameters
    ----------
    probabilities : array
    happened : bool array
    reference : array or float
        The reference's probabilities.

    Returns
    -------
    float
        NaN if the reference is perfect.
    """
    scores = [brier_score(p, happened) for p in (probabilities, reference)]
    return 1 - scores[0] / scores[1] if scores[1] > 0 else np.nan


def reliability_curve(probabilities, happened, per_decade=BINS_PER_DECADE):
    """Mean probability and frequency in bins of equal ratio: rare events need a log scale.

    Parameters
    ----------
    probabilities : array
        In 0..1; those under 1e-8 are in the lowest bin.
    happened : bool array, same shape
    per_decade : int
        Bins per factor of ten.

    Returns
    -------
    Reliability
        From the lowest bin to the one that ends at 1.
    """
    probabilities = np.ravel(probabilities)
    lowest = -np.log10(_SMALLEST) * per_decade
    place = np.log10(np.maximum(probabilities, _SMALLEST)) * per_decade + lowest
    bins = int(lowest)
    place = np.minimum(place.astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    empty = np.full(bins, np.nan)
    means = [
        np.divide(np.bincount(place, value, bins), count, out=empty.copy(), where=count > 0)
        for value in (probabilities, np.ravel(happened))
    ]
    return Reliability(*means, count)


def expected_calibration_error(curve):
    """Mean distance of probability from frequency over the bins, weighted by what they hold."""
    held = curve.count > 0
    distance = np.abs(curve.probability - curve.frequency)[held]
    return float(np.sum(distance * curve.count[held]) / curve.count.sum())
