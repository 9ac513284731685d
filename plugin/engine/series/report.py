"""The report on a forecast of grids."""

import numpy as np

from ..report import METHOD, NUMBERS, PICTURES, Report
from .evaluation import map_of_skill
from .figures import draw_errors, draw_last_forecast, draw_learning, draw_skill_map
from .references import NAMES, REFERENCES

_MEANING = (
    "Skill is the share of the reference's squared error that the forecast saves: 1 is perfect, 0 "
    "is as good as the reference, below 0 is worse. Cells count by their area where the grid is "
    "in degrees. Intervals are 95 % from a bootstrap of blocks of neighboring forecasts."
)
_ONCE = (
    "The test comes last in time. Nothing was chosen by it: the validation decided which reference "
    "is the best and whether the network ships; then all was fitted again to training and "
    "validation together, and tested once."
)


def write_series_report(path, trained, series, past, job, progress):
    """Write the report as one HTML file.

    Parameters
    ----------
    path : str
    trained : Trained
    series : GridSeries
    past : Past
    job : TrainGridForecast
    progress : Progress

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = Report(f"Forecast of {series.name}", _subtitle(trained, series))
    report.verdict(*_verdict(trained))
    for text in _cautions(trained, series):
        report.warning(text)
    _add_maps(report, trained, series, past, progress)
    _add_errors(report, trained, series)
    _add_scores(report, trained, series)
    _add_method(report, trained, series, job)
    report.write(path)


def _subtitle(trained, series):
    steps = trained.plan.steps
    return (
        f"{len(series)} steps of {series.grid.height} x {series.grid.width} cells, "
        f"{series.axis.label(0)} to {series.axis.label(len(series) - 1)}; "
        f"{steps} step{'s' * (steps > 1)} ahead"
    )


def _verdict(trained):
    base = trained.forecaster.base
    gained, tested = trained.validation_skills[base], trained.test_skills[base]
    held = f"In the test the network's skill over it is {_skill(tested)}."
    if trained.helped:
        then = (
            f": in the test it saves {tested.value:.0%} of its squared error."
            if tested.value > 0
            else " in validation, but not in the test."
        )
        return (
            f"The network beats the best reference, {base}{then}",
            f"{held} In validation it was {_skill(gained)}, which decided that the network is used.",
        )
    return (
        f"The network did not improve on the best reference, {base}; the reference is used.",
        f"Its skill in validation was {_skill(gained)}: the lower bound is not above 0.",
        held,
    )


def _cautions(trained, series):
    tested = trained.test_skills[trained.forecaster.base]
    if trained.helped and tested.value < 0:
        yield "In the test the network was worse than the reference, although validation let it ship."
    if not series.axis.is_known:
        yield "The steps have no dates, or uneven ones: they were taken as evenly spaced."


def _skill(skill):
    if not np.isfinite(skill.low):
        return f"{skill.value:.3f} (too short for an interval)"
    return f"{skill.value:.3f} [{skill.low:.3f}, {skill.high:.3f}]"


def _add_scores(report, trained, series):
    report.section("Scores, beside simpler ways", NUMBERS, _MEANING)
    unit = f" ({series.unit})" if series.unit else ""
    rows = [["Network", *_errors(trained, "network"), "", ""]]
    for name in REFERENCES:
        skills = [_skill(part[name]) for part in (trained.validation_skills, trained.test_skills)]
        rows.append([NAMES[name], *_errors(trained, name), *skills])
    heads = ["", f"RMSE, validation{unit}", f"RMSE, test{unit}",
             "Network's skill over it, validation", "Network's skill over it, test"]  # fmt: skip
    report.table(heads, rows)


def _add_errors(report, trained, series):
    report.section("How far it is off", PICTURES)
    dates = [series.axis.label(origin) for origin in trained.plan.origins("test")]
    report.figure(
        draw_errors(trained.test, dates, series.unit),
        "Left: error by how many steps ahead. Right: error of every forecast of the test, at the "
        "step where it was made.",
        "Errors in the test",
    )


def _errors(trained, name):
    parts = trained.validation[name], trained.test[name]
    return [f"{np.sqrt(np.nanmean(part)):.4g}" for part in parts]


def _add_maps(report, trained, series, past, progress):
    tried, plan = trained.tried, trained.plan
    base, origins = tried.base, plan.origins("test")
    report.section("Where the network helps", PICTURES)
    skill = map_of_skill(tried, past, origins, base, progress)
    better = np.mean(skill[np.isfinite(skill)] > 0) if np.isfinite(skill).any() else np.nan
    report.figure(
        draw_skill_map(skill, base),
        f"Test. Green: the network is better than {base}; purple: it is worse. It is better in "
        f"{better:.0%} of the cells.",
        "Map of the skill",
    )
    origin = origins[-1]
    last = plan.steps - 1
    report.figure(
        draw_last_forecast(
            past.values[origin + last], tried.forecast(past, origin)[last],
            tried.reference(base, past, origin)[last], series.axis.label(origin + last),
            series.unit,
        ),
        f"The network's last forecast of the test, {plan.steps} step{'s' * (plan.steps > 1)} "
        "ahead.",
        "The last forecast of the test beside the truth",
    )  # fmt: skip


def _add_method(report, trained, series, job):
    plan = trained.plan
    report.section("How it was tested", METHOD, _ONCE)
    report.paragraph(
        "The references are fitted per cell, on what lies before the cut. The network sees the "
        "past as its difference from the best reference and learns what that reference misses."
    )
    rows = [
        [part.capitalize(), series.axis.label(first), series.axis.label(last - 1), last - first]
        for part in ("training", "validation", "test")
        for first, last in [plan.span(part)]
    ]
    report.table(["Part", "First step", "Last step", "Steps"], rows)
    report.figure(
        draw_learning(trained.history),
        "Error on the last fifth of training and validation, which told when to stop; a line per "
        "network. On the dotted line a network is as good as its reference.",
        "Learning curves",
    )
    report.facts([
        ("Network", job.network), ("Networks averaged", str(job.seeds)),
        ("Steps that it sees", str(plan.history)),
        ("Steps in a season's cycle", str(plan.cycle) if plan.cycle > 1 else "no seasons"),
        ("Seed", str(job.seed)),
    ])  # fmt: skip
