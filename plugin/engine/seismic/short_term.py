"""What is missed just after large events, when their waves hide the small ones."""

from dataclasses import dataclass

import numpy as np

_OFFSET, _SLOPE = 4.5, 0.75
_SHORTEST_DAYS = 1 / 24


@dataclass(frozen=True)
class ShortTerm:
    """When a catalog is not complete although it is so at other times.

    Attributes
    ----------
    starts, ends : float array
        Spans in days that do not overlap.
    share : float
        Of the catalog's time.
    days : float
        Of all spans together.
    largest : list of tuple
        (index of the event in the catalog, its span in days), the largest magnitudes first.
    """

    starts: np.ndarray
    ends: np.ndarray
    share: float
    days: float
    largest: list


def completeness_after(magnitude, days):
    """The magnitude from which events are found some days after an event.

    ``M - 4.5 - 0.75 log10(days)``.

    References
    ----------
    Helmstetter, Kagan & Jackson (2006), doi:10.1785/0120050067, for southern California.
    """
    return magnitude - _OFFSET - _SLOPE * np.log10(days)


def hidden_days(magnitude, completeness):
    """Days after an event until events from `completeness` are found again."""
    return 10.0 ** ((np.asarray(magnitude, float) - _OFFSET - completeness) / _SLOPE)


def short_term(catalog, completeness, most=10):
    """Find the spans just after large events in which small ones are missed.

    Parameters
    ----------
    catalog : Catalog
    completeness : float
        At other times. An event hides others if it does so for an hour at least.
    most : int
        Length of the list of the largest events.

    Returns
    -------
    ShortTerm
    """
    hidden = hidden_days(catalog.magnitude, completeness)
    large = np.flatnonzero(hidden >= _SHORTEST_DAYS)
    starts, ends = _united(catalog.days[large], catalog.days[large] + hidden[large])
    ends = np.minimum(ends, catalog.days[-1]) if len(catalog) else ends
    length = max(float(np.ptp(catalog.days)), 1e-9) if len(catalog) else 1.0
    days = float((ends - starts).sum())
    order = large[np.argsort(-catalog.magnitude[large], kind="stable")][:most]
    largest = [(int(place), float(hidden[place])) for place in order]
    return ShortTerm(starts, ends, days / length, days, largest)


def _united(starts, ends):
    """Spans, sorted by their start, joined where they overlap."""
    if not len(starts):
        return np.zeros(0), np.zeros(0)
    reach = np.maximum.accumulate(ends)
    opens = np.concatenate([[True], starts[1:] > reach[:-1]])
    closes = np.concatenate([opens[1:], [True]])
    return starts[opens], reach[closes]
