"""A trained seismic model: expected numbers of events in the cells of any window.

The models beside the network are in every file, so that a forecast always stands beside its
references: see `MODELS`.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from ..progress import Silent
from .calibration import Calibration
from .cells import Cells
from .excitation import ExcitationMaps, Past
from .neuron import neuron_rates
from .residual import Features, network_rates

MODELS = (
    "uniform",  # Poisson, the same everywhere
    "smoothed_fixed",  # smoothed seismicity, one bandwidth
    "smoothed_adaptive",  # smoothed seismicity, distance to the k-th neighbor
    "etas",  # gridded ETAS
    "glm",  # non-negative additive model of excitation maps, background and ETAS
    "neuron",  # four parameters, a control
    "network",  # average of the residual networks
    "forecast",  # what ships: the network, or the reference if the network did not help
)
_SOURCES_KM, _SOURCES_CELLS = 200.0, 20
_NEED_MAPS = ("glm", "neuron", "network")


@dataclass(frozen=True)
class Models:
    """All that was fitted.

    Attributes
    ----------
    completeness, window_days : float
    mean_events : float
        Target events in a window of the span that was learned from.
    smoothings : dict of str to Smoothing
        "fixed", "adaptive" and "background", that of ETAS.
    etas : EtasModel
    maps : ExcitationMaps
    features : residual.Features
        With the weights of the additive model.
    neuron : array, shape (4,)
    networks : list of torch.nn.Module
        Empty if only references were fitted.
    ships : bool
        Whether the network is the forecast; if not, ETAS is.
    calibration : Calibration
    """

    completeness: float
    window_days: float
    mean_events: float
    smoothings: dict
    etas: object
    maps: ExcitationMaps
    features: Features
    neuron: np.ndarray
    networks: list
    ships: bool = False
    calibration: Calibration = Calibration()  # noqa: RUF009 - frozen


@dataclass
class Forecaster:
    """A model file, ready to forecast.

    Attributes
    ----------
    card : ModelCard
        ``card.training`` holds ``target_magnitude``, ``completeness``, ``window_days``, the split
        dates ``start``, ``train_end``, ``validation_end``, ``test_end`` (ISO text, UTC),
        ``catalog_hash``, ``ships`` ("network" or "reference"), ``test_openings`` (list).
    grid : SpaceTimeGrid
        The spatial cells, with the windows of the training.
    models : Models
    """

    card: object
    grid: object
    models: Models

    def rates(self, catalog, starts_days, progress=None, names=MODELS):
        """Expected numbers of events in the windows that begin at `starts_days`.

        Only events before the start of a window are used for it.

        Parameters
        ----------
        catalog : Catalog
            All events, whatever their magnitude; those under the model's completeness are left
            out here.
        starts_days : array of float, shape (period,)
            Increasing starts of windows, in the catalog's days; each lasts
            ``card.training["window_days"]``.
        progress : Progress, optional
        names : sequence of str
            Which of `MODELS`.

        Returns
        -------
        dict of str to array, shape (period, row, column)
            Rates of events of at least the target magnitude, in float64, row 0 northernmost.
        """
        progress = progress or Silent()
        starts = np.asarray(starts_days, float)
        shape = self.grid.rows, self.grid.columns
        found = {name: np.empty((len(starts), *shape)) for name in names}
        needed = {self._source(name) for name in names}
        windows = _Windows(self, catalog, needed, starts[0] if len(starts) else 0.0)
        for place, start in enumerate(starts):
            progress(place / len(starts), f"Window {place + 1:,} of {len(starts):,}")
            rates = windows.rates(start, needed)
            for name in names:
                found[name][place] = rates[self._source(name)]
        return found

    def _source(self, name):
        """The model that is meant: the forecast is one of the others."""
        if name == "network" and not self.models.networks:
            return "etas"
        if name == "forecast":
            return "network" if self.models.ships and self.models.networks else "etas"
        return name


class _Windows:
    """Rates of window after window."""

    def __init__(self, forecaster, catalog, names, first):
        models = self._models = forecaster.models
        cells = Cells(forecaster.grid)
        self._area, self._shape = cells.area_shares, cells.shape
        self._reads_maps = any(name in _NEED_MAPS for name in names)
        smoothings = {"background": models.smoothings["background"]}
        for kind in ("fixed", "adaptive"):
            if f"smoothed_{kind}" in names:
                smoothings[kind] = models.smoothings[kind]
        events = source_events(catalog, cells, models.completeness)
        self._past = Past(
            events, cells, models.completeness, models.etas,
            models.maps if self._reads_maps else None, smoothings,
        )  # fmt: skip
        steps = type(models.networks[0]).steps if models.networks else 1
        self._steps = deque(maxlen=steps)
        if "network" in names:
            for before in range(steps - 1, 0, -1):
                self._past.advance(first - before * models.window_days)
                self._steps.append(self._past.raw())

    def rates(self, start, names):
        """Rates (row, column) by name for the window that begins at `start`."""
        self._past.advance(start)
        if self._reads_maps:
            self._steps.append(self._past.raw())
        return {name: self._rate(name) for name in names}

    def _rate(self, name):
        models = self._models
        if name == "uniform":
            return models.mean_events * self._area
        if name.startswith("smoothed"):
            return models.mean_events * self._past.shares(name.removeprefix("smoothed_"))
        if name == "etas":
            return self._past.etas()
        if name == "network":
            return network_rates(models.networks, models.features, self._steps, self._shape)
        raw = self._steps[-1].double()
        if name == "glm":
            return models.features.offset(raw.T).numpy().reshape(self._shape)
        raw, units = raw.T.numpy(), models.features.units
        return neuron_rates(models.neuron, raw, units, models.maps).reshape(self._shape)


def source_events(catalog, cells, completeness):
    """The events that models see: complete, near the grid, with unwrapped longitudes."""
    return cells.near(cells.unwrapped(catalog.above(completeness)), sources_km(cells))


def sources_km(cells):
    """How far outside the grid events still count as sources."""
    return max(_SOURCES_KM, _SOURCES_CELLS * cells.side_km)
