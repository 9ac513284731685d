"""The slope of the Gutenberg-Richter law: how many small events there are for a large one.

Magnitudes are put into bins of `step` around its multiples, as catalogs round them.
"""

from dataclasses import dataclass

import numpy as np

_TINY = 1e-9


@dataclass(frozen=True)
class BValue:
    """A b-value with its standard error and the number of magnitudes behind it; NaN if unknown."""

    value: float
    error: float
    count: int

    @property
    def is_known(self):
        return bool(np.isfinite(self.value) and np.isfinite(self.error))


NO_B_VALUE = BValue(float("nan"), float("nan"), 0)


def bin_numbers(magnitude, step):
    """Number of the bin of every magnitude: k holds k * step - step / 2 and not k * step + step / 2."""
    return np.floor(np.asarray(magnitude, float) / step + 0.5 + _TINY).astype(np.int64)


def first_bin(completeness, step):
    """Number of the first bin that is whole above a magnitude of completeness."""
    return int(np.ceil(completeness / step - _TINY))


def frequencies(magnitude, step):
    """Count magnitudes by bin.

    Parameters
    ----------
    magnitude : array_like of float, not empty
    step : float

    Returns
    -------
    centers : float array
        From the smallest to the largest magnitude, without gaps.
    counts : int array
    """
    numbers = bin_numbers(magnitude, step)
    counts = np.bincount(numbers - numbers.min())
    return step * (numbers.min() + np.arange(len(counts))), counts


def b_value(magnitude, completeness, step=0.1):
    """Estimate b by maximum likelihood, with the half-bin correction.

    Parameters
    ----------
    magnitude : array_like of float
        Those in bins below the completeness do not count.
    completeness, step : float

    Returns
    -------
    BValue

    References
    ----------
    Aki (1965), Bull. Earthq. Res. Inst. 43, 237-239; Utsu (1966), J. Fac. Sci. Hokkaido Univ. 7;
    standard error: Shi & Bolt (1982), doi:10.1785/BSSA0720051677.
    """
    numbers = bin_numbers(magnitude, step)
    first = first_bin(completeness, step)
    return _of_steps(numbers[numbers >= first] - first, step, half=0.5)


def b_positive(magnitude, completeness, step=0.1):
    """Estimate b from the increases of magnitude from one event to the next.

    Small events that are missed just after large ones hardly change it.

    Parameters
    ----------
    magnitude : array_like of float
        In the order of time.
    completeness, step : float

    Returns
    -------
    BValue

    References
    ----------
    van der Elst (2021), doi:10.1029/2020JB021027; increases of two steps at least, as there.
    """
    numbers = bin_numbers(magnitude, step)
    increases = np.diff(numbers[numbers >= first_bin(completeness, step)])
    return _of_steps(increases[increases >= 2] - 2, step, half=None)


def _of_steps(above, step, half):
    """b from whole steps above the smallest; a geometric law exactly, or with the half bin."""
    if len(above) < 2 or above.max() == above.min():
        return BValue(float("nan"), float("nan"), len(above))
    mean = step * above.mean()
    per_unit = 1 / (mean + half * step) if half else np.log1p(step / mean) / step
    value = per_unit / np.log(10)
    spread = step * above.std() / np.sqrt(len(above) - 1)
    return BValue(float(value), float(np.log(10) * value**2 * spread), len(above))
