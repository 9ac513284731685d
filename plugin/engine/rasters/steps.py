"""The bands of a raster as steps in time: values with NaN for nothing, and what is said of time."""

import os
from dataclasses import dataclass

import numpy as np

from ...jobs.errors import JobError
from .grid import Grid
from .opening import data_bands, opened, refuse_complex, validity


@dataclass(frozen=True)
class Steps:
    """Some steps of a time series.

    Attributes
    ----------
    values : float32 array, shape (step, row, column)
        In the unit that scale and offset of the file give; NaN where there is no data.
    grid : Grid
    said : list of dict
        Of every step: ``{"description", "file", "single", "value", "units", "calendar"}``, texts;
        the last three are NetCDF's time axis, empty if there is none.
    unit : str
        Of the values; empty if it is not known.
    """

    values: np.ndarray
    grid: Grid
    said: list
    unit: str


def read_steps(path, progress, most_cells):
    """Read all bands of a raster as steps of a series.

    Parameters
    ----------
    path : str
        Anything that GDAL opens, NetCDF too.
    progress : Progress
    most_cells : int
        How many values may be read.

    Returns
    -------
    Steps

    Raises
    ------
    JobError
        If it cannot be read, is a container of several variables, or is larger than that.
    """
    with opened(path) as dataset:
        _refuse_container(dataset, path)
        bands = data_bands(dataset)
        refuse_complex(dataset, bands)
        shape = len(bands), dataset.height, dataset.width
        if int(np.prod(shape, dtype=np.int64)) > most_cells:
            raise _too_large(path, shape)
        values = np.empty(shape, np.float32)
        for place, band in enumerate(bands):
            progress((place + 1) / len(bands), f"Step {place + 1} of {len(bands)}")
            values[place] = _band(dataset, band)
        grid = Grid(dataset.width, dataset.height, dataset.transform, dataset.crs)
        tags, single = dataset.tags(), len(bands) == 1
        said = [_said(dataset, band, tags, path, single) for band in bands]
        return Steps(values, grid, said, dataset.units[bands[0] - 1] or "")


def _band(dataset, band):
    """One band in its own unit, NaN where there is no data."""
    raw = dataset.read([band])
    valid = validity(dataset, [band], raw)
    values = raw[0].astype(np.float32)
    scale, offset = dataset.scales[band - 1], dataset.offsets[band - 1]
    if (scale, offset) != (1.0, 0.0):
        values = (raw[0] * scale + offset).astype(np.float32)
    if valid is not None:
        values[~valid] = np.nan
    return values


def _said(dataset, band, tags, path, single):
    said = {
        "description": dataset.descriptions[band - 1] or "",
        "file": os.path.splitext(os.path.basename(path))[0],
        "single": single,
        "value": "", "units": "", "calendar": "",
    }  # fmt: skip
    own = dataset.tags(band)
    for name, value in own.items():
        axis = name[len("NETCDF_DIM_") :]
        units = tags.get(f"{axis}#units", "")
        if name.startswith("NETCDF_DIM_") and " since " in units:
            calendar = tags.get(f"{axis}#calendar", "standard")
            said.update(value=value, units=units, calendar=calendar)
    return said


def _refuse_container(dataset, path):
    if dataset.count == 0 and dataset.subdatasets:
        names = ", ".join(name.rsplit(":", 1)[-1] for name in dataset.subdatasets)
        raise JobError(
            f'"{os.path.basename(path)}" holds several variables: {names}.',
            "Load the one you want as a layer of its own, and choose that layer.",
        )


def _too_large(path, shape):
    steps, rows, columns = shape
    gigabytes = 4 * steps * rows * columns / 2**30
    return JobError(
        f'"{os.path.basename(path)}" has {steps} steps of {rows} x {columns} cells, '
        f"{gigabytes:.1f} GiB: too large for a series.",
        "Cut out a part, or make the cells larger with Warp (reproject).",
    )
