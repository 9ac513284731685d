"""What a training is laid out on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from brightness import Said
from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import Catalog, to_iso
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


def split_at(days, **values):
    names = ("start", "train_end", "validation_end", "test_end")
    return ask(**dict(zip(names, map(to_iso, days), strict=True)), **values)


def test_dates_inside_a_window_move_to_whole_windows_and_it_is_said_by_how_much():
    """10 + 70 * 7 = 500, so that 503 lies 3 days inside a window; so do the others, 1 and 6."""
    said, job = Said(), split_at((10, 503, 711, 989), window_days=7, completeness=1.0)
    span = lay_out_training(job, events(10), said.progress)
    assert (span.training, span.validation, span.test) == (71, 101, 139)
    assert span.grid.edges[[71, 101, 139]].tolist() == [507, 717, 983]
    for name, days in (
        ("TRAIN_END", "4 days later"),
        ("VALIDATION_END", "6 days later"),
        ("TEST_END", "6 days earlier"),
    ):
        found = [text for text in span.remarks if text.startswith(f"{name} 197")]
        assert len(found) == 1 and f" {days}" in found[0] and found[0] in said.notes


def test_dates_on_the_windows_stay():
    span = lay_out_training(
        split_at((10, 500, 710, 983), window_days=7, completeness=1.0), events(10), Silent()
    )
    assert span.remarks == () and span.grid.edges[[70, 100, 139]].tolist() == [500, 710, 983]


@pytest.mark.parametrize("day", [500, 501.5, 503, 506.9])
def test_training_never_gains_a_window_of_the_validation(day):
    """Whatever comes after the window that the date falls into, what is learned from stays."""
    job = split_at((10, day, 710, 983), window_days=7)
    known, edge = events(10, 4000), 500 if day == 500 else 507
    here = (known.days >= edge) & (known.days < edge + 7)
    changed = replace(known, magnitude=np.where(here, 6.0, known.magnitude))
    first, second = (lay_out_training(job, one, Silent()) for one in (known, changed))
    assert first.starts[first.training] == edge
    assert first.completeness == second.completeness
    assert first.events_in(0, first.training) == second.events_in(0, second.training)


def test_cells_near_a_pole_are_remarked_on():
    known = events(10, 4000)
    arctic = replace(known, latitude=known.latitude + 40)
    span = lay_out_training(ask(completeness=1.0), arctic, Silent())
    assert any("near to a pole" in text for text in span.remarks)
