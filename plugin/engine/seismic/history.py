"""Whether a catalog can be what a model looks back on: its region, and long enough."""

import numpy as np

from ...jobs.errors import JobError
from .cells import Cells
from .forecast import source_events
from .moments import to_days, to_iso

_USUAL_SILENCE_DAYS = 30.0
_SMALL_SHARE, _EXPECTED = 0.2, 5.0


def check_history(forecaster, catalog, start):
    """Compare the events before a moment with those that the model was trained on.

    Parameters
    ----------
    forecaster : Forecaster
    catalog : Catalog
        All of it.
    start : float
        Start of the first window, in days.

    Returns
    -------
    list of str
        What the user should be warned of.

    Raises
    ------
    JobError
        If no event lies before the moment, or none in the model's region.
    """
    training, grid = forecaster.card.training, forecaster.grid
    completeness = float(training["completeness"])
    past = catalog.between(-np.inf, start).above(completeness)
    if not len(past):
        raise JobError(
            f"No event of M{completeness:g} or larger lies before the start, {to_iso(start)}.",
            "Choose a later start, or give the catalog with its history.",
        )
    if not len(source_events(past, Cells(grid), completeness)):
        raise JobError(
            f"None of the {len(past):,} events of M{completeness:g} or larger before "
            f"{to_iso(start)[:10]} lies in or near the model's region, {_region(grid)}; theirs is "
            f"{_spread(past)}.",
            "Give the catalog of the model's region, or train a model on this catalog.",
        )
    begins = float(catalog.days[0])
    return _few(forecaster, past, begins, start) + _short(training, begins, start)


def _few(forecaster, past, begins, start):
    """Far fewer target events in the cells than the model knows from its training."""
    training, grid = forecaster.card.training, forecaster.grid
    begins = max(begins, to_days(training["start"]))
    mean = training.get("references", {}).get("mean_events")
    expected = float(mean or 0.0) / float(training["window_days"]) * (start - begins)
    targets = past.above(training["target_magnitude"]).between(begins, np.inf)
    found = int((grid.cell_of(targets.longitude, targets.latitude) >= 0).sum())
    if expected < _EXPECTED or found >= _SMALL_SHARE * expected:
        return []
    return [
        f"In the model's region, {_region(grid)}, the catalog has {found:,} events of "
        f"M{training['target_magnitude']:g} or larger from {to_iso(begins)[:10]} to "
        f"{to_iso(start)[:10]}; at the rate of the training it would be {expected:,.0f}. Is it the "
        "catalog of another region, or of other magnitudes?"
    ]


def _short(training, begins, start):
    trained_from = to_days(training["start"])
    if begins <= trained_from + max(_USUAL_SILENCE_DAYS, float(training["window_days"])):
        return []
    return [
        f"The catalog begins on {to_iso(begins)[:10]}, {_lasting(start - begins)} before the start; "
        f"the training did on {to_iso(trained_from)[:10]}: all models know less of the past than "
        "they were trained with. Give the catalog with its history, as the model was trained on it."
    ]


def _lasting(days):
    return f"{days / 365.25:.3g} years" if days > 730 else f"{days:.0f} days"


def _region(grid):
    return f"longitude {grid.west:g} to {grid.east:g}, latitude {grid.south:g} to {grid.north:g}"


def _spread(catalog):
    return (
        f"longitude {catalog.longitude.min():g} to {catalog.longitude.max():g}, latitude "
        f"{catalog.latitude.min():g} to {catalog.latitude.max():g}"
    )
