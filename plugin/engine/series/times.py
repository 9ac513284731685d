"""When the steps of a series are, as far as their names tell, and when the next ones will be.

>>> axis = TimeAxis.of(["2000-01-01", "2000-02-01", "2000-03-01"])
>>> axis.labels(2, 3), axis.cycle
(['2000-03-01', '2000-04-01', '2000-05-01'], 12)
"""

import re
from dataclasses import dataclass
from datetime import date

_UNITS = {"day": 1.0, "d": 1.0, "hour": 1 / 24, "h": 1 / 24, "hr": 1 / 24, "minute": 1 / 1440,
          "min": 1 / 1440, "second": 1 / 86400, "sec": 1 / 86400, "s": 1 / 86400}  # fmt: skip
_MONTHS_IN = {"month": 1, "year": 12}
_SINCE = re.compile(r"(\w+?)s? since (-?\d{1,4})-(\d{1,2})-(\d{1,2})[T ]?(\d{1,2})?")
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?")
_IN_NAME = re.compile(
    r"(?<!\d)((?:1[5-9]|2[01])\d\d)(?:[-_.]?(0[1-9]|1[0-2])(?:[-_.]?([0-3]\d))?)?(?!\d)"
)
_MONTHS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_YEAR_DAYS = 365.2425
_LITTLE, _TURN_DAYS = 0.02, 146_097


