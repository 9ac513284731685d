"""A made-up seismicity whose rates are known, and a forecaster that knows them."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import torch

from plugin.engine import model_file
from plugin.engine.seismic.calibration import Calibration
from plugin.engine.seismic.catalog import Catalog, to_days, to_iso
from plugin.engine.seismic.grid import SpaceTimeGrid
from plugin.jobs.model_card import SEISMIC, ModelCard

DAYS = to_days("2000-01-01")
PERIODS, WINDOW, B_VALUE = 400, 7.0, 1.0
TARGET = 4.0
GRID = SpaceTimeGrid(10.0, 40.0, 0.5, 6, 8, DAYS, WINDOW, PERIODS)
TRAINING = {
    "target_magnitude": TARGET, "completeness": TARGET, "window_days": WINDOW,
    "start": "2000-01-01T00:00:00", "train_end": to_iso(DAYS + 150 * WINDOW),
    "validation_end": to_iso(DAYS + 200 * WINDOW), "test_end": to_iso(DAYS + PERIODS * WINDOW),
    "catalog_hash": "", "ships": "network", "test_openings": [], "b_value": B_VALUE,
}  # fmt: skip
QUALITY = {"forecast": 1.0, "network": 1.0, "glm": 0.6, "etas": 0.5, "neuron": 0.5,
           "smoothed_adaptive": 0.2, "smoothed_fixed": 0.2, "uniform": 0.0}  # fmt: skip


def true_rates(periods=PERIODS, seed=5):
    """Rates (period, row, column) that differ by a factor of ten from place to place."""
    chance = np.random.default_rng(seed)
    places = chance.gamma(0.4, 1.0, (GRID.rows, GRID.columns))
    times = chance.gamma(2.0, 0.5, (periods, 1, 1))
    return 0.12 * places * times + 1e-3


def simulated_catalog(rates=None, seed=0):
    """Events that follow the true rates, with magnitudes of the Gutenberg-Richter law."""
    rates = true_rates() if rates is None else rates
    chance = np.random.default_rng(seed)
    counts = chance.poisson(rates)
    period, row, column = np.repeat(np.argwhere(counts), counts[counts > 0], axis=0).T
    many = len(period)
    days = DAYS + (period + chance.random(many)) * WINDOW
    longitude = GRID.west + (column + chance.random(many)) * GRID.cell_degrees
    latitude = GRID.north - (row + chance.random(many)) * GRID.cell_degrees
    magnitude = TARGET + chance.exponential(1 / (B_VALUE * np.log(10)), many)
    return Catalog.of(days, longitude, latitude, np.full(many, 10.0), np.floor(magnitude * 10) / 10)


@dataclass
class Prophet:
    """Knows the true rates, and gives worse ones under the references' names."""

    card: object
    grid: object = GRID
    models: object = field(default_factory=lambda: SimpleNamespace(calibration=Calibration()))

    def rates(self, catalog, starts_days, progress=None, names=tuple(QUALITY)):
        truth = true_rates()[np.round((np.asarray(starts_days) - DAYS) / WINDOW).astype(int)]
        mean = truth.mean(axis=(1, 2), keepdims=True)
        level = true_rates().mean()
        return {
            name: truth ** QUALITY[name] * (level if name == "uniform" else mean)
            ** (1 - QUALITY[name]) * np.ones_like(truth)
            for name in names
        }  # fmt: skip


def seismic_card(**training):
    """The card of a made-up model."""
    return ModelCard(task=SEISMIC, network="cell", training={**TRAINING, **training})


def save_model(path, **training):
    """Write a model file with some weights; gives its path as text."""
    torch.manual_seed(0)
    model_file.save(str(path), seismic_card(**training), torch.nn.Linear(3, 2))
    return str(path)


def write_catalog(path, catalog):
    """Write a catalog as CSV; gives its path as text."""
    rows = ["time,latitude,longitude,depth,mag"]
    columns = zip(catalog.days, catalog.latitude, catalog.longitude, catalog.magnitude)
    rows += [f"{to_iso(d)}Z,{a!r},{o!r},10,{m:.1f}" for d, a, o, m in
             ((float(d), float(a), float(o), m) for d, a, o, m in columns)]  # fmt: skip
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)
