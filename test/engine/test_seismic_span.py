"""What a training is laid out on."""

from types import SimpleNamespace

import numpy as np

from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import Catalog
from plugin.engine.seismic.span import lay_out_training


def test_magnitudes_of_zero_are_taken_as_given():
    chance = np.random.default_rng(0)
    count = 2000
    magnitude = np.round(chance.exponential(0.4, count), 1) + 1.0
    catalog = Catalog.of(
        np.sort(chance.uniform(0, 1000, count)), chance.uniform(10, 11, count),
        chance.uniform(45, 46, count), np.full(count, 5.0), magnitude,
    )  # fmt: skip
    job = SimpleNamespace(
        start="", train_end="", validation_end="", test_end="", window_days=1, cell_size=0.5,
        extent=None, completeness=0.0, target_magnitude=0.0,
    )  # fmt: skip
    span = lay_out_training(job, catalog, Silent())
    assert (span.completeness, span.target_magnitude) == (0.0, 0.0)
