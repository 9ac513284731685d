"""Probabilities of at least one event, and bands of counts, that keep their word.

A rate gives ``P = 1 - exp(-rate)``. The recalibration is a line on the complementary log-log
scale, kept only if it helps in both halves of the validation, each with the line of the other.
Counts are more scattered than Poisson's: a negative binomial gives the band of counts alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import gammaln
from scipy.stats import nbinom, poisson

_LOWEST, _HIGHEST, _STEP = -30.0, 8.0, 0.02
_LEAST_EVENTS = 30
BAND = (0.05, 0.95)


@dataclass(frozen=True)
class Calibration:
    """What makes probabilities and bands of rates.

    Attributes
    ----------
    shift, slope : float
        ``log(-log(1 - P)) = shift + slope log(rate)``; 0 and 1 if nothing is changed.
    dispersion : float
        The variance of counts is ``rate + dispersion rate^2``.
    """

    shift: float = 0.0
    slope: float = 1.0
    dispersion: float = 0.0

    @property
    def is_kept(self):
        """Whether probabilities are recalibrated."""
        return (self.shift, self.slope) != (0.0, 1.0)

    def probability(self, rates):
        """Probability of at least one event."""
        if not self.is_kept:
            return -np.expm1(-rates)
        return -np.expm1(-np.exp(self.shift + self.slope * np.log(np.maximum(rates, 1e-300))))

    def band(self, rates):
        """Counts at 5 and 95 %, each of the shape of `rates`."""
        if self.dispersion <= 1e-9:
            return tuple(poisson.ppf(share, rates) for share in BAND)
        size = 1 / self.dispersion
        return tuple(nbinom.ppf(share, size, size / (size + rates)) for share in BAND)


class RateHistogram:
    """How many cells have which rate, and which rates the cells with events had.

    Sums over millions of cells need only this: `_STEP` is a fiftieth in the logarithm.
    """

    def __init__(self):
        self.cells = np.zeros(round((_HIGHEST - _LOWEST) / _STEP), np.int64)
        self._held, self._counts = [], []

    def add(self, rates, counts):
        """Take in rates and counts of the same shape."""
        logarithm = np.log(np.maximum(rates, 1e-300)).ravel()
        place = np.clip((logarithm - _LOWEST) / _STEP, 0, len(self.cells) - 1).astype(np.int64)
        self.cells += np.bincount(place, minlength=len(self.cells))
        held = counts.ravel() > 0
        self._held.append(logarithm[held])
        self._counts.append(counts.ravel()[held])

    @property
    def logarithms(self):
        """Middles of the bins."""
        return _LOWEST + _STEP * (np.arange(len(self.cells)) + 0.5)

    def held(self):
        """Logarithms of rates, and counts, of the cells with events."""
        empty = np.zeros(0)
        return np.concatenate([empty, *self._held]), np.concatenate([empty, *self._counts])

    def joined(self, other):
        """The histogram of both."""
        both = RateHistogram()
        both.cells = self.cells + other.cells
        both._held = [*self._held, *other._held]
        both._counts = [*self._counts, *other._counts]
        return both


def calibrate(early, late):
    """Calibrate on the two halves of the validation.

    Parameters
    ----------
    early, late : RateHistogram

    Returns
    -------
    Calibration
    """
    both = early.joined(late)
    dispersion = fit_dispersion(both)
    if min(len(half.held()[0]) for half in (early, late)) < _LEAST_EVENTS:
        return Calibration(dispersion=dispersion)
    helps = all(
        _log_loss(fit_line(one), other) < _log_loss((0.0, 1.0), other)
        for one, other in ((early, late), (late, early))
    )
    line = fit_line(both) if helps else (0.0, 1.0)
    return Calibration(*line, dispersion)


def fit_line(histogram):
    """Shift and slope of the line on the complementary log-log scale, by maximum likelihood."""
    found = minimize(
        lambda line: _log_loss(line, histogram), (0.0, 1.0), method="L-BFGS-B",
        bounds=[(-3.0, 3.0), (0.3, 2.0)],
    )  # fmt: skip
    return float(found.x[0]), float(found.x[1])


def _log_loss(line, histogram):
    """Negative log-likelihood of which cells held events, per such cell."""
    held, _ = histogram.held()
    shift, slope = line
    expected = np.exp(np.clip(shift + slope * held, -60, 30))
    everywhere = np.exp(np.clip(shift + slope * histogram.logarithms, -60, 30))
    quiet = histogram.cells @ everywhere - expected.sum()
    return float(quiet - np.log(-np.expm1(-expected)).sum()) / max(len(held), 1)


def fit_dispersion(histogram):
    """Dispersion of the negative binomial by maximum likelihood."""
    held, counts = histogram.held()
    if not len(held):
        return 0.0
    rates, everywhere = np.exp(held), np.exp(histogram.logarithms)

    def loss(logarithm):
        size = np.exp(-logarithm)
        quiet = size * (histogram.cells @ np.log1p(everywhere / size))
        quiet -= size * np.log1p(rates / size).sum()
        terms = gammaln(counts + size) - gammaln(size) - size * np.log1p(rates / size)
        terms += counts * (np.log(rates) - np.log(size + rates))
        return quiet - terms.sum()

    found = minimize_scalar(loss, bounds=(np.log(1e-3), np.log(1e3)), method="bounded")
    return float(np.exp(found.x))
