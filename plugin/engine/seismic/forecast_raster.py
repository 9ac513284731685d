"""A forecast as a raster, read back: rates, their grid, and what they are rates of."""

from dataclasses import dataclass

import numpy as np

from ...jobs.errors import JobError
from ...jobs.model_card import SEISMIC, read_card
from ..rasters import Raster, read_tags
from .grid import SpaceTimeGrid
from .moments import in_reach, to_days

_TINY = 1e-6
_NAMES = {
    "target_magnitude": "TARGET_MAGNITUDE",
    "b_value": "B_VALUE",
    "window_days": "WINDOW_DAYS",
}


@dataclass(frozen=True)
class ForecastRates:
    """A forecast for one window.

    Attributes
    ----------
    rates : float64 array, shape (row, column)
        Expected events of at least the target magnitude; NaN outside of the forecast.
    reference : float64 array or None
        Those of ETAS, if the raster tells the ratio.
    grid : SpaceTimeGrid
        With one window.
    target_magnitude, b_value : float
    """

    rates: np.ndarray
    reference: object
    grid: SpaceTimeGrid
    target_magnitude: float
    b_value: float


def read_rates(path, model="", start=""):
    """Read a raster that Forecast seismic grid wrote.

    Parameters
    ----------
    path : str
    model : str
        A model file that tells what the raster does not; empty for none.
    start : str
        Start of the window, ISO; empty if the raster tells it.

    Returns
    -------
    ForecastRates

    Raises
    ------
    JobError
        If the raster has other coordinates or cells, negative rates, or something is not known.
    """
    with Raster(path) as raster:
        _check_cells(raster)
        values, valid = raster.read(0, 0, raster.grid.height, raster.grid.width)
        names, grid, name = raster.names, raster.grid, raster.name
    values = values.astype(np.float64)
    if valid is not None:
        values[:, ~valid] = np.nan
    rates = values[_band(names, "rate", 0)]
    if not np.isfinite(rates).any() or np.nanmin(rates) < 0:
        raise JobError(
            f'"{name}" holds no rates: they are never negative.',
            "Choose a raster that Forecast seismic grid made.",
        )
    ratio = _band(names, "log ratio", None)
    reference = rates * np.exp(-values[ratio]) if ratio is not None else None
    known = _known(path, model, start, name)
    cells = SpaceTimeGrid(
        grid.transform.c, round(grid.transform.f + grid.height * grid.transform.e, 10),
        grid.transform.a, grid.height, grid.width, known["start"], known["window_days"], 1,
    )  # fmt: skip
    _check_window(cells, name)
    return ForecastRates(rates, reference, cells, known["target_magnitude"], known["b_value"])


def _check_cells(raster):
    grid, transform = raster.grid, raster.grid.transform
    if grid.crs is None or not grid.crs.is_geographic:
        raise JobError(
            f'"{raster.name}" is not in longitude and latitude.',
            "Choose a raster that Forecast seismic grid made.",
        )
    square = abs(transform.a + transform.e) < _TINY * transform.a
    if not square or transform.b or transform.d:
        raise JobError(
            f'The cells of "{raster.name}" are not square with north up; pyCSEP wants them so.',
            "Choose a raster that Forecast seismic grid made.",
        )


def _check_window(cells, name):
    if not (in_reach(cells.start_days) and in_reach(cells.end_days)):
        raise JobError(
            f'The window of "{name}" is not between the years 1000 and 2200.',
            "Give the beginning of the forecast in START.",
        )


def _band(names, word, otherwise):
    """Place of the first band whose name begins with a word."""
    found = [place for place, name in enumerate(names) if name.lower().startswith(word)]
    return found[0] if found else otherwise


def _known(path, model, start, name):
    """Start and length of the window, target magnitude and b, from the raster or the model."""
    tags, band_tags = read_tags(path)
    told = {**(band_tags[0] if band_tags else {}), **tags}
    training = read_card(model, SEISMIC).training if model else {}
    begin = start or told.get("START") or told.get("FORECAST_START") or ""
    known = {"start": _days(begin.removesuffix("Z"), name)}
    for key, tag in _NAMES.items():
        known[key] = _number(told.get(tag), training.get(key))
        if known[key] is None:
            raise JobError(
                f'"{name}" does not tell its {key.replace("_", " ")}.',
                "Choose the model that made it in MODEL.",
            )
    return known


def _days(text, name):
    try:
        return to_days(text)
    except ValueError as error:
        raise JobError(f'"{name}" does not tell when its window begins.', "Give START.") from error


def _number(*candidates):
    """The first of some texts or numbers that is a number."""
    for value in candidates:
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if np.isfinite(number):
            return number
    return None
