"""The dates that part a catalog into training, validation and test, on whole windows."""

from math import ceil, floor

import numpy as np

from ...jobs.errors import JobError
from .moments import to_days, to_iso

ORDER = ("start", "train_end", "validation_end", "test_end")
_SHARES = {"train_end": 0.6, "validation_end": 0.8}
_PARTS = {"train_end": "training", "validation_end": "validation", "test_end": "test"}
_SLIVER = 1e-6


def split_dates(job, catalog):
    """Days of the splits, each but the first at the end of a window counted from the start.

    A window belongs as a whole to the part in which it begins, as a forecast belongs to the day on
    which it is made; no window is in two parts. The test ends with the last whole window.

    Parameters
    ----------
    job : TrainSeismicForecast
        Its empty dates are shares of the span.
    catalog : Catalog

    Returns
    -------
    dates : dict of str to float
        By the names of `ORDER`, in days.
    moves : tuple of str
        A sentence for every date of the user's that was moved, and by how much.

    Raises
    ------
    JobError
        If there is not a window from each date to the next.
    """
    wished = _wished(job, catalog)
    for early, late in zip(ORDER, ORDER[1:], strict=False):
        if wished[late] - wished[early] < job.window_days:
            raise _too_close(job, catalog, wished, early, late)
    start, dates, moves = wished["start"], {"start": wished["start"]}, []
    for name, part in _PARTS.items():
        whole = last_whole if name == "test_end" else next_whole
        dates[name] = whole(start, wished[name], job.window_days)
        if getattr(job, name):
            moves += moved(name.upper(), part, wished[name], dates[name], start, job.window_days)
    return dates, tuple(moves)


def last_whole(start, end, length):
    """Where the last whole window ends that is not after `end`, all in days."""
    return start + length * floor((end - start) / length + _SLIVER)


def next_whole(start, end, length):
    """Where the first whole window ends that is not before `end`, all in days."""
    return start + length * ceil((end - start) / length - _SLIVER)


def moved(name, part, wished, found, start, length):
    """A sentence in a list if a part of the time ends elsewhere than wished; else an empty list."""
    days = abs(wished - found)
    if days < _SLIVER:
        return []
    way, which = ("earlier", "last whole") if found < wished else ("later", "last begun")
    return [
        f"{name} {_short(wished)} lies inside a window of {length:g} days, counted from "
        f"{_short(start)}: the {part} ends {days:.3g} day{'s' * (days != 1)} {way}, on "
        f"{_short(found)}, with the {which} window."
    ]


def _wished(job, catalog):
    """Days of the splits; those left empty are shares of the span, on whole days."""
    first = to_days(job.start) if job.start else float(np.floor(catalog.days[0]))
    last = to_days(job.test_end) if job.test_end else float(np.floor(catalog.days[-1]) + 1)
    dates = {"start": first, "test_end": last}
    for name, share in _SHARES.items():
        given = getattr(job, name)
        dates[name] = to_days(given) if given else float(np.floor(first + share * (last - first)))
    return dates


def _too_close(job, catalog, dates, early, late):
    return JobError(
        f"{late.upper()} is {to_iso(dates[late])[:10]}, less than one window of "
        f"{job.window_days} days after {early.upper()}, {to_iso(dates[early])[:10]}.",
        f"Choose {' < '.join(name.upper() for name in ORDER)}; the catalog reaches from "
        f"{to_iso(catalog.days[0])[:10]} to {to_iso(catalog.days[-1])[:10]}.",
    )


def _short(days):
    return to_iso(days).removesuffix("T00:00:00")
