"""The windows that a test is made of, and what is known of the time before them."""

from math import floor

import numpy as np

from ...jobs.errors import JobError
from .b_values import b_value
from .catalog import to_days, to_iso
from .history import check_history
from .split_dates import moved

LEAST_EVENTS = 50
_MOST_BINS = 2**28
_SLIVER = 1e-6


def lay_out_test(job, forecaster, catalog, progress):
    """Lay out the windows of a test.

    Parameters
    ----------
    job : TestSeismicForecast
    forecaster : Forecaster
    catalog : Catalog
    progress : Progress

    Returns
    -------
    grid : SpaceTimeGrid
        The model's cells with the windows of the test.
    targets : Catalog
        The target events in them.
    remarks : list of str
        What the report should say of them, too.

    Raises
    ------
    JobError
        If the test begins in what the model learned from, the catalog does not reach into it or
        has nothing before it, it is too long, or it holds fewer than 50 target events.
    """
    training = forecaster.card.training
    first = to_days(job.start or training["validation_end"])
    _refuse_seen(first, to_days(training["validation_end"]))
    _refuse_early(catalog, first)
    _refuse_blind(catalog, first)
    remarks = check_history(forecaster, catalog, first)
    wished = to_days(job.end or training["test_end"])
    length = float(training["window_days"])
    last = _last_known(catalog, first, wished, length)
    periods = floor((last - first) / length + _SLIVER)
    remarks += _ends_early(catalog, last, wished)
    for remark in remarks:
        progress.warning(remark)
    if periods < 1:
        raise JobError(
            f"From {to_iso(first)[:10]} to {to_iso(last)[:10]} is no whole window of {length:g} "
            "days.",
            "Give a catalog with more of the test period, or a later END.",
        )
    grid = forecaster.grid.during(first, periods)
    _refuse_long(grid)
    targets = _targets(grid, catalog, training["target_magnitude"])
    if len(targets) < LEAST_EVENTS:
        raise JobError(
            f"The test from {to_iso(first)[:10]} to {to_iso(grid.end_days)[:10]} holds "
            f"{len(targets)} events of M{training['target_magnitude']:g} or larger in the model's "
            f"cells; {LEAST_EVENTS} are needed.",
            "Give a catalog with a longer test period, or a later END.",
        )
    if last == wished:
        whole = moved("END", "test", wished, grid.end_days, first, length)
        remarks += whole
        for remark in whole:
            progress.note(remark)
    return grid, targets, remarks


def _ends_early(catalog, last, wished):
    if last == wished:
        return []
    return [
        f"The catalog ends on {to_iso(catalog.days[-1])[:10]}, before the end of the test, "
        f"{to_iso(wished)[:10]}; the test ends there, with the last whole window."
    ]


def _last_known(catalog, first, wished, length):
    """Until when the catalog tells what happened: the wished end, if no event need be missing.

    A silence up to the end is taken for what it is if it is no longer than a window, or than
    another silence before; else the catalog ends with its last event.
    """
    days = catalog.days[catalog.days >= first]
    longest = float(np.diff(days).max(initial=0.0))
    silence = wished - float(days[-1])
    return wished if silence <= max(length, longest) else float(days[-1])


def _refuse_seen(first, seen):
    if first < seen - _SLIVER:
        raise JobError(
            f"The test would begin on {to_iso(first)[:10]}; the model has seen what came before "
            f"{to_iso(seen)[:10]}.",
            f"Choose START from {to_iso(seen)[:10]} on, or leave it empty.",
        )


def _refuse_early(catalog, first):
    if not len(catalog) or catalog.days[-1] <= first:
        ends = to_iso(catalog.days[-1])[:10] if len(catalog) else "nowhere"
        raise JobError(
            f"The catalog ends on {ends}, before the test begins, {to_iso(first)[:10]}.",
            "Give a catalog that goes on beyond, with the events before it, too.",
        )


def _refuse_blind(catalog, first):
    """Windows are forecast from what came before them: without it every model is blind."""
    begins = float(catalog.days[0])
    if begins >= first:
        raise JobError(
            f"The catalog begins on {to_iso(begins)[:10]}; the test begins on "
            f"{to_iso(first)[:10]}, and is forecast from the events before it.",
            "Give the catalog with its history, as the model was trained on it.",
        )


def _refuse_long(grid):
    bins = grid.periods * grid.rows * grid.columns
    if bins > _MOST_BINS:
        most = _MOST_BINS // (grid.rows * grid.columns)
        raise JobError(
            f"{grid.periods:,} windows of {grid.rows:,} x {grid.columns:,} cells are {bins:,} "
            f"bins; {_MOST_BINS:,} are the most.",
            f"Choose an earlier END, {to_iso(grid.start_days + most * grid.window_days)[:10]} at "
            "the latest.",
        )


def _targets(grid, catalog, magnitude):
    events = catalog.above(magnitude)
    period, cell = grid.locate(events)
    return events.where((period >= 0) & (cell >= 0))


def history_counts(card, catalog, grid):
    """Target events in windows of the same length before the test, (period,)."""
    start = to_days(card.training["start"])
    periods = max(floor((grid.start_days - start) / grid.window_days + _SLIVER), 1)
    before = grid.during(grid.start_days - periods * grid.window_days, periods)
    events = catalog.above(card.training["target_magnitude"])
    period, cell = before.locate(events)
    return np.bincount(period[(period >= 0) & (cell >= 0)], minlength=periods)


def find_b_value(card, catalog, grid):
    """The model's b, or that of the target events before the test; 1 if there are too few."""
    known = card.training.get("b_value")
    if isinstance(known, (int, float)) and 0 < known < 5:
        return float(known)
    magnitude = card.training["target_magnitude"]
    before = catalog.above(magnitude).between(-np.inf, grid.start_days)
    inside = before.where(grid.cell_of(before.longitude, before.latitude) >= 0)
    found = b_value(inside.magnitude, magnitude)
    return found.value if found.is_known and 0 < found.value < 5 else 1.0
