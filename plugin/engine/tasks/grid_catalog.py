"""Count earthquakes in cells and windows of time."""

import os
from contextlib import ExitStack

import numpy as np

from ...jobs.errors import JobError
from ..rasters import new_raster
from ..rasters.netcdf import write_netcdf
from ..seismic.catalog import read_catalog
from ..seismic.completeness import estimate
from ..seismic.grid import extent_of, lay_out
from ..seismic.moments import to_days
from ..seismic.raster_grid import unwrapped_grid, window_names, window_tags, written_grid
from ..seismic.selection import select
from ..seismic.split_dates import moved

_MOST_BANDS = 65_535
_MOST_COUNTS, _MOST_IN_NETCDF = 2**29, 2**27
_BYTES_AT_ONCE = 2**27
_GAP = 65_535


def run(job, progress):
    """Count the events of a catalog on a grid.

    Returns
    -------
    dict
        EVENTS, PERIODS, BUSIEST (band with the most events), BUSIEST_WINDOW; OUTPUT and NETCDF if
        asked for.

    Raises
    ------
    JobError
        If the catalog cannot be read, no event is left, or the grid is too large.
    """
    catalog = read_catalog(job.catalog, job, progress.part(0.0, 0.4))
    catalog = select(catalog, job, progress)
    catalog = catalog.above(_target(job, catalog, progress))
    grid = _lay_out(job, catalog, progress)
    _refuse_large(grid, bool(job.netcdf))
    period, cell = grid.locate(catalog)
    inside = (period >= 0) & (cell >= 0)
    per_window = np.bincount(period[inside], minlength=grid.periods)
    _tell(grid, per_window, len(catalog), progress)
    busiest = int(per_window.argmax())
    outputs = {
        "EVENTS": int(inside.sum()),
        "PERIODS": grid.periods,
        "BUSIEST": busiest + 1,
        "BUSIEST_WINDOW": window_names(grid)[busiest],
    }
    with ExitStack() as whole:  # a cancel on the way leaves neither of the two
        if job.output:
            _write_raster(whole, job, grid, (period[inside], cell[inside]), progress.part(0.4, 0.9))
        if job.netcdf:
            progress(0.9, "Writing NetCDF")
            _write_netcdf(job, grid, catalog)
    outputs.update({"OUTPUT": job.output} if job.output else {})
    outputs.update({"NETCDF": job.netcdf} if job.netcdf else {})
    progress(1.0)
    return outputs


def _target(job, catalog, progress):
    """The magnitude from which events are counted; the user's own is never changed."""
    if job.target_magnitude is None and job.completeness is None:
        found = estimate(catalog.magnitude)
        progress.note(f"Counted from magnitude {found:g} on: maximum curvature + 0.2.")
        return found
    target = job.completeness if job.target_magnitude is None else job.target_magnitude
    if not len(catalog.above(target)):
        raise JobError(
            f"No event is of magnitude {target:g} or larger; the largest is "
            f"{catalog.magnitude.max():g}.",
            "Choose a smaller target magnitude.",
        )
    found = estimate(catalog.magnitude)
    if target < found - 1e-9:
        progress.warning(
            f"Events are counted from magnitude {target:g} on, below the estimate of the "
            f"completeness, {found:g}: counts may be too low where and when stations were few."
        )
    return target


def _lay_out(job, catalog, progress):
    start = to_days(job.start) if job.start else np.floor(catalog.days[0])
    end = to_days(job.end) if job.end else np.floor(catalog.days[-1]) + 1
    if not job.end:  # the last window is whole, whatever of it lies after the last event
        end = start + np.ceil((end - start) / job.window_days) * job.window_days
    extent = job.extent or extent_of(catalog)
    grid = lay_out(extent, job.cell_size, float(start), float(end), job.window_days)
    for sentence in moved("END", "count", end, grid.end_days, start, job.window_days):
        progress.note(sentence)
    return grid


def _refuse_large(grid, as_netcdf):
    if grid.periods > _MOST_BANDS:
        raise JobError(
            f"{grid.periods:,} windows are more than the {_MOST_BANDS:,} bands of a GeoTIFF.",
            "Choose a longer window, or a later start.",
        )
    counts, most = grid.periods * grid.rows * grid.columns, _MOST_COUNTS
    if as_netcdf:  # scipy makes the whole file in memory
        most = _MOST_IN_NETCDF
    if counts > most:
        raise JobError(
            f"{grid.periods:,} windows of {grid.rows:,} x {grid.columns:,} cells are "
            f"{counts:,} counts; {most:,} are the most{' in NetCDF' * as_netcdf}.",
            "Choose a larger cell, a longer window or a smaller extent.",
        )


def _tell(grid, per_window, count, progress):
    counted = int(per_window.sum())
    progress.note(
        f"{counted:,} events on {grid.rows:,} x {grid.columns:,} cells of {grid.cell_degrees:g} "
        f"degrees, {grid.periods:,} windows of {grid.window_days:g} days."
    )
    if counted < count:
        progress.note(f"{count - counted:,} events lie outside the cells or windows.")


def _write_raster(whole, job, grid, places, progress):
    """Write as many windows at a time as fit the memory; `whole` ends the file."""
    period, cell = places
    placed, parts = written_grid(grid)
    known = {"names": window_names(grid), "tags": _tags(job, grid), "inputs": (job.catalog,)}
    known["progress"], progress = progress.part(0.8, 1.0), progress.part(0.0, 0.8)
    nodata = _GAP if len(parts) > 1 else None
    _, each = np.unique(period * (grid.rows * grid.columns) + cell, return_counts=True)
    dtype = "uint16" if each.max(initial=0) < _GAP else "uint32"
    size = max(_BYTES_AT_ONCE // (grid.rows * placed.width * np.dtype(dtype).itemsize), 1)
    raster = whole.enter_context(new_raster(job.output, placed, dtype, nodata=nodata, **known))
    raster.tag_bands(window_tags(grid))
    for first in range(0, grid.periods, size):
        progress(first / grid.periods, f"Window {first + 1:,} of {grid.periods:,}")
        count = min(size, grid.periods - first)
        here = (period >= first) & (period < first + count)
        counts = np.zeros((count, grid.rows * grid.columns), dtype)
        np.add.at(counts, (period[here] - first, cell[here]), 1)
        counts = counts.reshape(count, grid.rows, grid.columns)
        raster.write(_placed(counts, placed.width, parts, nodata), 0, band=first + 1)


def _placed(counts, width, parts, nodata):
    """The columns where they lie in the raster, nodata between."""
    if len(parts) == 1:
        return counts
    wide = np.full((*counts.shape[:2], width), nodata, counts.dtype)
    for columns, first in parts:
        part = counts[:, :, columns]
        wide[:, :, first : first + part.shape[2]] = part
    return wide


def _tags(job, grid):
    return {
        "CATALOG": os.path.basename(job.catalog),
        "START": window_tags(grid)[0]["START"],
        "END": window_tags(grid)[-1]["END"],
        "WINDOW_DAYS": f"{grid.window_days:g}",
        "CELL_DEGREES": f"{grid.cell_degrees:g}",
    }


def _write_netcdf(job, grid, catalog):
    attributes = {
        "long_name": "number of earthquakes",
        "units": "1",
        "cell_methods": "time: sum area: sum",
    }
    title = f"Earthquakes of {os.path.basename(job.catalog)}"
    counts = grid.count(catalog)
    if counts.max() < 2**15:
        counts = counts.astype(np.int16)
    write_netcdf(
        job.netcdf, counts, unwrapped_grid(grid), grid.edges, "events", attributes, title
    )  # fmt: skip
