"""Seismicity whose law is known: catalogs simulated from ETAS, and layouts to learn them on."""

from types import SimpleNamespace

import numpy as np

from plugin.engine.seismic.catalog import Catalog, to_iso
from plugin.engine.seismic.etas_law import EtasParameters
from plugin.engine.seismic.simulation import Region, simulate

TRUTH = EtasParameters(mu=0.8, K=0.011, a=0.8, c=0.01, p=1.15, d=3.0, gamma=0.3, q=1.6)
EXTENT = [-118.0, -115.0, 33.0, 36.0]


def rough_background(seed, side=30):
    """A few smooth patches of seismicity on a quiet ground, (row, column)."""
    chance = np.random.default_rng(seed + 100)
    field = chance.gamma(0.05, 1.0, (side, side))
    for axis in (0, 1):  # three-point smoothing, twice
        for _ in range(2):
            field = 0.5 * field + 0.25 * (np.roll(field, 1, axis) + np.roll(field, -1, axis))
    return field + 1e-3


def etas_catalog(seed, days=5000.0, parameters=TRUTH, completeness=2.5):
    """A catalog simulated from ETAS in `EXTENT`, from day 0 on."""
    west, east, south, north = EXTENT
    region = Region(west, east, south, north, 0.0, days, completeness)
    return simulate(parameters, region, seed, rough_background(seed))


def shuffled_in_time(catalog, seed=0):
    """The same places and magnitudes at the same times, but drawn anew together."""
    days = np.random.default_rng(seed).permutation(catalog.days)
    return Catalog.of(
        days, catalog.longitude, catalog.latitude, catalog.depth_km, catalog.magnitude
    )


def layout(days=(500, 3000, 4000, 5000), **values):
    """What a training is asked, for `span.lay_out_training`."""
    dates = dict(zip(("start", "train_end", "validation_end", "test_end"), map(to_iso, days)))
    asked = {
        "completeness": 2.5, "target_magnitude": None, "extent": EXTENT, "cell_size": 0.1,
        "window_days": 1, **dates, **values,
    }  # fmt: skip
    return SimpleNamespace(**asked)
