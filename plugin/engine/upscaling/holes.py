"""Fill pixels without data from their surroundings, so that a network sees no edge there."""

import numpy as np
from scipy.ndimage import distance_transform_edt, uniform_filter

_SMOOTH = 5


def fill(values, valid):
    """Fill holes with the nearest valid values, smoothed inside the hole.

    Parameters
    ----------
    values : float array, shape (band, row, column)
    valid : bool array, shape (row, column), or None
        None: there is no hole.

    Returns
    -------
    array, shape of `values`
        Valid pixels are as they were; zeros if nothing is valid.
    """
    if valid is None or valid.all():
        return values
    if not valid.any():
        return np.zeros_like(values)
    rows, columns = distance_transform_edt(~valid, return_distances=False, return_indices=True)
    nearest = values[:, rows, columns]
    smooth = np.stack([uniform_filter(band, _SMOOTH, mode="nearest") for band in nearest])
    return np.where(valid, values, smooth)