@dataclass(frozen=True)
class TimeAxis:
    """Evenly spaced moments, or none if they are not known.

    Attributes
    ----------
    start : tuple or None
        (year, month, day as a real number from 1) of step 0.
    step_months : int
        Months from step to step; 0 if the steps are counted in days.
    step_days : float
        Days from step to step; 0 if they are counted in months, or not known.
    calendar : str
        As in the CF conventions.
    """

    start: tuple = None
    step_months: int = 0
    step_days: float = 0.0
    calendar: str = "standard"

    @classmethod
    def of(cls, dates, calendar="standard"):
        """The axis of steps with ISO dates; unknown if one has none or they are uneven."""
        moments = [_parsed(text) for text in dates]
        if not moments or None in moments:
            return cls()
        if len(moments) == 1:
            return cls(moments[0], calendar=calendar)
        months = {12 * (b[0] - a[0]) + b[1] - a[1] for a, b in zip(moments, moments[1:])}
        if len({round(moment[2], 3) for moment in moments}) == 1 and len(months) == 1:
            step = months.pop()
            return cls(moments[0], step, calendar=calendar) if step > 0 else cls()
        days = [_number(moment, calendar) for moment in moments]
        steps = [b - a for a, b in zip(days, days[1:])]
        mean = (days[-1] - days[0]) / (len(days) - 1)
        if mean <= 0 or max(abs(step - mean) for step in steps) > _LITTLE * mean:
            return cls()
        return cls(moments[0], 0, mean, calendar)

    @property
    def is_known(self):
        return self.start is not None and bool(self.step_months or self.step_days)

    @property
    def cycle(self):
        """Steps in a year if they are months, weeks or days; 1 if a year is no cycle."""
        if self.step_months:
            return 12 // self.step_months if 12 % self.step_months == 0 else 1
        return round(_YEAR_DAYS / self.step_days) if 0 < self.step_days <= 32 else 1

    def label(self, place):
        """The date of a step, ``step 7`` if it is not known; steps count from 0."""
        if not self.is_known:
            return f"step {place + 1}"
        year, month, day = self.start
        if self.step_months:
            months = 12 * year + month - 1 + place * self.step_months
            return _written(months // 12, months % 12 + 1, day)
        return _written(*_from_number(_number(self.start, self.calendar) + place * self.step_days,
                                      self.calendar))  # fmt: skip

    def labels(self, first, count):
        """Dates of `count` steps from step `first` on."""
        return [self.label(first + place) for place in range(count)]

    def place_of(self, text):
        """Which step a date is, counted from 0 and perhaps negative; None if it is between two."""
        moment = _parsed(text)
        if not self.is_known or moment is None:
            return None
        if self.step_months:
            months = 12 * (moment[0] - self.start[0]) + moment[1] - self.start[1]
            return months // self.step_months if months % self.step_months == 0 else None
        days = _number(moment, self.calendar) - _number(self.start, self.calendar)
        place = round(days / self.step_days)
        return place if abs(days / self.step_days - place) < 0.1 else None


def date_of(said):
    """The ISO date of a step from what its raster says, empty if there is none.

    Parameters
    ----------
    said : dict
        As `rasters.steps.Steps` has it.

    Returns
    -------
    date, calendar : str
    """
    calendar = said["calendar"].lower()
    counted = _counted(said["units"], said["value"], calendar)
    if counted:
        return counted, calendar
    found = _DATE.search(said["description"])
    if found:
        return found[0].replace(" ", "T"), "standard"
    named = _IN_NAME.search(said["description"] or (said["file"] if said["single"] else ""))
    if named:
        return f"{named[1]}-{named[2] or '01'}-{named[3] or '01'}", "standard"
    return "", "standard"


def is_odd_unit(units):
    """Whether a unit of time should tell dates, and cannot: an epoch such as 1900-00-00."""
    return " since " in units and not _counted(units, "0", "standard")


def _counted(units, value, calendar):
    """The date of a number of days, months, ... since an epoch; empty if that is not told."""
    since = _SINCE.match(units.strip().lower())
    if not since:
        return ""
    year, month, day = (int(since[place]) for place in (2, 3, 4))
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return ""
    try:
        number = float(value)
        if since[1] in _MONTHS_IN:  # only whole ones have a date
            months = 12 * year + month - 1 + number * _MONTHS_IN[since[1]]
            whole = round(months)
            return _written(whole // 12, whole % 12 + 1, day) if whole == months else ""
        if since[1] not in _UNITS:
            return ""
        start = _number((year, month, day + int(since[5] or 0) / 24), calendar)
        return _written(*_from_number(start + number * _UNITS[since[1]], calendar))
    except (ValueError, OverflowError):
        return ""


def _parsed(text):
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups()[:3])
    clock = int(found[4] or 0) / 24 + int(found[5] or 0) / 1440
    return (year, month, day + clock) if 1 <= month <= 12 and 1 <= day <= 31 else None


def _written(year, month, day):
    """ISO text to the minute; a midnight needs no clock."""
    minutes = round((day % 1) * 1440)
    text = f"{year:04d}-{month:02d}-{int(day) if minutes < 1440 else int(day) + 1:02d}"
    return text if minutes % 1440 == 0 else f"{text}T{minutes // 60:02d}:{minutes % 60:02d}"


def _number(moment, calendar):
    """Days since some origin of the calendar."""
    year, month, day = moment
    if calendar == "360_day":
        return 360.0 * year + 30 * (month - 1) + day - 1
    if calendar in ("noleap", "365_day"):
        return 365.0 * year + _MONTHS[month - 1] + day - 1
    before = max(-(year - 1) // 400 + 1, 0) if year < 1 else 0  # turns of the calendar
    return date(year + 400 * before, month, 1).toordinal() - _TURN_DAYS * before + day - 1


def _from_number(number, calendar):
    number = round(number * 1440) / 1440
    whole, clock = int(number // 1), number % 1
    if calendar == "360_day":
        return whole // 360, whole % 360 // 30 + 1, whole % 30 + 1 + clock
    if calendar in ("noleap", "365_day"):
        day = whole % 365
        month = next(m for m in range(1, 13) if day < _MONTHS[m])
        return whole // 365, month, day - _MONTHS[month - 1] + 1 + clock
    found = date.fromordinal(min(max(whole, 1), date.max.toordinal()))
    return found.year, found.month, found.day + clock
