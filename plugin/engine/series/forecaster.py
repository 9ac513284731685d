"""Forecasts of grids: a reference, and a network that learns what the reference misses.

The network sees the past as its difference from the reference, in units of the reference's
error, so that what it learned holds at another level, such as that of a warmer climate. Its
answer is added to the reference; before it learns, it is the reference.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..networks.recurrent import RecurrentNetwork
from .references import References

TILE = 192


class Ensemble(nn.Module):
    """Recurrent networks that are averaged."""

    def __init__(self, name, bands, outputs, hidden, seeds):
        super().__init__()
        self.members = nn.ModuleList(
            RecurrentNetwork(name, bands, outputs, hidden) for _ in range(seeds)
        )

    def forward(self, sequence):
        """Answer after the last step; see `RecurrentNetwork`."""
        return torch.stack([member(sequence) for member in self.members]).mean(0)


@dataclass(frozen=True)
class Past:
    """A series as forecasts see it.

    Attributes
    ----------
    values, filled : float32 array, shape (step, row, column)
        As read, and with every gap filled with the newest value before it.
    first : int
        Which step the first one is, counted from the first step of the training.
    """

    values: np.ndarray
    filled: np.ndarray
    first: int = 0

    def window(self, rows, columns):
        """The same series in a part of the grid (slices)."""
        return Past(self.values[:, rows, columns], self.filled[:, rows, columns], self.first)


@dataclass(frozen=True)
class GridForecaster:
    """A reference with its network.

    Attributes
    ----------
    references : References
    base : str
        The reference that the network adds to, of `REFERENCES`.
    scale : float
        What the network's unit is.
    steps, history : int
    network : Ensemble or None
        None: the reference alone.
    """

    references: References
    base: str
    scale: float
    steps: int
    history: int
    network: object = None

    def reference(self, name, past, origin):
        """What a reference foretells at an origin, counted in `past`; (steps, row, column)."""
        steps = past.first + origin + np.arange(self.steps)
        return self.references.forecast(name, past.filled[origin - 1], steps)

    def inputs(self, past, origin):
        """What the network sees at an origin.

        Returns
        -------
        float32 array, shape (history, bands, row, column)
            The difference from the reference; 1 where it is known; with seasons the phase.
        """
        steps = np.arange(origin - self.history, origin)
        seen = past.values[np.maximum(steps, 0)]
        level = self.references.forecast(self.base, past.filled[origin - 1], past.first + steps)
        anomaly = (seen - level) / self.scale
        known = np.isfinite(anomaly) & (steps >= 0)[:, None, None]
        bands = [np.where(known, anomaly, 0.0), known]
        if self.references.cycle > 1:
            angle = 2 * np.pi * (past.first + origin) / self.references.cycle
            bands += [np.full_like(anomaly, np.sin(angle)), np.full_like(anomaly, np.cos(angle))]
        return np.stack(bands, axis=1).astype(np.float32)

    def forecast(self, past, origin):
        """The forecast at an origin, (steps, row, column); NaN where nothing is known."""
        base = self.reference(self.base, past, origin)
        return base if self.network is None else base + self._learned(past, origin)

    @torch.no_grad()
    def _learned(self, past, origin):
        """The network's part, tile by tile; a tile sees as far as the network does."""
        rows, columns = past.values.shape[1:]
        learned = np.empty((self.steps, rows, columns), np.float32)
        halo = 2 * self.history
        for top in range(0, rows, TILE):
            for left in range(0, columns, TILE):
                outer = _around(top, rows, halo), _around(left, columns, halo)
                part = self.window(*outer).inputs(past.window(*outer), origin)
                device = next(self.network.parameters()).device
                answer = self.network(torch.from_numpy(part)[None].to(device))[0].cpu().numpy()
                inner = answer[:, top - outer[0].start :, left - outer[1].start :]
                inner = inner[:, :TILE, :TILE] * self.scale
                learned[:, top : top + inner.shape[1], left : left + inner.shape[2]] = inner
        return learned

    def window(self, rows, columns):
        """The same forecaster in a part of the grid (slices)."""
        known = self.references
        part = References(
            known.means[:, rows, columns], known.starts[rows, columns], known.slopes[rows, columns]
        )
        return GridForecaster(part, self.base, self.scale, self.steps, self.history, self.network)


def bands_of(cycle):
    """Bands of the network's input."""
    return 4 if cycle > 1 else 2


def _around(start, size, halo):
    return slice(max(start - halo, 0), min(start + TILE + halo, size))
