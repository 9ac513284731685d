"""What the likelihood of gridded ETAS needs of a catalog, independent of the parameters.

With the time kernel a sum of exponentials, the space kernel a sum of Gaussians, and magnitudes
between nodes, the expected number of events in a cell of a window is linear in one weight per
(magnitude, rate, width). The sums over the past that these weights multiply are made once, for
the cells with events and for the whole region; a likelihood and its gradient then cost two
products of a matrix with a vector. The sums of a window follow from those of the last window with
events in the same cell, because exponentials forget evenly.
"""

import numpy as np
import torch

from .basis import magnitude_shares
from .kernels import cell_masses, events_at_once

_MOST_AT_ONCE, _MASS_BYTES = 8192, 100e6
_MANY_EVENTS = 48


def sums_at_targets(events, cells, above, basis, starts, targets, progress):
    """Sum the past of every target.

    Parameters
    ----------
    events : Catalog
    cells : Cells
    above : array, shape (event,)
        Magnitude over completeness.
    basis : Basis
    starts : array, shape (window,)
        In days.
    targets : Targets
    progress : Progress

    Returns
    -------
    tensor of float32, shape (target, magnitude * rate * width)
    """
    sums = torch.zeros(len(targets), int(np.prod(basis.shape)))
    if not len(targets):
        return sums
    pasts = _pasts(cells, basis, starts, targets)
    last = int(np.searchsorted(events.days, starts[targets.window[-1]]))
    size = len(basis.widths_km) * sum(cells.shape)
    at_once = min(events_at_once(size, _MASS_BYTES, 4), _MOST_AT_ONCE)
    chunks = range(0, max(last, 1), at_once)
    for number, first in enumerate(chunks):
        part = slice(first, min(first + at_once, last))
        chunk = _Chunk(events.where(part), cells, above[part], basis)
        until = starts[targets.window[-1]] + 1 if part.stop == last else events.days[part.stop]
        for place, past in enumerate(pasts):
            if place % 16 == 0:
                done = (number + place / len(pasts)) / len(chunks)
                progress(done, f"Past of {len(targets):,} cells with events")
            past.take_in(chunk, until, sums)
    return sums


def sums_of_region(events, cells, above, basis, starts):
    """Sum the past over all cells and over equally long windows that follow one another.

    Returns
    -------
    tensor, shape (magnitude * rate * width,)
    """
    days = starts[1] - starts[0] if len(starts) > 1 else 1.0
    past = events.days < starts[-1]
    events, above = events.where(past), above[past]
    first = np.searchsorted(starts, events.days, side="right")
    wait = (starts[first] - events.days)[:, None] * basis.rates
    windows = (len(starts) - first)[:, None]
    geometric = -np.expm1(-windows * days * basis.rates) / -np.expm1(-days * basis.rates)
    in_time = np.exp(-wait) * geometric
    in_space = region_masses(events, cells, basis.widths_km)
    node, share = magnitude_shares(above, basis.magnitudes)
    sums = np.zeros(basis.shape)
    for magnitude in range(len(basis.magnitudes)):
        for side in (0, 1):
            here = node[:, side] == magnitude
            sums[magnitude] += (in_time[here] * share[here, side, None]).T @ in_space[here]
    return torch.from_numpy(sums.ravel())


def region_masses(events, cells, widths_km):
    """Mass of Gaussians around events in the whole grid, (event, width)."""
    rows, columns = cell_masses(events.longitude, events.latitude, _Outline(cells), widths_km)
    return (rows[..., 0] * columns[..., 0]).astype(np.float64)


class _Outline:
    """The grid as a single cell."""

    def __init__(self, cells):
        self.latitude_edges = cells.latitude_edges[[0, -1]]
        self.longitude_edges = cells.longitude_edges[[0, -1]]


class _Chunk:
    """Some events in the order of time, and their masses."""

    def __init__(self, events, cells, above, basis):
        self.days = events.days
        rows, columns = cell_masses(events.longitude, events.latitude, cells, basis.widths_km)
        self.rows = torch.from_numpy(np.ascontiguousarray(np.moveaxis(rows, 2, 0)))
        self.columns = torch.from_numpy(np.ascontiguousarray(np.moveaxis(columns, 2, 0)))
        node, share = magnitude_shares(above, basis.magnitudes)
        self.node = torch.from_numpy(node)
        self.share = torch.from_numpy(share.astype(np.float32))
        self.of_node = [
            np.flatnonzero((node == number).any(1)) for number in range(len(basis.magnitudes))
        ]


class _Past:
    """The sums of one cell, as time goes on.

    Parameters
    ----------
    row, column : int
    moments : array, shape (n,)
        Starts of the windows with events in this cell, in days, increasing.
    indices : int array, shape (n,)
        The targets' places in the result.
    """

    def __init__(self, row, column, moments, indices, basis):
        self._row, self._column = row, column
        self._moments, self._indices = moments, indices
        self._next, self._now = 0, -np.inf
        self._rates = torch.from_numpy(basis.rates)
        self._sums = torch.zeros(basis.shape)

    def take_in(self, chunk, until, result):
        """Go on to `until`, through the events of a chunk; write the sums of the targets passed."""
        if self._next == len(self._moments):
            return
        masses = chunk.rows[self._row] * chunk.columns[self._column]
        stop = int(np.searchsorted(self._moments, until, side="left"))
        moments = [*self._moments[self._next : stop], until]
        bounds = [0, *np.searchsorted(chunk.days, moments[:-1], side="left"), len(chunk.days)]
        for place, moment in enumerate(moments):
            self._decay(moment)
            self._add(chunk, masses, bounds[place], bounds[place + 1], moment)
            if place < len(moments) - 1:
                result[self._indices[self._next]] = self._sums.ravel()
                self._next += 1

    def _decay(self, moment):
        if np.isfinite(self._now):
            passed = torch.exp(-self._rates * (moment - self._now)).float()
            self._sums *= passed[None, :, None]
        self._now = moment

    def _add(self, chunk, masses, first, stop, moment):
        if first == stop:
            return
        lag = torch.from_numpy(moment - chunk.days[first:stop])
        in_time = torch.exp(-lag[:, None] * self._rates).float()
        if stop - first > _MANY_EVENTS:
            self._add_by_node(chunk, masses, in_time, first, stop)
            return
        both = in_time[:, :, None] * masses[first:stop, None, :]
        for side in (0, 1):
            share = chunk.share[first:stop, side, None, None]
            self._sums.index_add_(0, chunk.node[first:stop, side], both * share)

    def _add_by_node(self, chunk, masses, in_time, first, stop):
        for number, members in enumerate(chunk.of_node):
            begin, end = np.searchsorted(members, [first, stop])
            if begin < end:
                chosen = torch.from_numpy(members[begin:end])
                side = (chunk.node[chosen, 1] == number).long()
                share = chunk.share[chosen, side]
                weighted = in_time[chosen - first] * share[:, None]
                self._sums[number].addmm_(weighted.T, masses[chosen])


def _pasts(cells, basis, starts, targets):
    cell = targets.row * cells.shape[1] + targets.column
    order = np.argsort(cell, kind="stable")
    bounds = np.flatnonzero(np.diff(cell[order], prepend=-1, append=-1))
    pasts = []
    for first, stop in zip(bounds[:-1], bounds[1:], strict=True):
        chosen = order[first:stop]
        row, column = int(targets.row[chosen[0]]), int(targets.column[chosen[0]])
        pasts.append(_Past(row, column, starts[targets.window[chosen]], chosen, basis))
    return pasts
