"""Events that another one lies close to in time and place: perhaps one event from two sources."""

import numpy as np

SECONDS, KM = 2.0, 20.0
_EARTH_KM = 6371.0088


def distance_km(longitude, latitude, other_longitude, other_latitude):
    """Great-circle distance on the mean sphere, by the haversine formula."""
    first, second = np.radians(latitude), np.radians(other_latitude)
    turn = np.radians(np.asarray(other_longitude) - longitude)
    half = np.sin((second - first) / 2) ** 2
    half = half + np.cos(first) * np.cos(second) * np.sin(turn / 2) ** 2
    return 2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


def find_twins(catalog, seconds=SECONDS, km=KM):
    """Find the nearest earlier event in time and place.

    Parameters
    ----------
    catalog : Catalog
    seconds, km : float
        How far apart two records of one event may be.

    Returns
    -------
    int array, shape (events,)
        Index of the earlier event, -1 if there is none.
    """
    twins = np.full(len(catalog), -1)
    for lag in range(1, len(catalog)):
        late, early = np.arange(lag, len(catalog)), np.arange(len(catalog) - lag)
        soon = catalog.days[late] - catalog.days[early] <= seconds / 86_400
        if not soon.any():
            break
        late, early = late[soon], early[soon]
        apart = distance_km(
            catalog.longitude[late], catalog.latitude[late],
            catalog.longitude[early], catalog.latitude[early],
        )  # fmt: skip
        near = (apart <= km) & (twins[late] < 0)
        twins[late[near]] = early[near]
    return twins
