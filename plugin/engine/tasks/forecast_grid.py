"""Forecast the next grids of a time series."""

import os

import numpy as np

from ...jobs.errors import JobError
from ...jobs.forecast_grid import check_steps
from ..device import choose_device
from ..rasters import new_raster
from ..series.forecaster import Past
from ..series.grids import read_series
from ..series.matching import check_grid, first_step
from ..series.model import axis_of, load_forecaster
from ..series.references import NAMES, filled_forward

_LEAST = 2


def run(job, progress):
    """Forecast with the network of a model, or with its reference where that ships.

    Returns
    -------
    dict
        OUTPUT.

    Raises
    ------
    JobError
        If the model is none of grids, or the rasters are not on its grid.
    """
    name = os.path.basename(job.model)
    card, forecaster, grid, newest = load_forecaster(job.model, choose_device(job.device))
    check_steps(job.steps, card, job.model)
    steps = job.steps or forecaster.steps
    series = read_series(job.rasters, progress.part(0.0, 0.6))
    check_grid(series, grid, name)
    if len(series) < _LEAST:
        raise JobError(
            f'"{series.name}" has 1 step; the model sees up to {forecaster.history}.',
            "Give a raster with a band per step, or several rasters.",
        )
    first = first_step(series, card, newest, progress)
    past = Past(series.values, filled_forward(series.values), first)
    progress(0.7, "Forecasting")
    foretold = forecaster.forecast(past, len(series))[:steps]
    dates = _dates(series, card, first, steps)
    _say(progress, forecaster, foretold, dates)
    with new_raster(
        job.output, series.grid, "float32", dates, np.nan, tags=_tags(job, forecaster),
        inputs=(job.model, *job.rasters), progress=progress.part(0.8, 1.0),
    ) as raster:  # fmt: skip
        raster.write(foretold, 0)
    progress(1.0)
    return {"OUTPUT": job.output}


def _dates(series, card, first, steps):
    """Names of the steps that are foretold: dates, as far as they are known."""
    trained = axis_of(card)
    if series.axis.is_known or not trained.is_known:
        return series.axis.labels(len(series), steps)
    return trained.labels(first + len(series), steps)


def _say(progress, forecaster, foretold, dates):
    what = "the network" if forecaster.network is not None else NAMES[forecaster.base].lower()
    progress.note(f"Forecast of {dates[0]} to {dates[-1]} with {what}.")
    if not np.isfinite(foretold).any():
        progress.warning("No cell has data from which to forecast; the output is empty.")


def _tags(job, forecaster):
    return {
        "MODEL": os.path.basename(job.model),
        "FORECAST_WITH": "network" if forecaster.network is not None else forecaster.base,
    }
