"""How well forecasts of grids hit, beside the references."""

import numpy as np

from ..metrics.skill import skill_score
from .references import REFERENCES


def cell_weights(grid):
    """What every cell counts, (row, column): its area where the CRS is in degrees, else 1."""
    weights = np.ones((grid.height, grid.width))
    if grid.crs is None or not grid.crs.is_geographic:
        return weights
    rows, columns = np.indices(weights.shape) + 0.5
    _, latitude = grid.to_ground(rows, columns)
    return np.maximum(np.cos(np.radians(np.clip(latitude, -90, 90))), 1e-6)


def squared_errors(forecaster, past, origins, weights, progress, names=REFERENCES):
    """Mean squared errors of references and, if there is one, of the network.

    Parameters
    ----------
    forecaster : GridForecaster
    past : Past
    origins : sequence of int
    weights : array, shape (row, column)
    progress : Progress
    names : sequence of str
        Of the references.

    Returns
    -------
    dict of str to array, shape (origin, steps)
        By reference and "network"; NaN where no cell is known.
    """
    errors = {name: [] for name in names}
    if forecaster.network is not None:
        errors["network"] = []
    for number, origin in enumerate(origins):
        progress(number / len(origins), f"Forecast {number + 1} of {len(origins)}")
        truth = past.values[origin : origin + forecaster.steps]
        for name, found in errors.items():
            is_network = name == "network"
            said = (
                forecaster.forecast(past, origin)
                if is_network
                else forecaster.reference(name, past, origin)
            )
            found.append(_mean_square(said - truth, weights))
    return {name: np.array(found) for name, found in errors.items()}


def _mean_square(difference, weights):
    known = np.isfinite(difference)
    held = (known * weights).sum(axis=(1, 2))
    total = (np.where(known, difference, 0.0) ** 2 * weights).sum(axis=(1, 2))
    return np.divide(total, held, out=np.full(len(held), np.nan), where=held > 0)


def best_reference(errors):
    """The name of the reference with the smallest error over all steps."""
    return min(REFERENCES, key=lambda name: np.nanmean(errors[name]))


def skills(errors, name, steps):
    """Skill of `name` over every reference, by reference.

    Forecasts made at neighboring origins foretell the same steps: they are drawn together.
    """
    own = np.nanmean(errors[name], axis=1)
    block = max(steps, 4)
    return {
        reference: skill_score(own, np.nanmean(errors[reference], axis=1), block)
        for reference in REFERENCES
    }


def map_of_skill(forecaster, past, origins, reference, progress):
    """Skill of the forecast in every cell, (row, column); NaN where it is not known."""
    own, other = (np.zeros(past.values.shape[1:]) for _ in range(2))
    for number, origin in enumerate(origins):
        progress(number / len(origins), "Mapping the skill")
        truth = past.values[origin : origin + forecaster.steps]
        own += np.nansum((forecaster.forecast(past, origin) - truth) ** 2, axis=0)
        other += np.nansum((forecaster.reference(reference, past, origin) - truth) ** 2, axis=0)
    return 1 - np.divide(own, other, out=np.full(own.shape, np.nan), where=other > 0)
