"""Which field of a table is the time, the magnitude, ...: by its name and by what it holds."""

import re
from dataclasses import dataclass
from itertools import takewhile

from ...jobs.errors import JobError
from .moments import NONE, MomentError, is_clock, is_date, parse_moments

# In the order in which they are taken; compared in lower case, letters and digits only.
_TIME = (
    "time", "datetime", "origintime", "eventtime", "timeutc", "utctime", "datetimeutc", "utc",
    "timestamp", "origin", "ot", "date", "origindate", "eventdate", "day", "yyymmdd", "yyyymmdd",
)  # fmt: skip
_DATE = ("date", "origindate", "eventdate", "dateutc", "ymd", "yyymmdd", "yyyymmdd", "day")
_CLOCK = ("time", "timeofday", "origintime", "clock", "hms", "timeutc", "hhmmssss", "hhmmss", "ot")
_PARTS = (
    ("year", "yr", "yyyy"), ("month", "mo", "mon"), ("day", "dy", "dd"),
    ("hour", "hr", "hh", "h"), ("minute", "min", "mi", "mn"), ("second", "seconds", "sec", "ss"),
)  # fmt: skip
_MAGNITUDE = (
    "mag", "magnitude", "prefmag", "preferredmagnitude", "magvalue", "magnitudevalue", "mw", "mww",
    "mwc", "ml", "mlv", "mb", "ms", "md", "mh", "mjma", "m", "mag1", "magnitude1",
)  # fmt: skip
_DEPTH = ("depth", "depthkm", "origindepth", "dep", "depthinkm", "z", "prof", "profundidad")
_LONGITUDE = ("longitude", "lon", "long", "lng", "epilon", "evlo", "longitud", "x")
_LATITUDE = ("latitude", "lat", "epilat", "evla", "latitud", "y")
_ID = ("eventid", "publicid", "evid", "id", "evtid", "code", "fid")
_TYPE = ("type", "eventtype", "evtype", "et", "evttype")
POSITION = ("_longitude", "_latitude")
# What ComCat, SCEDC, ISC and QuakeML call events that no fault made.
_OTHER_TYPES = re.compile(
    r"blast|explos|quarry|\bmin(e|ing)\b|nuclear|eruption|landslide|slide|boom|\bice\b|icequake|"
    r"acoustic|meteor|collapse|cavity|avalanche|crash|other event|not existing|debris|thunder|"
    r"^(qb|ex|sh|sn|nt|st|th|px|km|kh|kn|kx|sm|sx|se?x)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class CatalogFields:
    """Names of a catalog's fields as the user gives them; an empty one is guessed."""

    time: str = ""
    magnitude: str = ""
    depth: str = ""
    longitude: str = ""
    latitude: str = ""


@dataclass(frozen=True)
class FoundFields:
    """The fields of a table that are read.

    Attributes
    ----------
    time : tuple of str
        One field; a date and a clock; or year, month, day and as much of the clock as there is.
    longitude, latitude, magnitude : str
    depth, id, type : str
        Empty if there is none.
    """

    time: tuple
    longitude: str
    latitude: str
    magnitude: str
    depth: str = ""
    id: str = ""
    type: str = ""

    def names(self):
        """All of them, each once."""
        others = (self.longitude, self.latitude, self.magnitude, self.depth, self.id, self.type)
        return list(dict.fromkeys([*self.time, *(name for name in others if name)]))

    def sentence(self):
        """What is read from where, for the log."""
        depth = f'depth "{self.depth}"' if self.depth else "no depth"
        time = " and ".join(f'"{name}"' for name in self.time)
        return f'Fields: time {time}, magnitude "{self.magnitude}", {depth}.'


def find_fields(table, asked):
    """Find the fields of a table.

    Parameters
    ----------
    table : Table
    asked : CatalogFields

    Returns
    -------
    FoundFields

    Raises
    ------
    JobError
        If a field is missing: with what was looked for, and which fields there are.
    """
    longitude, latitude = _position(table, asked)
    return FoundFields(
        time=_time(table, asked.time),
        longitude=longitude,
        latitude=latitude,
        magnitude=_chosen(table, asked.magnitude, "magnitude", _MAGNITUDE, is_numeric),
        depth=_chosen(table, asked.depth, "depth", _DEPTH, is_numeric, needed=False),
        id=_guess(table, _ID, lambda values: True),
        type=_guess(table, _TYPE, lambda values: not is_numeric(values)),
    )


def is_other_type(text):
    """Whether an event type is a blast, an eruption, ...: not an earthquake."""
    return bool(_OTHER_TYPES.search(text.strip()))


def _plain(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_numeric(values):
    """Whether all values of a sample are numbers, with point or comma; none is, too."""
    try:
        [float(value.replace(",", ".")) for value in values if value.strip().lower() not in NONE]
    except ValueError:
        return False
    return True


def _position(table, asked):
    """The geometry's position if there is one, or else fields of longitude and latitude."""
    if not asked.longitude and not asked.latitude and set(POSITION) <= set(table.names):
        return POSITION
    return (
        _chosen(table, asked.longitude, "longitude", _LONGITUDE, is_numeric),
        _chosen(table, asked.latitude, "latitude", _LATITUDE, is_numeric),
    )


def _chosen(table, asked, what, words, suits, needed=True):
    """The asked field if it exists; or else a guess."""
    if asked:
        return _existing(table, asked, what)
    found = _guess(table, words, suits)
    if not found and needed:
        raise _missing(table, what, words)
    return found


def _existing(table, name, what):
    if name in table.names:
        return name
    raise JobError(
        f'"{table.name}" has no field "{name}" for the {what}.', f"Choose one of: {_listed(table)}."
    )


def _missing(table, what, words):
    return JobError(
        f'"{table.name}" has no field for the {what}. Looked for: {", ".join(words[:8])}, ...; '
        f"found: {_listed(table)}.",
        f"Choose the field of the {what}, or rename it.",
    )


def _listed(table):
    names = [name for name in table.names if name not in POSITION]  # which the user has never seen
    return ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")


def _guess(table, words, suits):
    """The field with the first of `words` for a name whose first values suit; or empty."""
    by_name = {}
    for name in table.names:
        by_name.setdefault(_plain(name), name)
    for word in words:
        name = by_name.get(word)
        if name and suits(table.sampled(name)):
            return name
    return ""


def _time(table, asked):
    if asked:
        return _completed(table, _existing(table, asked, "time"))
    for suits in (_are_moments, _are_dates, _are_clocks):
        found = _guess(table, _TIME, suits)
        if found:
            return _completed(table, found)
    parts = _parts(table)
    if parts:
        return parts
    by_content = [name for name in table.names if _are_written_moments(table.sampled(name))]
    if len(by_content) == 1:
        return (by_content[0],)
    named = [name for name in table.names if _plain(name) in _TIME[:3]]
    if named:  # so that the refusal names its field, row and value
        return (named[0],)
    raise _missing(table, "time", _TIME)


def _completed(table, name):
    """A date with its clock, a clock with its date, or a whole moment alone."""
    values = table.sampled(name)
    if _are_dates(values):
        clock = _guess(table, [word for word in _CLOCK if word != _plain(name)], _are_clocks)
        return (name, clock) if clock else _parts(table) or (name,)
    if _are_clocks(values):
        day = _guess(table, [word for word in _DATE if word != _plain(name)], _are_dates)
        if not day:
            raise JobError(
                f'Field "{name}" of "{table.name}" holds times of day without dates, such as '
                f'"{values[0]}", and there is no field of dates.',
                "Choose the field with date and time, or name the field of dates “date”.",
            )
        return (day, name)
    return (name,)


def _parts(table):
    """Fields of year, month, day, ...; empty if one of these three is missing."""
    found = [_guess(table, words, is_numeric) for words in _PARTS]
    known = tuple(takewhile(bool, found))
    return known if len(known) >= 3 else ()


def _are_dates(values):
    return bool(values) and all(is_date(value) for value in values)


def _are_clocks(values):
    return bool(values) and all(is_clock(value) for value in values)


def _are_moments(values):
    try:
        days, _ = parse_moments(values)
    except MomentError:
        return False
    return len(days) > 0 and not _are_dates(values)


def _are_written_moments(values):
    """Moments in letters: any large number could be one in milliseconds."""
    return _are_moments(values) and not is_numeric(values)
