"""Where a series lies beside the one that a model was trained on: in space and in time."""

import numpy as np

from ...jobs.errors import JobError
from .model import axis_of

_ALIKE = 1e-6


def check_grid(series, grid, model_name):
    """Refuse a series that has not the cells of the model.

    Raises
    ------
    JobError
    """
    own = series.grid
    side = abs(grid.transform.determinant) ** 0.5
    remedy = "Bring the rasters to the grid of the training, or train a model on this grid."
    if (own.width, own.height) != (grid.width, grid.height):
        raise JobError(
            f'Model "{model_name}" was trained on {grid.width} x {grid.height} cells; '
            f'"{series.name}" has {own.width} x {own.height}.',
            remedy,
        )
    if own.crs != grid.crs or not own.transform.almost_equals(grid.transform, 1e-3 * side):
        thing = "coordinate reference system" if own.crs != grid.crs else "place"
        raise JobError(
            f'Model "{model_name}" was trained on another {thing} than that of "{series.name}".',
            remedy,
        )


def first_step(series, card, newest, progress):
    """Which step the first grid of a series is, counted from the first step of the training.

    By the dates, where both have them; else by finding the newest grid that the training saw;
    else the series is taken to begin where that of the training did.

    Parameters
    ----------
    series : GridSeries
    card : ModelCard
    newest : array, shape (row, column)
    progress : Progress

    Returns
    -------
    int

    Raises
    ------
    JobError
        If the dates do not fit those of the model.
    """
    trained = axis_of(card)
    if trained.is_known and series.axis.is_known:
        return _by_dates(trained, series)
    place = _found(series.values, newest)
    if place is not None:
        return int(card.training["steps"]) - 1 - place
    if len(series) > 1:
        progress.warning(
            f'"{series.name}" has no dates that fit those of the model, and the newest grid of the '
            "training is not in it: it is taken to begin at the same step as the training."
        )
    return 0


def _by_dates(trained, series):
    place = trained.place_of(series.axis.label(0))
    second = trained.place_of(series.axis.label(1))
    if place is None or second != place + 1:
        raise JobError(
            f'The steps of "{series.name}" ({series.axis.label(0)}, {series.axis.label(1)}, ...) '
            f"are not those of the model ({trained.label(0)}, {trained.label(1)}, ...).",
            "Give a series with the steps that the model was trained on.",
        )
    return place


def _found(values, newest):
    scale = float(np.abs(newest).max()) or 1.0
    for place in range(len(values) - 1, -1, -1):
        if np.abs(np.nan_to_num(values[place]) - newest).max() <= _ALIKE * scale:
            return place
    return None
