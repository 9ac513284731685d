"""From which magnitude a catalog is complete, in all, in time, and just after large events.

`estimate` is what the tools take where the user gives no magnitude of completeness.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .b_values import b_value, bin_numbers, first_bin, frequencies

CORRECTION = 0.2
LEAST_EVENTS = 50
_STABLE_OVER = 0.5
_SIGNIFICANCE = 0.1
_NULL_EVENTS, _NULL_SAMPLES = 400, 4000
_DITHERS = 8


def estimate(magnitude, step=0.1):
    """Estimate the magnitude of completeness by maximum curvature, and add 0.2.

    Parameters
    ----------
    magnitude : array_like of float, not empty
    step : float
        Width of the bins.

    Returns
    -------
    float
        A multiple of `step`, rounded up.

    References
    ----------
    Wiemer & Wyss (2000), doi:10.1785/0119990114; the correction: Woessner & Wiemer (2005),
    doi:10.1785/0120040007.
    """
    return round(first_bin(most_frequent(magnitude, step) + CORRECTION, step) * step, 6)


def most_frequent(magnitude, step=0.1):
    """The magnitude of the fullest bin; the lower one of equals."""
    centers, counts = frequencies(magnitude, step)
    return round(float(centers[counts.argmax()]), 6)


@dataclass(frozen=True)
class Stability:
    """b by the smallest magnitude that counts.

    Attributes
    ----------
    cuts : float array
    values, errors : float array
        b and its standard error with all events from each cut.
    means : float array
        Mean of b over the cuts of the next half magnitude; NaN near the end.
    completeness : float or None
        The first cut whose b is that mean within its standard error.
    """

    cuts: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    means: np.ndarray
    completeness: float


def b_stability(magnitude, step=0.1):
    """Find from where b stops changing with the smallest magnitude.

    Returns
    -------
    Stability

    References
    ----------
    Cao & Gao (2002), doi:10.1029/2001GL013775; Woessner & Wiemer (2005),
    doi:10.1785/0120040007.
    """
    cuts = _cuts(magnitude, step)
    found = [b_value(magnitude, cut, step) for cut in cuts]
    values, errors = np.array([[b.value, b.error] for b in found]).reshape(-1, 2).T
    span = max(round(_STABLE_OVER / step), 1)
    means = np.full(len(cuts), np.nan)
    for place in range(len(cuts) - span + 1):
        means[place] = values[place : place + span].mean()
    stable = np.flatnonzero(np.abs(means - values) <= errors)
    return Stability(cuts, values, errors, means, float(cuts[stable[0]]) if len(stable) else None)


def lilliefors(magnitude, step=0.1, progress=None):
    """Find from where magnitudes are spread as the exponential law says.

    The strictest of the tests: with very many events any small departure shows.

    Parameters
    ----------
    magnitude : array_like of float
    step : float
        Within a bin, magnitudes are drawn as the law has them, a few times.
    progress : Progress, optional

    Returns
    -------
    cuts, chances : float array
        p-value of the events from each cut.
    completeness : float or None
        The first cut with a p-value of at least 0.1.

    References
    ----------
    Lilliefors (1969), doi:10.1080/01621459.1969.10500983; Herrmann & Marzocchi (2021),
    doi:10.1785/0220200337.
    """
    cuts = _cuts(magnitude, step)
    chances = np.empty(len(cuts))
    chance = np.random.default_rng(0)
    for place, cut in enumerate(cuts):
        if progress is not None:
            progress.check()
        chances[place] = _exponential_chance(magnitude, cut, step, chance)
    good = np.flatnonzero(chances >= _SIGNIFICANCE)
    return cuts, chances, float(cuts[good[0]]) if len(good) else None


def _cuts(magnitude, step):
    """All cuts that leave enough events."""
    centers, counts = frequencies(magnitude, step)
    above = counts[::-1].cumsum()[::-1]
    return np.round(centers[above >= LEAST_EVENTS], 6)


def _exponential_chance(magnitude, cut, step, chance):
    numbers = bin_numbers(magnitude, step)
    above = numbers[numbers >= first_bin(cut, step)] - first_bin(cut, step)
    if above.max() == 0:
        return 0.0
    rate = np.log1p(1 / above.mean())  # per step, of the geometric law
    found = []
    for _ in range(_DITHERS):
        # The place inside a bin, drawn from the exponential law that is cut to it.
        inside = -np.log1p(chance.random(len(above)) * np.expm1(-rate)) / rate
        found.append((_null() >= _departure(above + inside)).mean())
    return float(np.mean(found))


def _departure(values):
    """Largest distance from the exponential law with the same mean, made free of the count.

    Stephens (1974), doi:10.1080/01621459.1974.10480196.
    """
    count = len(values)
    law = -np.expm1(-np.sort(values) / values.mean())
    steps = np.arange(count + 1) / count
    distance = max((steps[1:] - law).max(), (law - steps[:-1]).max())
    return (distance - 0.2 / count) * (np.sqrt(count) + 0.26 + 0.5 / np.sqrt(count))


@lru_cache(maxsize=1)
def _null():
    """The departures of samples that do follow the law."""
    chance = np.random.default_rng(1)
    return np.array(
        [_departure(chance.exponential(size=_NULL_EVENTS)) for _ in range(_NULL_SAMPLES)]
    )


def in_time(catalog, step=0.1, events=0):
    """Estimate the completeness in spans of equally many events.

    Parameters
    ----------
    catalog : Catalog
    step : float
    events : int
        In a span; 0 for a fortieth of all, and at least 200.

    Returns
    -------
    starts, ends : float array
        First and last time of every span in days.
    completeness : float array
        By maximum curvature + 0.2.
    """
    size = min(events or max(200, len(catalog) // 40), len(catalog))
    firsts = range(0, len(catalog) - size + 1, max(size // 2, 1))
    spans = [slice(first, first + size) for first in firsts]
    return (
        np.array([catalog.days[span][0] for span in spans]),
        np.array([catalog.days[span][-1] for span in spans]),
        np.array([estimate(catalog.magnitude[span], step) for span in spans]),
    )
