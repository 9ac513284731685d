"""Moments as days since 1970-01-01 UTC, from every way that catalogs write them.

>>> to_days("1970-01-02T12:00:00Z")
1.5
>>> to_iso(1.5)
'1970-01-02T12:00:00'
"""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATE = r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
_CLOCK = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:[.,]\d*)?))?"
_ZONE = r"(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
_ISO = re.compile(rf"\s*{_DATE}(?:[T ,]+{_CLOCK})?\s*{_ZONE}\s*", re.IGNORECASE)
_CLOCK_ONLY = re.compile(rf"\s*{_CLOCK}\s*{_ZONE}\s*", re.IGNORECASE)
_COMPACT = re.compile(r"((?:1[0-9]|20|21)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d(?:\.\d*)?))?(Z)?")
# Qt writes "Tue May 21 10:31:36 2024", and Python "PyQt5.QtCore.QDateTime(2024, 5, 21, ...)".
_QT_TEXT = re.compile(rf"\s*[A-Za-z]{{3}} ([A-Za-z]{{3}}) (\d{{1,2}}) {_CLOCK} (\d{{4}})(.*)")
_QT_REPR = re.compile(r"[\w.]*QDateTime\(([\d, ]+)\)")
# Milliseconds after 1973 have more digits than seconds before the year 5000.
_MILLISECONDS_FROM = 1e11
# Smaller are years, days since 1900 (spreadsheets), 4713 BC or year 0: not seconds since 1970.
_SECONDS_FROM = 1e7
_EARLIEST, _LATEST = -354_000, 85_000  # about the years 1000 and 2200
NONE = ("", "nan", "nat", "null", "none", "na", "n/a", "-", "--")


def to_days(iso_text):
    """Days since 1970-01-01 UTC of an ISO text; without a zone it is UTC.

    Raises
    ------
    ValueError
        If it is no moment.
    """
    return parse_moment(str(iso_text))[0]


def to_iso(days):
    """ISO text of days since 1970-01-01 UTC, to the microsecond and without ``Z``."""
    moment = _EPOCH + timedelta(microseconds=round(float(days) * DAY_US))
    text = moment.isoformat()
    return text.rstrip("0") if "." in text else text


def in_reach(days):
    """Whether a moment is of the years for which there are catalogs and forecasts, 1000 to 2200."""
    return _EARLIEST < days < _LATEST


def parse_moment(text):
    """Read one moment.

    Parameters
    ----------
    text : str
        ISO with ``-`` or ``/``, with or without a clock, seconds (60.xx too), ``Z`` or an offset;
        or a text of Qt's. Day first or month first is not guessed.

    Returns
    -------
    days : float
        Days since 1970-01-01 UTC.
    zoned : bool
        Whether it tells its zone.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    found = _ISO.fullmatch(text) or _COMPACT.fullmatch(text.strip())
    if found:
        year, month, day, hour, minute, second, zone = found.groups()
        return _moment(int(year), int(month), int(day), (hour, minute, second), zone)
    found = _QT_TEXT.fullmatch(text)
    if found:
        name, day, hour, minute, second, year, zone = found.groups()
        month = _MONTHS.index(name.lower()) + 1  # ValueError if it is none
        zone = zone.strip().upper().replace("GMT", "") or ("Z" if "GMT" in zone.upper() else None)
        if zone and not re.fullmatch(_ZONE, zone):
            raise ValueError(text)
        return _moment(int(year), month, int(day), (hour, minute, second), zone)
    found = _QT_REPR.match(text.strip())
    if found:
        return _of_numbers([int(number) for number in found.group(1).split(",")])
    raise ValueError(f"{text!r} is not a date and time")


def _of_numbers(numbers):
    year, month, day, hour, minute, second, thousandth = (numbers + [0] * 7)[:7]
    return _moment(year, month, day, (hour, minute, second + thousandth / 1000), None)


def _moment(year, month, day, clock, zone):
    microseconds = _clock_us(*clock) - _zone_us(zone)
    return _day(year, month, day) + microseconds / DAY_US, bool(zone)


@lru_cache(maxsize=4096)
def _day(year, month, day):
    return date(year, month, day).toordinal() - EPOCH_ORDINAL


def _clock_us(hour, minute, second):
    """Microseconds of a clock; rounded seconds and minutes of 60 run over into the next."""
    hour, minute = int(hour or 0), int(minute or 0)
    second = float(str(second or 0).replace(",", "."))
    if hour > 24 or minute > 60 or second >= 61:
        raise ValueError("no clock shows this time")
    return hour * 3_600_000_000 + minute * 60_000_000 + round(second * 1e6)


def _zone_us(zone):
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return (1 if zone[0] == "+" else -1) * minutes * 60_000_000


def is_clock(text):
    """Whether a text is a time of day without a date."""
    return bool(_CLOCK_ONLY.fullmatch(text))


def is_date(text):
    """Whether a text is a date without a time of day."""
    found = _ISO.fullmatch(text) or _COMPACT.fullmatch(text.strip())
    return bool(found) and found.group(4) is None


def parse_moments(texts):
    """Read a column of moments, of which all are texts or all are numbers since 1970.

    Numbers are milliseconds or seconds since 1970-01-01 UTC, told apart by the largest.

    Parameters
    ----------
    texts : list of str

    Returns
    -------
    days : float64 array
        NaN where there is none.
    zoned : bool array
        Whether the moment tells its zone.

    Raises
    ------
    MomentError
        Naming the first that cannot be read.
    """
    numbers = _as_numbers(texts)
    if numbers is not None:
        return numbers, ~np.isnan(numbers)
    days, zoned = np.full(len(texts), np.nan), np.zeros(len(texts), bool)
    for place, text in enumerate(texts):
        if text.strip().lower() in NONE:
            continue
        try:
            days[place], zoned[place] = parse_moment(text)
        except (ValueError, OverflowError) as error:
            raise MomentError(place) from error
        if not in_reach(days[place]):
            raise MomentError(place)
    return days, zoned


class MomentError(ValueError):
    """The moment at `place` in a column cannot be read."""

    def __init__(self, place):
        super().__init__(place)
        self.place = place


def _as_numbers(texts):
    """Days of a column of numbers since 1970; None if it is no such column."""
    known = [text for text in texts if text.strip().lower() not in NONE]
    if not known or _COMPACT.fullmatch(known[0].strip()):
        return None
    try:
        largest = max(abs(float(text)) for text in known)
        values = [float(text) if text.strip().lower() not in NONE else np.nan for text in texts]
    except ValueError:
        return None
    if largest < _SECONDS_FROM:
        return None
    a_day = 86_400_000 if largest >= _MILLISECONDS_FROM else 86_400
    days = np.array(values) / a_day
    wrong = np.flatnonzero(~np.isnan(days) & ~((days > _EARLIEST) & (days < _LATEST)))
    if len(wrong):
        raise MomentError(int(wrong[0]))
    return days
