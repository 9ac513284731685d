"""Which events count: where, how deep and when."""

import numpy as np

from ...jobs.errors import JobError
from .moments import to_days, to_iso

# Of what an event lies outside.
_NAMES = (("depth range",), ("extent",), ("time span",))


def select(catalog, job, progress):
    """Take the events that a job asks for.

    Parameters
    ----------
    catalog : Catalog
    job : object
        With `extent` (west, east, south, north, or None), `minimum_depth`, `maximum_depth` in km,
        `start` and `end` (ISO texts or empty); what it lacks does not limit.
    progress : Progress
        Is told how many events each limit left out.

    Returns
    -------
    Catalog

    Raises
    ------
    JobError
        If no event is left: with the limit and what the catalog holds.
    """
    for (name,), limit in zip(_NAMES, _LIMITS, strict=True):
        mask = limit(catalog, job)
        if mask is None:
            continue
        if not mask.any():
            raise _nothing_left(catalog, name)
        left_out = len(mask) - int(mask.sum())
        if left_out:
            progress.note(f"{left_out:,} of {len(mask):,} events are outside the {name}.")
            catalog = catalog.where(mask)
    return catalog


def within(catalog, extent):
    """Which events lie in an extent (west, east, south, north), whatever turn it is written in."""
    west, east, south, north = extent
    eastward = np.mod(catalog.longitude - west, 360.0)
    # A position on the western edge must not become the end of the turn by rounding.
    eastward = np.where(eastward > 360 - 1e-9, 0.0, eastward)
    in_latitude = (catalog.latitude >= south) & (catalog.latitude <= north)
    return in_latitude & (eastward <= east - west + 1e-9)


def at_depths(catalog, minimum_km, maximum_km):
    """Which events lie in a range of depths; those of unknown depth do, too.

    A depth above sea level counts as 0.
    """
    depth = np.maximum(catalog.depth_km, 0.0) if minimum_km >= 0 else catalog.depth_km
    return np.isnan(depth) | ((depth >= minimum_km) & (depth <= maximum_km))


def _depths(catalog, job):
    if not hasattr(job, "minimum_depth"):
        return None
    return at_depths(catalog, job.minimum_depth, job.maximum_depth)


def _places(catalog, job):
    return within(catalog, job.extent) if getattr(job, "extent", None) else None


def _times(catalog, job):
    start, end = getattr(job, "start", ""), getattr(job, "end", "")
    first = to_days(start) if start else -np.inf
    last = to_days(end) if end else np.inf
    return (catalog.days >= first) & (catalog.days < last)


def _nothing_left(catalog, limit):
    depth = catalog.depth_km[~np.isnan(catalog.depth_km)]
    depths = f", {depth.min():g} to {depth.max():g} km deep" if len(depth) else ""
    return JobError(
        f"No event lies in the {limit}. The catalog's {len(catalog):,} events are from "
        f"{to_iso(catalog.days[0])[:10]} to {to_iso(catalog.days[-1])[:10]}, longitude "
        f"{catalog.longitude.min():g} to {catalog.longitude.max():g}, latitude "
        f"{catalog.latitude.min():g} to {catalog.latitude.max():g}{depths}.",
        f"Choose a wider {limit}.",
    )


_LIMITS = _depths, _places, _times
