"""Train a forecast of any time series of grids."""

import math

import numpy as np

from ..device import choose_device, describe
from ..series.forecaster import Past
from ..series.grids import read_series
from ..series.model import save_forecaster
from ..series.plan import make_plan
from ..series.references import REFERENCES, filled_forward
from ..series.report import write_series_report
from ..series.training import train_forecaster


def run(job, progress):
    """Train, validate, test; write the model and its report.

    Returns
    -------
    dict
        MODEL, REPORT, SKILL_PERSISTENCE, SKILL_CLIMATOLOGY and SKILL_TREND of what ships in the
        test, and SHIPS, ``"network"`` or the name of the reference.

    Raises
    ------
    JobError
        If the rasters are no series on one grid, or too short.
    """
    device = choose_device(job.device)
    series = read_series(job.rasters, progress.part(0.0, 0.05))
    plan = make_plan(job, series)
    _say_plan(progress, plan, series, device)
    trained = train_forecaster(series, plan, job, device, progress.part(0.05, 0.97))
    scores = _scores(trained)
    if job.model:
        save_forecaster(job.model, trained, series, job, scores)
    if job.report:
        past = Past(series.values, filled_forward(series.values))
        write_series_report(job.report, trained, series, past, job, progress.part(0.97, 1.0))
    progress(1.0)
    outputs = {f"SKILL_{name.upper()}": _shipped_skill(trained, name) for name in REFERENCES}
    written = {"MODEL": job.model, "REPORT": job.report}
    return {**outputs, "SHIPS": trained.shipped, **{n: p for n, p in written.items() if p}}


def _say_plan(progress, plan, series, device):
    spans = {part: plan.span(part) for part in ("training", "validation", "test")}
    parts = ", ".join(f"{name} {last - first} steps" for name, (first, last) in spans.items())
    progress.note(f"{len(series)} steps in the order of time: {parts}.")
    if plan.cycle > 1:
        progress.note(f"The seasons repeat every {plan.cycle} steps.")
    progress.note(f"Training on {describe(device)}.")


def _shipped_skill(trained, reference):
    """Skill in the test of what ships; 0 for a reference over itself, None if not defined."""
    own, other = (np.nanmean(trained.test[name]) for name in (trained.shipped, reference))
    return float(1 - own / other) if other > 0 else None


def _scores(trained):
    """The scores of the model's card."""
    skills = {"validation": trained.validation_skills, "test": trained.test_skills}
    return {
        "validated": "ordered in time; skill of the network over each reference, with 95 % "
        "interval from a block bootstrap",
        "ships": trained.shipped,
        **{
            part: {name: [_plain(number) for number in found[name]] for name in REFERENCES}
            for part, found in skills.items()
        },
        "rmse_test": {n: _plain(np.sqrt(np.nanmean(e))) for n, e in trained.test.items()},
    }


def _plain(number):
    return float(number) if math.isfinite(number) else None
