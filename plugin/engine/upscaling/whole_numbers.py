"""Turn fine values into the output's data type without losing the means of coarse pixels."""

import numpy as np


def cast(fine, dtype, factor, nodata=None):
    """Bring values into a data type: within its range, never its nodata value.

    Parameters
    ----------
    fine : float array, shape (band, factor * row, factor * column)
    dtype : str
        Floating point values are only cast; whole numbers are rounded so that the mean of every
        coarse pixel is kept as well as whole numbers can.
    factor : int
    nodata : float, optional
        A value that means no data: valid pixels that would get it get the next one.

    Returns
    -------
    array of `dtype`, shape of `fine`
    """
    kind = np.dtype(dtype)
    if kind.kind == "f":
        values = fine.astype(kind)
        return values if nodata is None else _without(values, np.nextafter, nodata, kind)
    limits = np.iinfo(kind)
    clipped = np.clip(fine, limits.min, limits.max)
    whole = np.clip(_rounded(clipped, factor), limits.min, limits.max).astype(kind)
    return whole if nodata is None else _without(whole, _next_whole, nodata, kind)


def _rounded(fine, factor):
    """Round down, then up the largest remainders of each coarse pixel until its mean fits."""
    bands, height, width = fine.shape
    rows, columns = height // factor, width // factor
    blocks = fine.reshape(bands, rows, factor, columns, factor).transpose(0, 1, 3, 2, 4)
    blocks = blocks.reshape(bands, rows, columns, factor * factor)
    low = np.floor(blocks)
    left = blocks - low
    wanted = np.rint(left.sum(axis=-1, keepdims=True))
    rank = np.argsort(np.argsort(-left, axis=-1, kind="stable"), axis=-1, kind="stable")
    whole = low + (rank < wanted)
    whole = whole.reshape(bands, rows, columns, factor, factor).transpose(0, 1, 3, 2, 4)
    return whole.reshape(fine.shape)


def _without(values, step, nodata, kind):
    if not np.isfinite(nodata):
        return values
    hit = values == kind.type(nodata)
    if hit.any():
        values[hit] = step(kind.type(nodata), kind.type(0) if nodata else kind.type(1))
    return values


def _next_whole(value, towards):
    return value + value.dtype.type(1) if towards > value else value - value.dtype.type(1)
