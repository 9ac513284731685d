"""Smoothed seismicity: every past event spread by a Gaussian, as wide everywhere or adaptive.

Only events before a window make its map. Bandwidths follow from the events before the last
turn of the year (`YEAR_DAYS` long, counted from the epoch), so that a map never knows its future.

References
----------
Helmstetter, Kagan & Jackson 2007, doi:10.1785/gssrl.78.1.78
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .kernels import EARTH_RADIUS_KM, cell_masses, events_at_once

YEAR_DAYS = 365.25
NEIGHBORS = (1, 2, 3, 5, 8, 13, 21)
WIDTHS_IN_CELLS = (0.15, 0.25, 0.4, 0.65, 1.0, 1.6, 2.5, 4.0)
FLOORS = (0.001, 0.003, 0.01, 0.03, 0.1)
# Positions are not known better than this share of a cell, or than half a kilometer.
_NARROWEST_IN_CELLS, _NARROWEST_KM = 0.05, 0.5
_BLOCK_BYTES = 2**24


@dataclass(frozen=True)
class Smoothing:
    """How seismicity is smoothed.

    Attributes
    ----------
    kind : {"fixed", "adaptive"}
    bandwidth : float
        Standard deviation in km, or the number of the neighbor whose distance it is.
    floor : float
        Share of the rate that is the same everywhere, for events where none was before.
    """

    kind: str
    bandwidth: float
    floor: float = 0.01


class SmoothedSeismicity:
    """The map of past seismicity, as time goes on.

    Parameters
    ----------
    events : Catalog
        Sorted by time.
    cells : Cells
    smoothing : Smoothing
    """

    def __init__(self, events, cells, smoothing):
        self._events, self._cells, self._smoothing = events, cells, smoothing
        self._known = self._turn = None
        self._mass = np.zeros(cells.shape)

    def advance(self, days):
        """Take in all events before a time; time only goes on.

        Parameters
        ----------
        days : float
            In the days of the catalog.
        """
        turn = np.floor(days / YEAR_DAYS) * YEAR_DAYS
        if turn != self._turn:
            self._begin_year(turn)
        self._take_in(int(np.searchsorted(self._events.days, days, side="left")))

    def shares(self):
        """Share of the coming events in every cell, (row, column); adds up to 1."""
        total, floor = self._mass.sum(), self._smoothing.floor
        if total <= 0:
            return self._cells.area_shares
        return (1 - floor) / total * self._mass + floor * self._cells.area_shares

    def _begin_year(self, turn):
        """Renew bandwidths and map from the events before the turn of the year."""
        self._turn = turn
        days = self._events.days
        self._begun = int(np.searchsorted(days, turn, side="left"))
        self._known, self._block = 0, None
        self._mass = np.zeros(self._cells.shape)
        self._take_in(self._begun)

    def _take_in(self, last):
        """Add the kernels of the events from the known ones to before `last`.

        Their masses are made in blocks, whose bounds are counted from the first event or from the
        turn of the year: what comes later moves no bound, and rounding stays the same.
        """
        while self._known < last:
            if self._block is None or self._known >= self._block[1]:
                self._make_block()
            first, stop, rows, columns = self._block
            until = min(last, stop)
            part = slice(self._known - first, until - first)
            self._mass += rows[part].T @ columns[part]
            self._known = until

    def _make_block(self):
        first = self._known
        end = self._begun if first < self._begun else len(self._events)
        stop = min(first + events_at_once(sum(self._cells.shape), _BLOCK_BYTES), end)
        self._block = first, stop, *self._masses(slice(first, stop))

    def _masses(self, part):
        events = self._events
        longitude, latitude = events.longitude[part], events.latitude[part]
        known = events.longitude[: self._begun], events.latitude[: self._begun]
        widths = bandwidths_km(longitude, latitude, known, self._cells, self._smoothing)
        rows, columns = cell_masses(longitude, latitude, self._cells, widths[:, None])
        return rows[:, 0].astype(np.float64), columns[:, 0].astype(np.float64)


def bandwidths_km(longitude, latitude, known, cells, smoothing):
    """Standard deviation in km of every event's kernel.

    Parameters
    ----------
    longitude, latitude : array, shape (event,)
    known : pair of arrays
        Longitudes and latitudes of the events among which neighbors are.
    cells : Cells
    smoothing : Smoothing

    Returns
    -------
    array, shape (event,)
    """
    if smoothing.kind == "fixed":
        return np.full(len(longitude), float(smoothing.bandwidth))
    number = int(smoothing.bandwidth)
    if len(known[0]) <= number:
        return np.full(len(longitude), 2 * cells.side_km)
    points, places = _on_sphere(longitude, latitude), _on_sphere(*known)
    # An event that is itself known is its own nearest one.
    distances = cKDTree(places).query(points, k=[number, number + 1])[0]
    own = cKDTree(places).query(points, k=1)[0] == 0
    chord = np.where(own, distances[:, 1], distances[:, 0])
    narrowest = max(_NARROWEST_KM, _NARROWEST_IN_CELLS * cells.side_km)
    return np.maximum(chord, narrowest)


def shares_at(events, cells, smoothing, starts, targets, progress):
    """Shares of `SmoothedSeismicity` in the cells of targets.

    Parameters
    ----------
    starts : array, shape (window,)
        Starts of the windows in days.
    targets : Targets
    progress : Progress

    Returns
    -------
    array, shape (target,)
    """
    stream = SmoothedSeismicity(events, cells, smoothing)
    found = np.empty(len(targets.window))
    bounds = np.flatnonzero(np.diff(targets.window, prepend=-1, append=-1))
    for first, stop in zip(bounds[:-1], bounds[1:], strict=True):
        progress.check()
        stream.advance(starts[targets.window[first]])
        shares = stream.shares()
        found[first:stop] = shares[targets.row[first:stop], targets.column[first:stop]]
    return found


def _on_sphere(longitude, latitude):
    east, north = np.radians(longitude), np.radians(latitude)
    return EARTH_RADIUS_KM * np.stack(
        [np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1
    )
