"""The columns of a table of events as numbers, each value checked; times as days, UTC."""

from dataclasses import dataclass

import numpy as np

from ...jobs.errors import JobError
from .fields import is_other_type
from .moments import NONE, MomentError, is_date, parse_moments

# Codes that catalogs write where they know no number.
_CODES = (-9.9, -9.99, -99.0, -99.9, -99.99, -999.0, -999.9, -9999.0, -99999.0)
# Of a position: -9.9 and -99 are places on the Earth.
_FAR_CODES = tuple(code for code in _CODES if code < -360)
_MAGNITUDES = (-4.0, 10.5)
_DEPTHS_KM = (-10.0, 800.0)


@dataclass(frozen=True)
class EventColumns:
    """The columns of all events in the order of the file.

    Attributes
    ----------
    days, longitude, latitude, depth_km, magnitude : float64 array
        NaN where there is none.
    ids : str array
    other_types : str array
        The type of an event that is no earthquake; otherwise empty.
    """

    days: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray
    depth_km: np.ndarray
    magnitude: np.ndarray
    ids: np.ndarray
    other_types: np.ndarray

    def arrays(self):
        """What a catalog is made of, in its order."""
        return (
            self.days, self.longitude, self.latitude, self.depth_km, self.magnitude, self.ids,
        )  # fmt: skip


def read_columns(table, fields, progress):
    """Read and check the columns of events.

    Parameters
    ----------
    table : Table
    fields : FoundFields
    progress : Progress

    Returns
    -------
    EventColumns
    remarks : list of str
        What was assumed, one sentence each.

    Raises
    ------
    JobError
        Naming field, row and value where one is none or out of range.
    """
    texts = table.columns(fields.names(), progress)
    days, remarks = _days(table, fields.time, texts)
    longitude, latitude = _positions(table, fields, texts, remarks)
    magnitude = _numbers(table, fields.magnitude, texts)
    _refuse_outside(table, fields.magnitude, texts, magnitude, _MAGNITUDES, "a magnitude")
    depth = _depths(table, fields.depth, texts, len(days), remarks)
    ids = np.array(texts[fields.id] if fields.id else np.arange(1, len(days) + 1), str)
    types = [text.strip() if is_other_type(text) else "" for text in texts.get(fields.type, ())]
    other = np.array(types or [""] * len(days), str)
    return EventColumns(days, longitude, latitude, depth, magnitude, ids, other), remarks


def _days(table, names, texts):
    joined = texts[names[0]] if len(names) == 1 else _joined(names, texts)
    label = " + ".join(names)
    try:
        days, zoned = parse_moments(joined)
    except MomentError as error:
        raise _refusal(
            table, label, error.place, joined[error.place], "is not a date and time",
            "Write it in UTC as 2011-03-11T05:46:24, or choose another field for the time.",
        ) from error  # fmt: skip
    return days, _time_remarks(label, joined, days, zoned)


def _joined(names, texts):
    """A date with its clock; or year, month, day and the clock's parts."""
    columns = [texts[name] for name in names]
    if len(names) == 2:
        return [f"{_dashed(day.strip())} {clock.strip()}".strip() for day, clock in zip(*columns)]
    return [_written(parts) for parts in zip(*columns)]


def _dashed(day):
    """A date that is written as 20110311, with its dashes."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdigit() else day


def _written(parts):
    """An ISO text of the parts of a date and time; a value such as 2011.0 is a whole number."""
    if not all(part.strip() for part in parts):
        return ""
    whole = [part.strip().split(".")[0] for part in parts[:5]] + [
        part.strip() for part in parts[5:]
    ]
    clock = whole[3:] + ["0"] * (6 - len(whole))
    return f"{whole[0]}-{whole[1]}-{whole[2]} {':'.join(clock)}"


def _time_remarks(label, texts, days, zoned):
    known = ~np.isnan(days)
    remarks = []
    if known.any() and not zoned[known].all():
        some = "have" if not zoned.any() else "partly have"
        remarks.append(f'Times in "{label}" {some} no zone and are taken as UTC.')
    sample = [texts[place] for place in np.flatnonzero(known)[:200]]
    if sample and all(is_date(text) for text in sample):
        remarks.append(f'"{label}" holds days without a time of day: events are at midnight UTC.')
    return remarks


def _positions(table, fields, texts, remarks):
    longitude = _numbers(table, fields.longitude, texts, _FAR_CODES)
    latitude = _numbers(table, fields.latitude, texts, _FAR_CODES)
    degrees = "a {} in degrees"
    _refuse_outside(
        table, fields.latitude, texts, latitude, (-90, 90), degrees.format("latitude"), True
    )
    _refuse_outside(
        table, fields.longitude, texts, longitude, (-180, 360), degrees.format("longitude"), True
    )
    beyond = longitude >= 180
    if (longitude > 180).any():
        remarks.append("Longitudes from 180 to 360 degrees are brought to -180 to 180.")
    return np.where(beyond, longitude - 360, longitude), latitude


def _depths(table, field, texts, count, remarks):
    if not field:
        return np.full(count, np.nan)
    depth = _numbers(table, field, texts)
    remedy = "Give depth in kilometers, positive down, or choose another field."
    _refuse_outside(table, field, texts, depth, _DEPTHS_KM, "a depth in kilometers", remedy=remedy)
    missing, above = int(np.isnan(depth).sum()), int((depth < 0).sum())
    if missing:
        remarks.append(f"{missing:,} of {count:,} events have no depth; they are kept.")
    if above:
        remarks.append(
            f"{above:,} events have a negative depth: they are taken as above sea level."
        )
    return depth


def _numbers(table, field, texts, codes=_CODES):
    """A column as numbers, NaN where it is empty or a code for nothing."""
    values = np.empty(len(texts[field]))
    for place, text in enumerate(texts[field]):
        try:
            values[place] = float(text)
        except ValueError:
            values[place] = _odd_number(table, field, place, text)
    if np.isinf(values).any():
        place = int(np.flatnonzero(np.isinf(values))[0])
        raise _not_a_number(table, field, place, texts[field][place])
    values[np.isin(values, codes)] = np.nan
    return values


def _odd_number(table, field, place, text):
    if text.strip().lower() in NONE:
        return np.nan
    try:
        if "." in text:
            raise ValueError(text)
        return float(text.replace(",", "."))
    except ValueError as error:
        raise _not_a_number(table, field, place, text) from error


def _not_a_number(table, field, place, text):
    return _refusal(
        table, field, place, text, "is not a number", "Correct it, or choose another field."
    )


def _refuse_outside(table, field, texts, values, limits, thing, of_place=False, remedy=""):
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero((values < limits[0]) | (values > limits[1]))
    if not len(wrong):
        return
    rule = f"is not {thing} ({limits[0]:g} to {limits[1]:g})"
    if of_place:
        remedy = (
            "Mixed CRS? Give all events in longitude and latitude (EPSG:4326), or load them as "
            "points and set the layer's CRS."
        )
    place = int(wrong[0])
    text = texts[field][place]
    raise _refusal(
        table, field, place, text, rule, remedy or "Correct it, or choose another field."
    )


def _refusal(table, field, place, text, rule, remedy):
    return JobError(
        f'Field "{field}", row {place + 1:,} of "{table.name}" is "{text.strip()[:60]}", which '
        f"{rule}.",
        remedy,
    )
