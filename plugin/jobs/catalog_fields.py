"""The parameters that the jobs on earthquake catalogs share."""

from datetime import datetime

from .declare import attribute, catalog, extent, integer, moment, number
from .errors import JobError


def catalog_layer():
    """Where the events are."""
    return catalog(
        "Catalog",
        help="A layer of points, or a table with fields of longitude and latitude in degrees: a "
        "CSV file as downloaded will do. Times without a zone are taken as UTC.",
    )


def time_field():
    """The field of the time."""
    return attribute(
        "Time field",
        "catalog",
        optional=True,
        help="Date and time, or the date if the time of day has its own field. Empty: guessed "
        "from the names and values.",
    )


def magnitude_field():
    """The field of the magnitude."""
    return attribute(
        "Magnitude field",
        "catalog",
        optional=True,
        help="Empty: guessed from the names and values.",
    )


def depth_field():
    """The field of the depth."""
    return attribute(
        "Depth field",
        "catalog",
        optional=True,
        advanced=True,
        help="Kilometers, positive down. Empty: guessed; a catalog without depth is taken whole.",
    )


def region():
    """Where events count."""
    return extent("Extent", help="Where events count. Empty: around all events of the catalog.")


def cell_size(default=0.1):
    """Side of a cell."""
    return number(
        "Cell size",
        default,
        unit="degrees",
        minimum=0.01,
        maximum=10.0,
        help="Side of a cell of the grid; edges lie on multiples of it.",
    )


def window_days(default=1):
    """Length of a window in time."""
    return integer(
        "Window",
        default,
        unit="days",
        minimum=1,
        maximum=3660,
        help="Length of a window in time: 1 day, 7 days or 30 days are usual.",
    )


def completeness():
    """The magnitude from which the catalog is complete."""
    return number(
        "Magnitude of completeness",
        None,
        optional=True,
        minimum=-4.0,
        maximum=10.0,
        help="Events below it are left out. Empty: estimated by maximum curvature + 0.2. Check "
        "catalog shows what to choose.",
    )


def target_magnitude():
    """The magnitude from which events are forecast."""
    return number(
        "Target magnitude",
        None,
        optional=True,
        minimum=-4.0,
        maximum=10.0,
        help="Events of at least this magnitude are counted. Empty: the magnitude of completeness.",
    )


def start():
    """Where the time begins."""
    return moment("Start", optional=True, help="In UTC. Empty: the first day of the catalog.")


def end():
    """Where the time ends."""
    return moment("End", optional=True, help="In UTC. Empty: just after the last event.")


def minimum_depth():
    """The shallowest depth."""
    return number(
        "Minimum depth",
        0.0,
        unit="km",
        minimum=-10.0,
        maximum=800.0,
        advanced=True,
        help="Events above it are left out. At 0 those above sea level are kept.",
    )


def maximum_depth():
    """The greatest depth."""
    return number(
        "Maximum depth",
        70.0,
        unit="km",
        minimum=0.0,
        maximum=800.0,
        advanced=True,
        help="Events below it are left out. Events without a depth are kept.",
    )


def check_order(job, names):
    """Refuse moments that are not in the order of time; empty ones do not count.

    Parameters
    ----------
    job : object
        With ISO texts.
    names : sequence of str
        Names of its fields, earliest first.

    Raises
    ------
    JobError
        Naming the first two that are in the wrong order.
    """
    given = [(name, getattr(job, name)) for name in names if getattr(job, name)]
    for (first, early), (second, late) in zip(given, given[1:]):
        if datetime.fromisoformat(early) >= datetime.fromisoformat(late):
            raise JobError(
                f"{second.upper()} is {late}, which is not after {first.upper()}, {early}.",
                f"Choose {' < '.join(name.upper() for name in names)}.",
            )


def check_magnitudes(job):
    """Refuse a target magnitude under the magnitude of completeness, if both are given.

    Raises
    ------
    JobError
    """
    complete, target = job.completeness, job.target_magnitude
    if complete is not None and target is not None and target < complete - 1e-9:
        raise JobError(
            f"TARGET_MAGNITUDE is {target:g}, under COMPLETENESS, {complete:g}.",
            f"Choose at least {complete:g}.",
        )


def check_depths(job):
    """Refuse a range of depths that holds nothing.

    Raises
    ------
    JobError
    """
    if job.minimum_depth >= job.maximum_depth:
        raise JobError(
            f"MINIMUM_DEPTH is {job.minimum_depth:g} km, MAXIMUM_DEPTH {job.maximum_depth:g} km.",
            "Choose a minimum under the maximum.",
        )
