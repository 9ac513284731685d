"""Download a catalog from an FDSN event service, page by page, dropping and doubling nothing.

A page begins with the time of the last event of the page before, that event included: what a
service cuts off silently, or two events of the same time, cannot be lost between two pages. A
part is done when a page brings nothing new.
"""

from urllib.parse import urlsplit

from ...jobs.errors import JobError
from .fdsn import CutOffError, is_too_many, page_address, read_page
from .moments import to_iso
from .partial_file import PartialFile
from .web import RefusalError, fetch, make_opener

PAGE_EVENTS = 5000
_SHORTEST_DAYS, _NARROWEST_DEGREES = 1e-4, 1e-3
# Services tell times in thousandths of a second, cut or rounded, and may know more digits.
_OVERLAP_DAYS = 0.002 / 86_400
_CUT_OFF_TRIES = 4


def download(query, service, proxy, folder, progress):
    """Download all events that a query asks for.

    Parameters
    ----------
    query : dict
        ``extent`` (west, east, south, north, or None), ``start_days``, ``end_days`` and
        ``minimum_magnitude``.
    service, proxy : str
    folder : str
        Where an interrupted download is kept; empty for nowhere.
    progress : Progress

    Returns
    -------
    list of dict
        Events as `fdsn.read_page` gives them, sorted by time; each id once, as it was told last.

    Raises
    ------
    JobError
        If the service cannot be reached or refuses; what was downloaded is kept.
    Stopped
        Within a moment of a cancel; what was downloaded is kept.
    """
    partial = PartialFile(folder, {"service": service, **query})
    before, todo = partial.load()
    events = {_key(event): event for event in before}
    if events:
        progress.note(f"Going on from {len(events):,} events of an interrupted download.")
    whole = [[box, query["start_days"], query["end_days"]] for box in _boxes(query["extent"])]
    todo = whole if todo is None else todo
    source = _Source(service, proxy, query["minimum_magnitude"])
    try:
        while todo:
            _tell(progress, events, todo, _length(whole))
            page, todo = _next_page(source, todo, events, progress)
            partial.add(page, todo)
            events.update((_key(event), event) for event in page)
    except JobError as error:
        kept = f" {len(events):,} events are kept, and it will go on from there." if folder else ""
        raise JobError(error.found, error.remedy + kept * bool(events), error.trace) from error
    partial.remove()
    return sorted(events.values(), key=lambda event: event["days"])


class _Source:
    """An event service and what is asked of it."""

    def __init__(self, service, proxy, minimum_magnitude):
        self._service, self._minimum = service, minimum_magnitude
        self._opener = make_opener(proxy)
        self.host = urlsplit(service).hostname or service

    def page(self, box, start, end, progress):
        """A page of events; a page that was cut off is asked for again."""
        address = page_address(self._service, box, start, end, self._minimum, PAGE_EVENTS)
        for _ in range(_CUT_OFF_TRIES):
            status, content = fetch(self._opener, address, progress)
            try:
                return [] if status == 204 else read_page(content, self.host)
            except CutOffError:
                progress.check()
        raise JobError(
            f"{self.host} broke off in the middle of an event {_CUT_OFF_TRIES} times.",
            "Run it again later.",
        )


def _next_page(source, todo, events, progress):
    """Fetch the first part that is left; gives its events and what is left after it."""
    part, others = todo[0], todo[1:]
    try:
        page = source.page(*part, progress)
    except RefusalError as refusal:
        if is_too_many(refusal.status, refusal.said):
            return [], [*_halves(part, source.host), *others]
        raise _refused(source.host, refusal) from refusal
    has_new = any(_key(event) not in events for event in page)
    if not has_new and len(page) < PAGE_EVENTS:
        return page, others
    rest = _rest(page, part, source.host)
    if not has_new and rest == [part]:  # a full page of one moment: there may be more of them
        rest = _halves(part, source.host, by="longitude")
    return page, [*rest, *others]


def _rest(page, part, host):
    """What a page may have left out: what lies behind it, if it is sorted as asked."""
    box, start, end = part
    days = [event["days"] for event in page]
    if days == sorted(days):
        return [[box, max(days[-1] - _OVERLAP_DAYS, start), end]]
    if days == sorted(days, reverse=True):
        return [[box, start, min(days[-1] + _OVERLAP_DAYS, end)]]
    return _halves(part, host)


def _halves(part, host, by="time"):
    """A part with more events than the service gives at once, in two."""
    box, start, end = part
    if by == "time" and end - start > _SHORTEST_DAYS:
        middle = (start + end) / 2
        return [[box, start, middle], [box, middle, end]]
    west, east, *latitudes = box
    if east - west < _NARROWEST_DEGREES:
        raise JobError(
            f"{host} does not give all events of {to_iso(start)}: there are too many in one place.",
            "Choose a larger minimum magnitude.",
        )
    middle = (west + east) / 2
    return [[[west, middle, *latitudes], start, end], [[middle, east, *latitudes], start, end]]


def _boxes(extent):
    """An extent of any turn as boxes between -180 and 180 degrees."""
    if not extent:
        return [[-180.0, 180.0, -90.0, 90.0]]
    west, east, south, north = (float(value) for value in extent)
    south, north = max(south, -90.0), min(north, 90.0)
    if east - west >= 360:
        return [[-180.0, 180.0, south, north]]
    turn = 360.0 * ((west + 180.0) // 360.0)
    west, east = west - turn, east - turn
    if east <= 180:
        return [[west, east, south, north]]
    return [[west, 180.0, south, north], [-180.0, east - 360.0, south, north]]


def _key(event):
    """What tells events apart: the id, or else time, place and magnitude."""
    return event["id"] or "|".join(event[name] for name in ("time", "latitude", "longitude", "mag"))


def _length(todo):
    return sum(end - start for _, start, end in todo)


def _tell(progress, events, todo, whole):
    until = to_iso(todo[0][1])[:10]
    progress(1 - _length(todo) / max(whole, 1e-9), f"{len(events):,} events, now from {until} on")


def _refused(host, refusal):
    lines = [line.strip() for line in refusal.said.splitlines() if line.strip()]
    plain = [line for line in lines if not line.startswith("<")] or [f"status {refusal.status}"]
    said = " ".join(plain)[:200]
    if refusal.status in (401, 403, 407):
        remedy = "Check the proxy and its password, or choose another event service."
    elif refusal.status == 404:
        remedy = (
            "Check SERVICE: it ends in /fdsnws/event/1, as "
            "https://earthquake.usgs.gov/fdsnws/event/1 does."
        )
    else:
        remedy = "Choose another extent, time or magnitude, or another event service."
    return JobError(f"{host} refused the request (status {refusal.status}): {said}", remedy)
