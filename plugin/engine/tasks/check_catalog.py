"""Tell what an earthquake catalog is good for."""

from ...jobs.errors import JobError
from ..seismic.catalog import read_events
from ..seismic.catalog_layer import write_events
from ..seismic.catalog_report import write_catalog_report
from ..seismic.check import cautions, check_catalog
from ..seismic.selection import select

_LEAST = 50


def run(job, progress):
    """Check a catalog: completeness, b, duplicates; write its events and a report.

    Returns
    -------
    dict
        MC, B_VALUE (None if it cannot be told), EVENTS, and OUTPUT and REPORT if asked for.

    Raises
    ------
    JobError
        If the catalog cannot be read, or has too few events.
    """
    catalog, reading = read_events(job.catalog, job, progress.part(0.0, 0.5))
    reading.tell(progress)
    catalog = select(catalog, job, progress)
    if len(catalog) < _LEAST:
        raise JobError(
            f"{len(catalog):,} events are too few to tell a completeness; {_LEAST} are needed.",
            "Choose a larger extent, a longer time, or another catalog.",
        )
    check = check_catalog(catalog, job.magnitude_step, job.completeness, progress.part(0.5, 0.8))
    _tell(check, progress)
    outputs = {
        "MC": check.completeness,
        "B_VALUE": check.b.value if check.b.is_known else None,
        "EVENTS": len(catalog),
    }
    progress(0.8, "Writing")
    if job.output:
        write_events(job.output, catalog, progress.part(0.8, 0.95), _marks(check))
        outputs["OUTPUT"] = job.output
    if job.report:
        write_catalog_report(job.report, check, reading, _facts(job))
        outputs["REPORT"] = job.report
    progress(1.0)
    return outputs


def _tell(check, progress):
    whose = "by maximum curvature + 0.2" if check.given is None else "as given"
    b = f", b = {check.b.value:.2f} ± {check.b.error:.2f}" if check.b.is_known else ""
    progress.note(f"Complete from magnitude {check.completeness:g} on ({whose}){b}.")
    for text in cautions(check):
        progress.warning(text)


def _marks(check):
    """What the events' layer tells beside the catalog."""
    ids = check.catalog.ids
    return {
        "complete": ("integer", [int(value) for value in check.complete]),
        "hidden": ("integer", [int(value) for value in check.hidden]),
        "twin": ("text", [str(ids[place]) if place >= 0 else None for place in check.twins]),
    }


def _facts(job):
    extent = ", ".join(f"{value:g}" for value in job.extent) if job.extent else "all events"
    return [
        ("Extent (west, east, south, north)", extent),
        ("Start", job.start or "first event"),
        ("End", job.end or "last event"),
        ("Depth", f"{job.minimum_depth:g} to {job.maximum_depth:g} km"),
        ("Magnitude step", f"{job.magnitude_step:g}"),
    ]
