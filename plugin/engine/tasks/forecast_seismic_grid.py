"""Forecast earthquake rates on the grid of a model."""

import os

import numpy as np

from ...jobs.errors import JobError
from ..rasters import new_raster
from ..seismic.catalog import read_catalog, to_days, to_iso
from ..seismic.cells import Cells
from ..seismic.forecast import source_events
from ..seismic.history import check_history
from ..seismic.model import load_forecaster
from ..seismic.raster_grid import written_grid

BANDS = (
    "rate",
    "probability of at least one event",
    "probability of at least one event, ETAS",
    "log ratio of the rate to ETAS",
    "count at 5 %",
    "count at 95 %",
)
_JUST_AFTER = 1 / 86400


def run(job, progress):
    """Forecast the window that begins at the wished moment, from the events before it.

    Returns
    -------
    dict
        OUTPUT, EXPECTED, HIGHEST, START, END.

    Raises
    ------
    JobError
        If the model is none of seismicity, or no event lies before the start in its region.
    """
    forecaster = load_forecaster(job.model)
    training = forecaster.card.training
    catalog = read_catalog(job.catalog, job, progress.part(0.0, 0.3))
    start = _start(job, catalog, training)
    _say_past(forecaster, catalog, start, progress)
    past = catalog.between(-np.inf, start)
    rates = forecaster.rates(past, [start], progress.part(0.3, 0.9), ("forecast", "etas"))
    rate, etas = rates["forecast"][0], rates["etas"][0]
    bands = _bands(rate, etas, forecaster.models.calibration)
    _write(job, forecaster, start, bands)
    progress(1.0)
    ending = to_iso(start + forecaster.models.window_days)
    highest = float(bands[1].max())
    progress.note(
        f"{rate.sum():.3g} events of M{training['target_magnitude']:g} or larger are expected from "
        f"{to_iso(start)} to {ending} UTC; the highest probability of a cell is {highest:.2g}. "
        "This is a forecast of rates, not a prediction of an earthquake."
    )
    return {
        "OUTPUT": job.output, "EXPECTED": float(rate.sum()), "HIGHEST": highest,
        "START": to_iso(start), "END": ending,
    }  # fmt: skip


def _start(job, catalog, training):
    if job.forecast_start:
        return to_days(job.forecast_start)
    events = catalog.above(float(training["completeness"]))
    if not len(events):
        raise JobError(
            f"The catalog has no event of M{training['completeness']:g} or larger.",
            "Give the catalog up to now, with the magnitudes that the model was trained on.",
        )
    return float(np.ceil((catalog.days[-1] + _JUST_AFTER) / _JUST_AFTER) * _JUST_AFTER)


def _say_past(forecaster, catalog, start, progress):
    training = forecaster.card.training
    for warning in check_history(forecaster, catalog, start):
        progress.warning(warning)
    completeness = float(training["completeness"])
    complete = source_events(catalog.between(-np.inf, start), Cells(forecaster.grid), completeness)
    progress.note(
        f"{len(complete):,} events in and near the model's region before {to_iso(start)} UTC make "
        "the forecast."
    )
    silence = start - float(complete.days[-1])
    gaps = np.diff(complete.days)
    if silence > max(30.0, float(gaps.max(initial=0.0))):
        progress.warning(
            f"The last event lies {silence:.0f} days before the start of the forecast. If the "
            "catalog ends there, aftershocks since then are not known to it."
        )
    if start < to_days(training["validation_end"]):
        progress.warning(
            f"The model learned from events up to {training['validation_end'][:10]}: this window "
            "is no test of it."
        )


def _bands(rate, etas, calibration):
    low, high = calibration.band(rate)
    ratio = np.log(np.maximum(rate, 1e-300) / np.maximum(etas, 1e-300))
    # The line of the recalibration was fitted to what ships, not to the reference beside it.
    bands = rate, calibration.probability(rate), -np.expm1(-etas), ratio, low, high
    return np.stack(bands).astype(np.float32)


def _write(job, forecaster, start, bands):
    training, models = forecaster.card.training, forecaster.models
    placed, parts = written_grid(forecaster.grid)
    tags = {
        "MODEL": os.path.basename(job.model),
        "START": to_iso(start) + "Z",
        "END": to_iso(start + models.window_days) + "Z",
        "WINDOW_DAYS": f"{models.window_days:g}",
        "TARGET_MAGNITUDE": f"{training['target_magnitude']:g}",
        "B_VALUE": f"{training['b_value']:.6g}",
        "FORECAST_WITH": "network" if models.ships else "ETAS",
    }
    known = {"tags": tags, "inputs": (job.model, job.catalog)}
    with new_raster(job.output, placed, "float32", BANDS, np.nan, **known) as raster:
        if len(parts) > 1:
            raster.write(np.full((len(BANDS), placed.height, placed.width), np.nan, np.float32), 0)
        for columns, first in parts:
            raster.write(bands[:, :, columns], 0, first)
