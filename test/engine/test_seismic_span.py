"""What a training is laid out on."""

from types import SimpleNamespace

import numpy as np
import pytest

from brightness import Said
from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import Catalog
from plugin.engine.seismic.completeness import estimate
from plugin.engine.seismic.span import lay_out_training
from plugin.jobs.errors import JobError


def ask(**values):
    asked = {
        "start": "", "train_end": "", "validation_end": "", "test_end": "", "window_days": 1,
        "cell_size": 0.5, "extent": None, "completeness": None, "target_magnitude": None,
    }  # fmt: skip
    return SimpleNamespace(**{**asked, **values})


def events(west, count=2000, smallest=1.0, seed=0):
    """Events of 1000 days in one degree, complete from a magnitude on."""
    chance = np.random.default_rng(seed)
    magnitude = np.round(chance.exponential(0.4, count), 1) + smallest
    return Catalog.of(
        np.sort(chance.uniform(0, 1000, count)), chance.uniform(west, west + 1, count),
        chance.uniform(45, 46, count), np.full(count, 5.0), magnitude,
    )  # fmt: skip


def joined(*catalogs):
    columns = zip(*((c.days, c.longitude, c.latitude, c.depth_km, c.magnitude) for c in catalogs))
    return Catalog.of(*map(np.concatenate, columns))


def test_magnitudes_of_zero_are_taken_as_given():
    span = lay_out_training(ask(completeness=0.0, target_magnitude=0.0), events(10), Silent())
    assert (span.completeness, span.target_magnitude) == (0.0, 0.0)


def test_events_of_another_region_do_not_decide_the_completeness():
    """Far away many more events are recorded, and only large ones."""
    here, far = events(10), events(60, 20_000, smallest=4.0)
    said, job = Said(), ask(extent=[10.0, 11.0, 45.0, 46.0])
    span = lay_out_training(job, joined(here, far), said.progress)
    assert span.completeness == lay_out_training(job, here, Silent()).completeness
    assert span.completeness == pytest.approx(estimate(here.magnitude), abs=0.11) and (
        span.completeness < 2
    )
    assert any("EXTENT or up to" in text and "km around it" in text for text in said.notes)


def test_events_beside_the_extent_count_for_the_completeness_as_they_train():
    here, beside = events(10, 10_000), events(11, 40_000, smallest=2.0, seed=1)
    job = ask(extent=[10.0, 11.0, 45.0, 46.0])
    assert lay_out_training(job, joined(here, beside), Silent()).completeness > 2


def test_extent_without_events_is_refused_by_its_name():
    with pytest.raises(JobError, match="in EXTENT or near it"):
        lay_out_training(ask(extent=[60.0, 61.0, 45.0, 46.0]), events(10), Silent())
