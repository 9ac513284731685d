"""Train a forecast of grids: references, a network, and which of them ships."""

from dataclasses import dataclass, replace

import numpy as np

from ...jobs.errors import JobError
from .evaluation import best_reference, cell_weights, skills, squared_errors
from .forecaster import GridForecaster, Past
from .learning import learn
from .references import filled_forward, fit_references


@dataclass(frozen=True)
class Trained:
    """What training gives.

    Attributes
    ----------
    forecaster : GridForecaster
        What ships: with its network only if it helped.
    tried : GridForecaster
        With the network, in any case.
    plan : Plan
    validation, test : dict
        Mean squared errors by name, (origin, steps), as `evaluation.squared_errors` gives them.
    validation_skills, test_skills : dict
        The network's `Skill` over every reference.
    history : list of list of float
        Watched error by look, per network.
    helped : bool
        Whether the network beat the best reference in validation.
    """

    forecaster: GridForecaster
    tried: GridForecaster
    plan: object
    validation: dict
    test: dict
    validation_skills: dict
    test_skills: dict
    history: list
    helped: bool

    @property
    def shipped(self):
        """Name of what ships, as in the errors."""
        return "network" if self.helped else self.forecaster.base


def train_forecaster(series, plan, job, device, progress):
    """Train, decide in the validation, fit again with it, and test.

    Parameters
    ----------
    series : GridSeries
    plan : Plan
    job : TrainGridForecast
    device : torch.device
    progress : Progress

    Returns
    -------
    Trained

    Raises
    ------
    JobError
        If no cell has enough data.
    """
    past = Past(series.values, filled_forward(series.values))
    weights = cell_weights(series.grid)
    early = _references_only(past, plan, plan.train_end, "persistence")
    origins = plan.origins("validation")
    base = best_reference(squared_errors(early, past, origins, weights, progress.part(0, 0.02)))
    early = _references_only(past, plan, plan.train_end, base)
    early, _ = learn(
        early, past, plan.train_end, job.network, job, device, progress.part(0.02, 0.45)
    )
    validation = squared_errors(early, past, origins, weights, progress.part(0.45, 0.5))
    gained = skills(validation, "network", plan.steps)
    helped = bool(gained[base].low > 0)
    progress.note(_decision(base, gained[base], helped))
    end = plan.validation_end
    late = _references_only(past, plan, end, base)
    late, history = learn(late, past, end, job.network, job, device, progress.part(0.5, 0.95))
    tests = squared_errors(late, past, plan.origins("test"), weights, progress.part(0.95, 1.0))
    shipped = late if helped else replace(late, network=None)
    return Trained(
        shipped, late, plan, validation, tests, gained, skills(tests, "network", plan.steps),
        history, helped,
    )  # fmt: skip


def _references_only(past, plan, end, base):
    """The references of the steps before `end`, and the error of one as the network's unit."""
    references = fit_references(past.values[:end], plan.cycle)
    if not np.isfinite(references.means).any():
        raise JobError(
            "No cell has data at 3 steps of the training.",
            "Choose rasters with fewer gaps, or a shorter cycle.",
        )
    forecaster = GridForecaster(references, base, 1.0, plan.steps, plan.history)
    squares = []
    for origin in range(2, end - plan.steps + 1):
        truth = past.values[origin : origin + plan.steps]
        error = forecaster.reference(base, past, origin) - truth
        squares.append(np.nanmean(error**2) if np.isfinite(error).any() else np.nan)
    scale = float(np.sqrt(np.nanmean(squares)))
    return replace(forecaster, scale=scale if scale > 0 else 1.0)


def _decision(base, skill, helped):
    interval = f"{skill.value:.3f}, 95 % interval {skill.low:.3f} to {skill.high:.3f}"
    if helped:
        return f"In validation the network beats the best reference, {base}: skill {interval}."
    return (
        f"The network did not improve on the best reference, {base} (skill {interval}); the "
        "reference is used."
    )
