"""Turn fine values into the output's data type without losing the means of coarse pixels."""

import numpy as np
import torch
from torch.nn import functional

_SHARINGS = 6


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
    low, high = _limits(kind)
    clipped = _within(fine, low, high, factor)
    whole = np.clip(_rounded(clipped, factor), low, high).astype(kind)
    return whole if nodata is None else _without(whole, _next_whole, nodata, kind)


def _limits(kind):
    """The least and the greatest number of a type, as numbers that a float can hold."""
    known = np.iinfo(kind)
    high = float(known.max)
    return float(known.min), high if int(high) <= known.max else np.nextafter(high, 0)


def _within(fine, low, high, factor):
    """Clip; what a coarse pixel loses by it is shared out among its other fine pixels."""
    clipped = np.clip(fine, low, high)
    if factor == 1:
        return clipped
    phases = functional.pixel_unshuffle(torch.from_numpy(fine)[:, None], factor)
    band, row, column = ((phases < low) | (phases > high)).any(1).nonzero(as_tuple=True)
    if not len(band):
        return clipped
    pixels = phases[band, :, row, column]
    wanted = pixels.sum(1, keepdim=True)
    for _ in range(_SHARINGS):
        pixels = pixels.clamp(low, high)
        lost = wanted - pixels.sum(1, keepdim=True)
        room = torch.where(lost > 0, pixels < high, pixels > low)
        pixels = pixels + room * lost / room.sum(1, keepdim=True).clamp(min=1)
    phases[band, :, row, column] = pixels.clamp(low, high)
    return functional.pixel_shuffle(phases, factor)[:, 0].numpy()


def _rounded(fine, factor):
    """Round so that the sum of each coarse pixel is rounded too: up are the largest remainders."""
    phases = functional.pixel_unshuffle(torch.from_numpy(fine)[:, None], factor)
    whole = phases.floor()
    left = (phases - whole).float()
    up = left >= 0.5
    short = left.sum(1).round_() - up.sum(1)
    while True:
        band, row, column = short.nonzero(as_tuple=True)
        if not len(band):
            break
        place, step = _next(left, up, short, (band, row, column))
        up[band, place, row, column] = step > 0
        short[band, row, column] -= step
    return functional.pixel_shuffle(whole.add_(up), factor)[:, 0].numpy()


def _next(left, up, short, pixels):
    """For coarse pixels whose sum is not met: the fine one to round the other way, and which."""
    band, row, column = pixels
    step = short[band, row, column].sign()
    lefts, ups = left[band, :, row, column], up[band, :, row, column]
    rising = (step > 0)[:, None]
    # The largest remainder of those that went down, or the smallest of those that went up.
    merit = torch.where(rising, lefts, 1 - lefts).masked_fill_(ups == rising, -1)
    return merit.argmax(1), step


def _without(values, step, nodata, kind):
    if not np.isfinite(nodata):
        return values
    hit = values == kind.type(nodata)
    if hit.any():
        values[hit] = step(kind.type(nodata), kind.type(0) if nodata else kind.type(1))
    return values


def _next_whole(value, towards):
    return value + value.dtype.type(1) if towards > value else value - value.dtype.type(1)
