"""What of a series trains, decides and tests: spans that follow one another in time."""

from dataclasses import dataclass

from ...jobs.errors import JobError

_SHARE = 5  # a fifth
_LEAST_ORIGINS = {"training": 20, "validation": 6, "test": 4}
_USUAL_HISTORY, _LONGEST_HISTORY = 12, 24


@dataclass(frozen=True)
class Plan:
    """Where the parts of a series end.

    A forecast is made at an origin, the first step it foretells. It sees what lies before, also
    in earlier parts; all it foretells lies in one part.

    Attributes
    ----------
    train_end, validation_end, test_end : int
        The first step after each part.
    steps : int
        Steps that a forecast foretells.
    history, cycle : int
        Steps that the network sees, and steps in a season's cycle.
    """

    train_end: int
    validation_end: int
    test_end: int
    steps: int
    history: int
    cycle: int

    def origins(self, part):
        """Origins of "training", "validation" or "test"."""
        return origins_between(*self.span(part), self.steps)

    def span(self, part):
        """First step of a part, and the first after it."""
        return {
            "training": (0, self.train_end),
            "validation": (self.train_end, self.validation_end),
            "test": (self.validation_end, self.test_end),
        }[part]


def origins_between(first, last, steps):
    """Origins whose forecasts lie between two steps; two steps of the past are the least."""
    return range(max(first, 2), last - steps + 1)


def make_plan(job, series):
    """Decide the parts of a series.

    Parameters
    ----------
    job : TrainGridForecast
    series : GridSeries

    Returns
    -------
    Plan

    Raises
    ------
    JobError
        If a part would have too few steps.
    """
    total = len(series)
    test = job.test_steps or total // _SHARE
    validation = job.validation_steps or (total - test) // _SHARE
    cycle = job.cycle or series.axis.cycle
    if cycle > 1 and (total - test - validation) < 2 * cycle:
        cycle = 1  # not two rounds to learn the seasons from
    history = job.history or min(max(_USUAL_HISTORY, cycle), _LONGEST_HISTORY)
    plan = Plan(total - test - validation, total - test, total, job.steps, history, cycle)
    for part, least in _LEAST_ORIGINS.items():
        _check(plan, part, least, total)
    return plan


def _check(plan, part, least, total):
    first, last = plan.span(part)
    if len(plan.origins(part)) >= least:
        return
    raise JobError(
        f"The {part} has {max(last - first, 0)} of the series' {total} steps; with forecasts of "
        f"{plan.steps} step{'s' * (plan.steps > 1)} it needs {least + plan.steps + 1}.",
        "Give a longer series, fewer STEPS, or other TEST_STEPS and VALIDATION_STEPS.",
    )
