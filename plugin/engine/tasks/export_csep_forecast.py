"""Export a seismic forecast, and the events that came, for pyCSEP."""

import os

import numpy as np

from ...jobs.errors import JobError
from ...jobs.places import written_whole
from ..seismic.catalog import Catalog, read_catalog
from ..seismic.csep_files import (
    catalog_lines,
    forecast_lines,
    magnitude_edges,
    magnitude_shares,
    script,
)
from ..seismic.forecast_raster import read_rates
from ..seismic.moments import to_iso
from ..seismic.selection import at_depths


def run(job, progress):
    """Write forecast.dat, reference.dat, catalog.csv and evaluate.py.

    Returns
    -------
    dict
        OUTPUT, EVENTS, EXPECTED.

    Raises
    ------
    JobError
        If the raster is no forecast in longitude and latitude, or does not tell what is needed.
    """
    found = read_rates(job.forecast, job.model, job.start)
    grid, target = found.grid, found.target_magnitude
    if job.maximum_magnitude < target:
        raise JobError(
            f"MAXIMUM_MAGNITUDE is {job.maximum_magnitude:g}, under the target magnitude, "
            f"{target:g}.",
            f"Choose at least {target:g}.",
        )
    edges = magnitude_edges(target, job.maximum_magnitude)
    shares = magnitude_shares(found.b_value, len(edges))
    events = _events(job, found, progress.part(0.0, 0.4))
    title = os.path.splitext(os.path.basename(job.forecast))[0]
    span = to_iso(grid.start_days), to_iso(grid.end_days)
    files = {"catalog.csv": catalog_lines(events), "evaluate.py": [script(title, *span)]}
    depths = job.minimum_depth, job.maximum_depth
    for name, rates in (("forecast.dat", found.rates), ("reference.dat", found.reference)):
        if rates is not None:
            files[name] = forecast_lines(rates, grid, edges, shares, depths)
    _write(job.output, files, progress.part(0.4, 1.0))
    expected = float(np.nansum(found.rates))
    progress.note(
        f"{expected:.3f} events are expected from {span[0]} to {span[1]}; the catalog holds "
        f"{len(events)}."
    )
    return {"OUTPUT": job.output, "EVENTS": len(events), "EXPECTED": expected}


def _events(job, found, progress):
    """The target events in the window and the cells of the forecast."""
    if not job.catalog:
        return Catalog.of(*[[]] * 5, ids=[])
    catalog = read_catalog(job.catalog, job, progress)
    grid = found.grid
    if catalog.days[-1] < grid.start_days:
        progress.warning(
            f"The catalog ends on {to_iso(catalog.days[-1])[:10]}, before the forecast begins: no "
            "event is exported."
        )
        return catalog.where(np.zeros(len(catalog), bool))
    catalog = catalog.where(at_depths(catalog, job.minimum_depth, job.maximum_depth))
    catalog = catalog.above(found.target_magnitude)
    period, cell = grid.locate(catalog)
    known = np.isfinite(found.rates).ravel()[cell] & (cell >= 0)
    return catalog.where((period >= 0) & known)


def _write(folder, files, progress):
    for number, (name, lines) in enumerate(files.items()):
        path = os.path.join(folder, name)
        try:
            with written_whole(path, encoding="utf-8", newline="\n") as file:
                for count, line in enumerate(lines):
                    if count % 1000 == 0:
                        progress(number / len(files), f"{name}: line {count + 1:,}")
                    file.write(line)
        except OSError as error:
            raise JobError(
                f'"{path}" cannot be written: {error.strerror or error}.',
                "Choose a folder you may write to, on a disk with free space.",
            ) from error
