"""The text of FDSN event services: https://www.fdsn.org/webservices/."""

from urllib.parse import urlencode

from ...jobs.errors import JobError
from .moments import to_days, to_iso

# What is kept of an event, and the names under which services write it.
COLUMNS = {
    "id": ("eventid", "id"),
    "time": ("time",),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
    "depth": ("depth/km", "depth"),
    "mag": ("magnitude", "mag"),
    "magType": ("magtype",),
    "place": ("eventlocationname", "place"),
    "type": ("eventtype", "type"),
}
_NEEDED = ("time", "latitude", "longitude")
_TOO_MANY = ("limit", "exceed", "too many", "too large", "maximum number")


class CutOffError(ValueError):
    """A page ends in the middle of an event."""


def page_address(service, box, start_days, end_days, minimum_magnitude, limit):
    """The address of a page of events, the earliest first.

    Parameters
    ----------
    service : str
        Such as ``https://earthquake.usgs.gov/fdsnws/event/1``.
    box : list of float
        West, east, south, north; longitudes between -180 and 180.
    start_days, end_days : float
        Days since 1970-01-01 UTC.
    minimum_magnitude : float
    limit : int
        Events at most.
    """
    west, east, south, north = box
    asked = {
        "format": "text",
        "starttime": to_iso(start_days),
        "endtime": to_iso(end_days),
        "minlatitude": f"{south:.10g}",
        "maxlatitude": f"{north:.10g}",
        "minlongitude": f"{west:.10g}",
        "maxlongitude": f"{east:.10g}",
        "minmagnitude": f"{minimum_magnitude:.10g}",
        "orderby": "time-asc",
        "limit": limit,
    }
    base = service.split("?")[0].rstrip("/").removesuffix("/query")
    return f"{base}/query?{urlencode(asked)}"


def is_too_many(status, said):
    """Whether a service refuses because there are more events than it gives at once."""
    return status == 413 or (status == 400 and any(word in said.lower() for word in _TOO_MANY))


def read_page(content, host):
    """Read a page of events.

    Parameters
    ----------
    content : bytes
    host : str
        For the error.

    Returns
    -------
    list of dict
        By the names of `COLUMNS`, as texts; with ``days``, the time as a number.

    Raises
    ------
    CutOffError
        If the last line is not whole.
    JobError
        If it is no list of events.
    """
    lines = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        return []
    places, width = _header(lines[0], host)
    events = []
    for number, line in enumerate(lines[1:], 1):
        cells = [cell.strip() for cell in line.split("|")]
        try:
            events.append(_event(cells, places, width))
        except ValueError as error:
            if number == len(lines) - 1:
                raise CutOffError(line) from error
            raise _no_list(host, line) from error
    return events


def _header(line, host):
    names = [name.strip().lower() for name in line.lstrip("#\ufeff ").split("|")]
    places = {
        column: names.index(word)
        for column, words in COLUMNS.items()
        for word in words[::-1]
        if word in names
    }
    if not all(column in places for column in _NEEDED):
        raise _no_list(host, line)
    return places, len(names)


def _event(cells, places, width):
    if len(cells) < width:
        raise ValueError("cells are missing")
    place, more = places.get("place", width - 1), len(cells) - width
    # Only a place is free text; one that holds the separator makes more cells.
    cells = [*cells[:place], "|".join(cells[place : place + more + 1]), *cells[place + more + 1 :]]
    event = {name: cells[places[name]] if name in places else "" for name in COLUMNS}
    event["days"] = to_days(event["time"])
    float(event["latitude"]), float(event["longitude"])
    return event


def _no_list(host, line):
    return JobError(
        f"{host} answered with something else than a list of events: “{line.strip()[:80]}”.",
        "Check SERVICE: it is the address of an FDSN event service, such as "
        "https://earthquake.usgs.gov/fdsnws/event/1. A network that asks for a login first "
        "answers like this, too.",
    )
