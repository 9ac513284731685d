"""Fill pixels without data from their surroundings, so that a network sees no edge there."""

import numpy as np
from scipy.ndimage import distance_transform_edt, uniform_filter

_SMOOTH = 5
# How far into a hole it is filled, if it is large, and on what surroundings that depends.
DEPTH, SURROUNDINGS = 10, 16


def fill(values, valid, depth=0):
    """Fill holes with the nearest valid values, smoothed inside the hole.

    Parameters
    ----------
    values : float array, shape (band, row, column)
    valid : bool array, shape (row, column), or None
        None: there is no hole.
    depth : int
        0, or how far from valid values a hole is filled: in the second half of the way the
        values fade to 0. A value then depends on `SURROUNDINGS` pixels around it and not on how
        much of a large hole is seen.

    Returns
    -------
    array, shape of `values`
        Valid pixels are as they were; zeros if nothing is valid.
    """
    if valid is None or valid.all():
        return values
    if not valid.any():
        return np.zeros_like(values)
    distances, (rows, columns) = distance_transform_edt(~valid, return_indices=True)
    nearest = values[:, rows, columns]
    smooth = np.stack([uniform_filter(band, _SMOOTH, mode="nearest") for band in nearest])
    if depth:
        smooth = smooth * np.clip(2 - 2 * distances / depth, 0, 1)
    return np.where(valid, values, smooth).astype(values.dtype, copy=False)
