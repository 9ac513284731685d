"""Simple forecasts of a series, that a network must beat: persistence, climatology, linear trend.

What they need is fitted per cell on the training part alone. Steps are counted from the first
step of the training.
"""

from dataclasses import dataclass

import numpy as np

REFERENCES = ("persistence", "climatology", "trend")
NAMES = {
    "persistence": "Persistence (the last grid again)",
    "climatology": "Climatology (the mean of the training)",
    "trend": "Linear trend (per cell, of the training)",
}
_LEAST = 3


@dataclass(frozen=True)
class References:
    """What the references know of every cell.

    Attributes
    ----------
    means : float32 array, shape (cycle, row, column)
        Mean of every phase of the cycle; NaN in cells with too little data.
    starts, slopes : float32 array, shape (row, column)
        The linear trend of what differs from these means: at step 0, and per step.
    """

    means: np.ndarray
    starts: np.ndarray
    slopes: np.ndarray

    @property
    def cycle(self):
        """Steps after which the phases begin again; 1 without seasons."""
        return len(self.means)

    def climatology(self, steps):
        """Grids of the climatology at steps, shape (step, row, column)."""
        return self.means[np.asarray(steps) % self.cycle]

    def trend(self, steps):
        """Grids of the trend at steps, with the climatology's seasons; (step, row, column)."""
        steps = np.asarray(steps, np.float32)
        return (
            self.climatology(steps.astype(int)) + self.starts + self.slopes * steps[:, None, None]
        )

    def forecast(self, name, last, steps):
        """What a reference says of steps.

        Parameters
        ----------
        name : str
            Of `REFERENCES`.
        last : array, shape (row, column)
            The newest grid, gaps filled with older values.
        steps : sequence of int

        Returns
        -------
        float32 array, shape (step, row, column)
        """
        if name == "persistence":
            return np.broadcast_to(last, (len(steps), *last.shape)).astype(np.float32)
        return getattr(self, name)(steps)


def fit_references(values, cycle=1):
    """Fit the references to the steps of the training.

    Parameters
    ----------
    values : array, shape (step, row, column)
        NaN where there is no data.
    cycle : int
        Steps in a season's cycle; 1 without seasons.

    Returns
    -------
    References
        NaN in cells with fewer than 3 values, or a phase without one.
    """
    steps = np.arange(len(values), dtype=np.float64)
    means = np.stack([_mean(values[phase::cycle]) for phase in range(cycle)])
    known = np.isfinite(values)
    count = known.sum(axis=0)
    rest = np.where(known, values - means[np.arange(len(values)) % cycle], 0.0)
    middle = _share(np.tensordot(steps, known, 1), count)
    spread = np.tensordot(steps**2, known, 1) - count * middle**2
    slope = _share(np.tensordot(steps, rest, 1) - middle * rest.sum(axis=0), spread)
    start = _share(rest.sum(axis=0), count) - slope * middle
    unknown = (count < _LEAST) | ~np.isfinite(means).all(axis=0)
    for grid in (slope, start, *means):
        grid[unknown] = np.nan
    return References(means, start.astype(np.float32), slope.astype(np.float32))


def _mean(values):
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0, dtype=np.float64)
    return _share(total, known.sum(axis=0), np.nan).astype(np.float32)


def _share(part, whole, otherwise=0.0):
    out = np.full(np.shape(part), otherwise)
    return np.divide(part, whole, out=out, where=np.asarray(whole) > 1e-12)


def filled_forward(values):
    """Every gap filled with the newest value before it; NaN before the first value.

    Parameters
    ----------
    values : array, shape (step, row, column)
    """
    filled = values.copy()
    for step in range(1, len(filled)):
        gaps = np.isnan(filled[step])
        filled[step][gaps] = filled[step - 1][gaps]
    return filled
