"""Cells of windows that stand for all: those with events, and a weighted sample of the rest.

The likelihood of rates is a sum over events of their logarithm less the sum of all rates. Most
cells of most windows hold next to nothing of that sum: cells are drawn with a probability that
grows with their rate, and a drawn one counts as many times as it had little chance.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import torch

_BY_RATE, _BY_BACKGROUND, _BY_AREA = 0.7, 0.2, 0.1
_MOST_SAMPLES = 160_000
_MOST_BYTES = 350e6


@dataclass(frozen=True)
class Samples:
    """Cells with what the models know of them.

    Attributes
    ----------
    window : int array, shape (n,)
    count : array of float32, shape (n,)
        Events; 0 for a drawn cell, whose events are counted elsewhere.
    weight : array of float32, shape (n,)
        How many cells a drawn one stands for; 0 for a cell that is here for its events.
    raw : tensor of float32, shape (n, step, row * column, map)
        Excitation maps, share of the background and rate of ETAS, in the cell and around it.
    totals : array, shape (window, map)
        Sums over all cells.
    """

    window: np.ndarray
    count: np.ndarray
    weight: np.ndarray
    raw: torch.Tensor
    totals: np.ndarray

    def where(self, first, stop):
        """The samples of the windows from `first` to before `stop`."""
        mask = (self.window >= first) & (self.window < stop)
        return Samples(
            self.window[mask], self.count[mask], self.weight[mask],
            self.raw[torch.from_numpy(mask)], self.totals[first:stop],
        )  # fmt: skip

    def centers(self):
        """Raw values of the cells themselves in the last step, (n, map)."""
        return self.raw[:, -1, self.raw.shape[2] // 2]


def record(past, grid, targets, windows, kind, seed, progress):
    """Go through windows and keep the cells that stand for all.

    Parameters
    ----------
    past : Past
        At the beginning.
    grid : SpaceTimeGrid
    targets : Targets
    windows : int
        How many windows, from the first on.
    kind : network class
        Tells how many cells around, and how many windows before, it reads.
    seed : int
    progress : Progress

    Returns
    -------
    Samples
    """
    chance = np.random.default_rng(seed)
    reading = _Reading(past, (grid.rows, grid.columns), kind)
    bounds = np.searchsorted(targets.window, np.arange(windows + 1))
    cells = targets.row * grid.columns + targets.column
    wanted = min(_MOST_SAMPLES, int(_MOST_BYTES / reading.bytes))
    chances = _Chances(wanted, float(targets.count[: bounds[-1]].sum()), windows, past)
    parts, totals = [], []
    for number, start in enumerate(grid.edges[:windows]):
        progress(number / windows, f"Window {number + 1:,} of {windows:,}")
        raw, rate = reading.advance(start)
        totals.append(raw.sum(1).double().numpy())
        likely = chances.of(rate)
        drawn = np.flatnonzero(chance.random(len(likely)) < likely)
        here = slice(bounds[number], bounds[number + 1])
        chosen = np.concatenate([cells[here], drawn])
        count = np.concatenate([targets.count[here], np.zeros(len(drawn))])
        weight = np.concatenate([np.zeros(here.stop - here.start), 1 / likely[drawn]])
        if len(chosen):
            parts.append((np.full(len(chosen), number), count, weight, reading.around(chosen)))
    window, count, weight, raw = zip(*parts, strict=True)
    return Samples(
        np.concatenate(window), np.concatenate(count).astype(np.float32),
        np.concatenate(weight).astype(np.float32), torch.cat(raw), np.stack(totals),
    )  # fmt: skip


class _Chances:
    """With which probability cells are drawn."""

    def __init__(self, wanted, events, windows, past):
        self._past = past
        self._by_rate = _BY_RATE * wanted / max(events, 1.0)
        self._by_background = _BY_BACKGROUND * wanted / windows
        self._by_area = _BY_AREA * wanted / windows

    def of(self, rate):
        shares = self._past.shares("background").ravel()
        likely = self._by_rate * rate + self._by_background * shares
        return np.minimum(likely + self._by_area / len(rate), 1.0)


class _Reading:
    """The maps of the last windows, with what lies around cells."""

    def __init__(self, past, shape, kind):
        self._past, self._kind = past, kind
        self._around = neighbors(shape, kind.side)
        self._last = deque(maxlen=kind.steps)
        self.bytes = 4 * (past.map_count + 2) * kind.steps * kind.side**2

    def advance(self, start):
        """Raw maps (map, cell) and the rate of ETAS (cell,)."""
        self._past.advance(start)
        raw = self._past.raw()
        self._last.append(raw)
        return raw, self._past.etas().ravel()

    def around(self, chosen):
        places = self._around[chosen]
        steps = list(self._last)
        steps = [steps[0]] * (self._kind.steps - len(steps)) + steps
        return torch.stack([raw[:, places].permute(1, 2, 0) for raw in steps], dim=1)


def neighbors(shape, side):
    """Cells of the square around every cell, those at the border repeated.

    Returns
    -------
    int tensor, shape (row * column, side * side)
    """
    reach = side // 2
    rows, columns = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    steps = np.arange(-reach, reach + 1)
    row = np.clip(rows[:, None, None] + steps[:, None], 0, shape[0] - 1)
    column = np.clip(columns[:, None, None] + steps[None], 0, shape[1] - 1)
    return torch.from_numpy((row * shape[1] + column).reshape(len(rows), -1))
