"""The past of a catalog on a grid, as time goes on: smoothed maps, ETAS, excitation maps.

All are sums over past events of something that decays as exponentials, times a Gaussian's mass in
every cell, so that the past of a window follows from the past of the window before.
"""

from dataclasses import dataclass

import numpy as np
import torch

from .kernels import cell_masses, events_at_once
from .smoothing import SmoothedSeismicity

_DECAYS = (0.5, 2.0, 8.0, 32.0, 128.0, 512.0)
_WIDTHS_IN_CELLS = (0.35, 1.0, 3.0)
GROWTHS = (0.0, 0.6)
_MOST_AT_ONCE, _STAMP_BYTES = 256, 2**25


@dataclass(frozen=True)
class ExcitationMaps:
    """Maps of decaying exponentials in time and Gaussians in space.

    Attributes
    ----------
    decays_days : tuple of float
    widths_km : tuple of float
    growths : tuple of float
        Every event counts ``10 ** (growth (M - Mc))``.
    """

    decays_days: tuple
    widths_km: tuple
    growths: tuple = GROWTHS

    @classmethod
    def of(cls, window_days, cells):
        """The maps for windows and cells: from a part of a window to years."""
        unit = float(np.sqrt(window_days))
        return cls(
            tuple(unit * decay for decay in _DECAYS),
            tuple(width * cells.side_km for width in _WIDTHS_IN_CELLS),
        )

    @property
    def shape(self):
        """(width, growth, decay)."""
        return len(self.widths_km), len(self.growths), len(self.decays_days)

    @property
    def count(self):
        return int(np.prod(self.shape))

    def names(self):
        """What every map is, in order."""
        return [
            f"{width:.3g} km, {decay:.3g} days" + (", by magnitude" if growth else "")
            for width in self.widths_km
            for growth in self.growths
            for decay in self.decays_days
        ]


class Past:
    """What happened before a moment; the moment only moves on.

    Parameters
    ----------
    events : Catalog
        Of at least the magnitude of completeness, sorted, longitudes unwrapped.
    cells : Cells
    completeness : float
    etas : EtasModel
    maps : ExcitationMaps or None
        None if only ETAS is needed.
    smoothings : dict of str to Smoothing
        Which smoothed maps to keep; "background" is that of ETAS.
    """

    def __init__(self, events, cells, completeness, etas, maps, smoothings):
        self._events, self._cells, self._etas, self._maps = events, cells, etas, maps
        self._above = events.magnitude - completeness
        self._smoothed = {n: SmoothedSeismicity(events, cells, s) for n, s in smoothings.items()}
        self._direct, self._further, self._constant = etas.time_weights()
        self._rates = torch.from_numpy(etas.basis.rates)
        self._known, self._now = 0, None
        size = cells.shape[0] * cells.shape[1]
        self._at_once = min(events_at_once(size, _STAMP_BYTES, 4), _MOST_AT_ONCE)
        self._triggered = torch.zeros(len(self._rates), size)
        if maps:
            self._excited = torch.zeros(*maps.shape, size)
            self._decays = 1 / torch.tensor(maps.decays_days, dtype=torch.float64)

    def advance(self, days):
        """Take in all events before a moment, in the days of the catalog."""
        if self._now is not None:
            self._decay(days - self._now)
        self._now = days
        last = int(np.searchsorted(self._events.days, days, side="left"))
        for first in range(self._known, last, self._at_once):
            self._take_in(slice(first, min(first + self._at_once, last)))
        self._known = last
        for smoothed in self._smoothed.values():
            smoothed.advance(days)

    def shares(self, name):
        """A map of smoothed seismicity, (row, column) in float64, that adds up to 1."""
        return self._smoothed[name].shares()

    def etas(self):
        """Expected events in the window that begins now, (row, column) in float64."""
        steady = self._etas.parameters.mu * self._constant * self.shares("background")
        return steady + self._triggered.sum(0).numpy().reshape(self._cells.shape)

    @property
    def map_count(self):
        return self._maps.count

    def raw(self):
        """Excitation maps, share of the background, rate of ETAS: (map, row * column), float32."""
        excited = self._excited.reshape(self._maps.count, -1)
        rest = np.stack([self.shares("background").ravel(), self.etas().ravel()])
        return torch.cat([excited, torch.from_numpy(rest).float()])

    def _decay(self, days):
        self._triggered *= torch.exp(-self._rates * days).float()[:, None]
        if self._maps:
            self._excited *= torch.exp(-self._decays * days).float()[:, None]

    def _take_in(self, part):
        events, above = self._events, self._above[part]
        lag = torch.from_numpy(self._now - events.days[part])[:, None]
        widths = self._etas.basis.widths_km
        if self._maps:
            widths = np.concatenate([widths, self._maps.widths_km])
        longitude, latitude = events.longitude[part], events.latitude[part]
        rows, columns = cell_masses(longitude, latitude, self._cells, widths)
        rows, columns = torch.from_numpy(rows), torch.from_numpy(columns)
        near, far = self._etas.space_weights(above)
        in_time = torch.exp(-lag * self._rates)
        nodes = len(self._etas.basis.widths_km)
        for space, time in ((near, self._direct), (far, self._further)):
            weights = torch.from_numpy(space).float()[:, :, None]
            stamps = (rows[:, :nodes] * weights).transpose(1, 2) @ columns[:, :nodes]
            weights = (in_time * torch.from_numpy(time)).float().T
            self._triggered.addmm_(weights, stamps.reshape(len(above), -1))
        if self._maps:
            self._excite(lag, above, rows[:, nodes:], columns[:, nodes:])

    def _excite(self, lag, above, rows, columns):
        growth = 10 ** (torch.tensor(self._maps.growths) * torch.from_numpy(above)[:, None])
        weights = growth[:, :, None] * torch.exp(-lag * self._decays)[:, None]
        weights = weights.float().reshape(len(above), -1).T
        for width in range(rows.shape[1]):
            stamps = rows[:, width, :, None] * columns[:, width, None, :]
            held = self._excited[width].view(weights.shape[0], -1)
            held.addmm_(weights, stamps.reshape(len(above), -1))
