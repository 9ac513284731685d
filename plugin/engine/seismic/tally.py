"""What a test adds up of rates and counts, some windows at a time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..metrics.forecasts import period_log_likelihoods

# Kept bin by bin for the curves; the others only as sums.
KEPT = ("forecast", "etas", "smoothed_adaptive")
_WINDOWS_BYTES = 2**27
# The tests of the whole period need about 45 bytes a bin at once.
_MOST_KEPT = 3e7


@dataclass
class Tally:
    """Sums over the windows of a test, by name of a model.

    Attributes
    ----------
    counts : int32 array, shape (period, row, column)
        Target events.
    likelihoods, expected : dict of str to array, shape (period,)
        Joint log-likelihood and expected number of every window.
    logs : dict of str to array, shape (bin,)
        Log rate of every bin that holds events, in the order of `numpy.nonzero(counts)`.
    sums : dict of str to array, shape (row, column)
        Rates summed over the windows.
    rates : dict of str to float32 array, shape (kept period, row, column)
        Of `KEPT`, for the windows `kept`.
    kept : slice
        The windows whose bins are kept: all, or every n-th if there are very many.
    """

    counts: np.ndarray
    likelihoods: dict
    expected: dict
    logs: dict
    sums: dict
    rates: dict
    kept: slice

    @cached_property
    def events(self):
        """Target events of every window, (period,)."""
        return self.counts.sum(axis=(1, 2))

    def gain_map(self, name, reference):
        """Nats that a model gains over another in every cell, (row, column)."""
        places = np.nonzero(self.counts)
        gained = self.counts[places] * (self.logs[name] - self.logs[reference])
        total = self.sums[reference] - self.sums[name]
        np.add.at(total, places[1:], gained)
        return total

    def ratios(self, name, reference):
        """Log ratio of the rates at every event, and how many more events the first expects."""
        times = self.counts[np.nonzero(self.counts)]
        surplus = self.expected[name].sum() - self.expected[reference].sum()
        return np.repeat(self.logs[name] - self.logs[reference], times), float(surplus)


def add_up(forecaster, catalog, grid, target_magnitude, names, progress):
    """Forecast all windows of a test, and add up how the models did.

    Parameters
    ----------
    forecaster : Forecaster
    catalog : Catalog
        With the history; a window only sees what lies before it.
    grid : SpaceTimeGrid
        The cells and the windows of the test.
    target_magnitude : float
    names : sequence of str
        Of the models.
    progress : Progress

    Returns
    -------
    Tally
    """
    counts = grid.count(catalog.above(target_magnitude))
    kept = slice(None, None, int(np.ceil(counts.size / _MOST_KEPT)))
    likelihoods, expected, logs = ({name: [] for name in names} for _ in range(3))
    sums = {name: np.zeros(counts.shape[1:]) for name in names}
    rates = {name: [] for name in KEPT if name in names}
    cells = counts.shape[1] * counts.shape[2]
    size = max(int(_WINDOWS_BYTES / (8 * cells * len(names))), 1)
    for first in range(0, grid.periods, size):
        last = min(first + size, grid.periods)
        progress(first / grid.periods, f"Window {first + 1} of {grid.periods}")
        part = progress.part(first / grid.periods, last / grid.periods)
        found = forecaster.rates(catalog, grid.edges[first:last], part, names)
        for name in names:
            _check(name, found[name])
            likelihoods[name].append(period_log_likelihoods(found[name], counts[first:last]))
            expected[name].append(found[name].sum(axis=(1, 2)))
            with np.errstate(divide="ignore"):
                logs[name].append(np.log(found[name][np.nonzero(counts[first:last])]))
            sums[name] += found[name].sum(axis=0)
        for name in rates:
            every = kept.step or 1
            rates[name].append(found[name][-first % every :: every].astype(np.float32))
    joined = [
        {name: np.concatenate(values) for name, values in parts.items()}
        for parts in (likelihoods, expected, logs, rates)
    ]
    return Tally(counts, *joined[:3], sums, joined[3], kept)


def _check(name, rates):
    """A rate that is none would turn up as NaN in every score."""
    if not np.isfinite(rates).all() or (rates < 0).any():
        raise ValueError(f"{name} gives rates that are not finite and positive")
