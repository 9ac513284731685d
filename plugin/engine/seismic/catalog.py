"""Earthquake catalogs: events with time, place, depth and magnitude, sorted by time.

>>> catalog = Catalog.of([1.0, 0.0], [10.0, 11.0], [45.0, 46.0], [5.0, 5.0], [3.0, 2.0])
>>> len(catalog.above(2.5)), float(catalog.between(0.0, 1.0).magnitude[0])
(1, 2.0)
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from ...jobs.errors import JobError
from .event_columns import read_columns
from .feature_table import is_layer, open_layer
from .fields import CatalogFields, find_fields
from .moments import to_days, to_iso
from .table import open_table

_COPIES = "identical copies of another one"
__all__ = [
    "Catalog", "CatalogFields", "Reading", "read_catalog", "read_events", "to_days", "to_iso",
]  # fmt: skip


@dataclass(frozen=True)
class Catalog:
    """Events, sorted by time; all arrays have the same length.

    Attributes
    ----------
    days : float64 array
        Time in days since 1970-01-01 UTC.
    longitude, latitude : float64 array
        Degrees, EPSG:4326; longitudes in [-180, 180).
    depth_km : float64 array
        NaN where it is missing.
    magnitude : float64 array
    ids : str array
    """

    days: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray
    depth_km: np.ndarray
    magnitude: np.ndarray
    ids: np.ndarray

    @classmethod
    def of(cls, days, longitude, latitude, depth_km, magnitude, ids=None):
        """Make a catalog of columns in any order; events of the same time keep theirs."""
        numbers = [np.asarray(v, float) for v in (days, longitude, latitude, depth_km, magnitude)]
        names = np.arange(1, len(numbers[0]) + 1) if ids is None else ids
        order = np.argsort(numbers[0], kind="stable")
        columns = [column[order] for column in (*numbers, np.asarray(names, str))]
        return cls(*columns)

    def __len__(self):
        return len(self.days)

    def where(self, mask):
        """The events where `mask` (bool, or indices in the order of time) holds."""
        return Catalog(*(column[mask] for column in self._columns()))

    def between(self, start_days, end_days):
        """The events from `start_days` to just before `end_days`."""
        first, last = np.searchsorted(self.days, [start_days, end_days], side="left")
        return self.where(slice(first, max(first, last)))

    def above(self, magnitude):
        """The events of at least a magnitude; 4.5 holds what is written as 4.5."""
        return self.where(self.magnitude >= magnitude - 1e-9)

    def digest(self):
        """SHA-256 of all numbers, as hexadecimal text: equal for equal events."""
        whole = hashlib.sha256(str(len(self)).encode())
        for column in self._columns()[:-1]:
            whole.update(np.ascontiguousarray(column, "<f8").tobytes())
        return whole.hexdigest()

    def _columns(self):
        return (
            self.days, self.longitude, self.latitude, self.depth_km, self.magnitude, self.ids,
        )  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What reading a catalog showed.

    Attributes
    ----------
    name : str
        Of the file.
    rows : int
        Events in the file.
    left_out : dict
        Events by the reason why they are not in the catalog.
    remarks : list of str
        What was assumed, one sentence each.
    fields : FoundFields
    """

    name: str
    rows: int
    left_out: dict
    remarks: list
    fields: object

    def tell(self, progress):
        """Say it all to the user."""
        for sentence in self.remarks:
            progress.note(sentence)
        for reason, count in self.left_out.items():
            progress.warning(f"{count:,} of {self.rows:,} events are left out: {reason}.")


def read_catalog(path, fields, progress):
    """Read a catalog from a CSV file, as QGIS wrote it or as it was downloaded, or from GeoJSON.

    Blasts and other events that are no earthquakes, events without time, place or magnitude, and
    identical copies are left out, with a warning.

    Parameters
    ----------
    path : str
    fields : CatalogFields, or any object with texts `time_field`, `magnitude_field` and
        `depth_field` such as a job
        Names of the fields; empty to guess them.
    progress : Progress

    Returns
    -------
    Catalog

    Raises
    ------
    JobError
        Naming field, row and value where one cannot be used.
    """
    catalog, reading = read_events(path, fields, progress)
    reading.tell(progress)
    return catalog


def read_events(path, fields, progress):
    """Read a catalog and tell what reading showed; see `read_catalog`.

    Returns
    -------
    Catalog, Reading
    """
    table = open_layer(path) if is_layer(path) else open_table(path)
    found = find_fields(table, _asked(fields))
    columns, remarks = read_columns(table, found, progress)
    keep, left_out = _usable(columns)
    if not keep.any():
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count in left_out.items())
        raise JobError(
            f'No event of "{table.name}" can be used: {reasons}.',
            "Choose other fields, or another catalog.",
        )
    catalog = Catalog.of(*(column[keep] for column in columns.arrays()))
    first = ~_copies(catalog)
    if not first.all():
        left_out[_COPIES] = int((~first).sum())
    rows = len(keep)
    return catalog.where(first), Reading(
        table.name, rows, left_out, [found.sentence(), *remarks], found
    )


def _asked(fields):
    if isinstance(fields, CatalogFields):
        return fields
    return CatalogFields(
        fields.time_field or "", fields.magnitude_field or "", fields.depth_field or ""
    )


def _usable(columns):
    """Which events can be used, and how many cannot for what reason."""
    keep, left_out = np.ones(len(columns.days), bool), {}
    lacks = {
        "no time": np.isnan(columns.days),
        "no place": np.isnan(columns.longitude) | np.isnan(columns.latitude),
        "no magnitude": np.isnan(columns.magnitude),
    }
    for kind in np.unique(columns.other_types):
        if kind:
            reason = f'the type "{kind}"'
            lacks[reason] = columns.other_types == kind
    for reason, mask in lacks.items():
        if (keep & mask).any():
            left_out[reason] = int((keep & mask).sum())
            keep &= ~mask
    return keep, left_out


def _copies(catalog):
    """Events whose time, place and magnitude an earlier one has, too."""
    values = np.stack([catalog.days, catalog.longitude, catalog.latitude, catalog.magnitude])
    _, firsts = np.unique(values, axis=1, return_index=True)
    copies = np.ones(len(catalog), bool)
    copies[firsts] = False
    return copies
