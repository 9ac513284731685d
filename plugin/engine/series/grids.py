"""A time series of grids, read from rasters in any order."""

from dataclasses import dataclass

import numpy as np

from ...jobs.errors import JobError
from ..rasters import Grid, read_steps
from .times import TimeAxis, date_of, is_odd_unit

MOST_VALUES = 2**28  # a gigabyte of single precision


@dataclass(frozen=True)
class GridSeries:
    """Grids of the same cells, step after step.

    Attributes
    ----------
    values : float32 array, shape (step, row, column)
        NaN where there is no data.
    grid : Grid
    axis : TimeAxis
    unit : str
    name : str
        For the user.
    """

    values: np.ndarray
    grid: Grid
    axis: TimeAxis
    unit: str
    name: str

    def __len__(self):
        return len(self.values)


def read_series(paths, progress):
    """Read rasters as one series: all bands of the first, then of the second, and so on.

    Where every step has a date, the steps are put in the order of time.

    Parameters
    ----------
    paths : list of str
    progress : Progress

    Returns
    -------
    GridSeries

    Raises
    ------
    JobError
        If a raster cannot be read, the grids differ, a date is there twice, steps are missing
        between dates, or nothing holds data.
    """
    parts, left = [], MOST_VALUES
    for number, path in enumerate(paths):
        part = read_steps(path, progress.part(number / len(paths), (number + 1) / len(paths)), left)
        left -= part.values.size
        if parts:
            _refuse_other_grid(parts[0], part)
        parts.append(part)
    values = np.concatenate([part.values for part in parts])
    said = [step for part in parts for step in part.said]
    values, axis = _in_order(values, said, progress)
    if not np.isfinite(values).any():
        raise JobError(f'"{said[0]["file"]}" holds no data.', "Choose other rasters.")
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return GridSeries(values, parts[0].grid, axis, parts[0].unit, said[0]["file"] + more)


def _refuse_other_grid(first, other):
    one, two = first.grid, other.grid
    names = f'"{other.said[0]["file"]}"', f'"{first.said[0]["file"]}"'
    remedy = "Bring all rasters to one grid first, with Warp (reproject) or Align rasters."
    if (one.width, one.height) != (two.width, two.height):
        raise JobError(
            f"{names[0]} has {two.width} x {two.height} cells, {names[1]} has {one.width} x "
            f"{one.height}; a series needs one grid.",
            remedy,
        )
    side = abs(one.transform.determinant) ** 0.5
    if one.crs != two.crs or not one.transform.almost_equals(two.transform, 1e-3 * side):
        thing = "coordinate reference system" if one.crs != two.crs else "place"
        raise JobError(f"{names[0]} and {names[1]} differ in their {thing}.", remedy)


def _in_order(values, said, progress):
    """The steps in the order of time, and the axis, as far as dates are known."""
    dates, calendars = zip(*(date_of(step) for step in said), strict=True)
    if not all(dates):
        odd = [step["units"] for step in said if is_odd_unit(step["units"])]
        why = f'their unit of time, "{odd[0]}", begins at no date' if odd else "they have no dates"
        progress.note(f"The steps are taken as evenly spaced, in their order: {why}.")
        return values, TimeAxis()
    order = sorted(range(len(dates)), key=lambda place: dates[place])
    twice = [dates[a] for a, b in zip(order, order[1:]) if dates[a] == dates[b]]
    if twice:
        raise JobError(f"Two steps have the date {twice[0]}.", "Give every date once.")
    if order != list(range(len(order))):
        progress.note("The steps are put in the order of their dates.")
        values = values[order]
    axis = TimeAxis.of([dates[place] for place in order], calendars[0])
    if len(dates) > 2 and not axis.is_known:
        progress.warning("The dates of the steps are not evenly spaced; they are taken as if.")
    return values, axis
