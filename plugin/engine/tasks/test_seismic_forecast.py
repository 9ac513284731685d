"""Test a seismic forecast on a period that it has not seen."""

import os

from ..seismic.catalog import read_catalog, to_days, to_iso
from ..seismic.forecast import MODELS
from ..seismic.model import load_forecaster
from ..seismic.openings import log_opening, opening, openings_of
from ..seismic.tally import add_up
from ..seismic.tested_span import find_b_value, history_counts, lay_out_test
from ..seismic.testing import run_tests
from ..seismic.testing_report import write_test_report
from ..seismic.testing_scores import scores_of, write_scores
from ..seismic.testing_verdict import gain_sentence

_OUTPUTS = {"ETAS": "etas", "SMOOTHED": "smoothed_adaptive", "UNIFORM": "uniform"}


def run(job, progress):
    """Forecast every window of the test from what came before it, and compare with what came.

    That the test period was opened is written into the model file before a score is known.

    Returns
    -------
    dict
        IGPE_ETAS, IGPE_SMOOTHED, IGPE_UNIFORM, each with _LOW and _HIGH (None if not defined);
        REPORT and SCORES.

    Raises
    ------
    JobError
        If the test would begin in what the model learned from, or holds too few events.
    """
    forecaster = load_forecaster(job.model)
    card, name = forecaster.card, os.path.basename(job.model)
    catalog = read_catalog(job.catalog, job, progress.part(0.0, 0.1))
    grid, targets, remarks = lay_out_test(job, forecaster, catalog, progress)
    openings = _open(job, card, catalog, grid, targets, progress)
    magnitude = card.training["target_magnitude"]
    tally = add_up(forecaster, catalog, grid, magnitude, MODELS, progress.part(0.1, 0.5))
    history = history_counts(card, catalog, grid)
    law = magnitude, find_b_value(card, catalog, grid)
    probability = forecaster.models.calibration.probability
    tests = progress.part(0.5, 0.95)
    tested = run_tests(tally, grid, targets, history, law, tests, probability)
    progress.note(gain_sentence(tested.gains["etas"]))
    facts = {"model": name, "start": to_iso(grid.start_days), "end": to_iso(grid.end_days),
             "window_days": grid.window_days, "target_magnitude": magnitude}  # fmt: skip
    if job.scores:
        write_scores(job.scores, scores_of(tested, openings, facts))
    if job.report:
        write_test_report(job.report, tested, card, openings, name, remarks)
    progress(1.0)
    written = {"REPORT": job.report, "SCORES": job.scores}
    return {**_numbers(tested), **{key: path for key, path in written.items() if path}}


def _open(job, card, catalog, grid, targets, progress):
    """Log the opening in the model file; those of this period, this one last."""
    span = to_iso(grid.start_days), to_iso(grid.end_days)
    entry = opening(catalog, *span, len(targets))
    try:
        logged = log_opening(job.model, entry)
    except OSError as error:
        progress.warning(
            f'The opening of the test period could not be logged in "{os.path.basename(job.model)}" '
            f"({error.strerror or error}); it is in the report and the scores alone."
        )
        logged = [*openings_of(card.training), entry]
    shared = [one for one in logged if _overlaps(one, grid)]
    times = "once" if len(shared) == 1 else f"{len(shared)} times"
    progress.note(f"The test period {span[0][:10]} to {span[1][:10]} was opened {times}.")
    return shared


def _overlaps(entry, grid):
    try:
        start, end = to_days(entry.get("start")), to_days(entry.get("end"))
    except ValueError:
        return True  # what cannot be told apart counts
    return start < grid.end_days and end > grid.start_days


def _numbers(tested):
    numbers = {}
    for output, name in _OUTPUTS.items():
        values = zip(("", "_LOW", "_HIGH"), tested.gains[name].numbers(), strict=True)
        numbers |= {f"IGPE_{output}{ending}": value for ending, value in values}
    return numbers
