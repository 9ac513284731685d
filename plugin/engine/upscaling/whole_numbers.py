"""Turn fine values into the output's data type without losing the means of coarse pixels."""

import numpy as np
import torch

_SHARINGS, _LEAST_SHARED = 6, 1e-3
_MANY = 0.1  # of all pixels: it is faster then to work on all than to pick those
_PIXELS = 2**13  # coarse pixels worked on at once: they stay in the processor's cache
_KEY_BITS = 16


def cast(fine, dtype, factor, nodata=None, numbers=None):
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
    numbers : sequence of (float, float), optional
        For every band what values are multiplied by, and what is then added to them.

    Returns
    -------
    array of `dtype`, shape of `fine`
    """
    kind = np.dtype(dtype)
    made = np.empty(fine.shape, kind)
    step = max(1, _PIXELS * factor // fine.shape[2]) * factor
    for band, values in enumerate(fine):
        known = (1.0, 0.0) if numbers is None else numbers[band]
        for row in range(0, fine.shape[1], step):
            strip = torch.from_numpy(values[row : row + step])
            _cast_into(made[band, row : row + step], strip, factor, known)
    if nodata is None:
        return made
    return _without(made, np.nextafter if kind.kind == "f" else next_whole, nodata, kind)


def _cast_into(made, strip, factor, numbers):
    if made.dtype.kind == "f":
        values = strip.to(torch.float64, copy=True).mul_(numbers[0]).add_(numbers[1])
        made[:] = values.numpy()
    else:
        _round_into(made, strip, factor, numbers)


def _round_into(made, strip, factor, numbers):
    """Round rows; the fine pixels of coarse ones are taken as planes."""
    shape = (strip.shape[0] // factor, factor, strip.shape[1] // factor, factor)
    # 8 bits fit in single precision with room to spare.
    precision = strip.dtype if made.itemsize == 1 else torch.float64
    planes = torch.empty(factor, factor, shape[0], shape[2], dtype=precision)
    planes.copy_(strip.view(shape).permute(1, 3, 0, 2))
    planes = planes.view(factor * factor, -1).mul_(numbers[0]).add_(numbers[1])
    low, high = _limits(made.dtype)
    _clip(planes, low, high)
    whole = _rounded(planes).clamp_(low, high).numpy().astype(made.dtype)
    made.reshape(shape)[:] = whole.reshape(factor, factor, shape[0], shape[2]).transpose(2, 0, 3, 1)


def _limits(kind):
    """The least and the greatest number of a type, as numbers that a float can hold."""
    known = np.iinfo(kind)
    high = float(known.max)
    return float(known.min), high if int(high) <= known.max else np.nextafter(high, 0)


def _clip(planes, low, high):
    """Clip; what a coarse pixel loses by it is shared out among its other fine pixels."""
    outside = (planes.amin(0) < low) | (planes.amax(0) > high)
    columns = outside.nonzero()[:, 0]
    if len(columns) > _MANY * len(outside):
        _share_out(planes, low, high)
    elif len(columns):
        pixels = planes[:, columns]
        _share_out(pixels, low, high)
        planes[:, columns] = pixels


def _share_out(pixels, low, high):
    wanted = _sum(pixels)
    pixels.clamp_(low, high)
    for _ in range(_SHARINGS):
        lost = wanted - _sum(pixels)
        lost[lost.abs() <= _LEAST_SHARED] = 0.0
        if not lost.any():
            return
        room = (pixels != torch.where(lost > 0, high, low).to(pixels)).to(pixels)
        share = lost / _sum(room).clamp_(min=1)
        pixels.addcmul_(room, share).clamp_(low, high)


def _rounded(planes):
    """Round so that the sum of each column is rounded too: up are the largest remainders."""
    if len(planes) == 1:
        return planes.round_()
    whole = planes.floor()
    left = planes.sub_(whole)
    ups = _sum(left).round_().short()
    keys = _keys(left.float())
    ordered = _ordered(keys)
    least = ordered.gather(0, (len(keys) - ups).clamp_(max=len(keys) - 1).long()[None])
    # The greatest key is never the least of those that go up where none does.
    least[0, ups == 0] = torch.iinfo(torch.int16).max
    return whole.add_(keys >= least)


def _sum(planes):
    """Sum pairs of pairs: the order, and so the last bit, is the same for every column."""
    while len(planes) > 1:
        half = len(planes) // 2
        planes = planes[:half] + planes[half:]
    return planes[0]


def _keys(left):
    """Remainders as whole numbers that all differ within a column, as 16 bits."""
    count = len(left)
    steps = 2**_KEY_BITS // count
    keys = (left * steps).clamp_(max=steps - 1).short()
    order = _scattered(count) - 2 ** (_KEY_BITS - 1)
    return order.short()[:, None].add(keys, alpha=count)


def _scattered(count):
    """Numbers 0 to count - 1 of a square's pixels: those that follow each other lie far apart."""
    numbers = torch.zeros(1, 1, dtype=torch.int64)
    while numbers.numel() < count:
        upper = torch.cat([4 * numbers, 4 * numbers + 2], 1)
        numbers = torch.cat([upper, torch.cat([4 * numbers + 3, 4 * numbers + 1], 1)])
    return numbers.flatten()


def _ordered(keys):
    """Sort columns from the least; a bitonic network compares whole planes at once.

    References
    ----------
    Batcher 1968, doi:10.1145/1468075.1468121
    """
    count, size = len(keys), 2
    while size <= count:
        step = size // 2
        while step:
            # Runs of `size` rise and fall in turn; the last run of all rises.
            runs = keys.view(
                -1, 2 if size < count else 1, size // (2 * step), 2, step, keys.shape[-1]
            )
            made = torch.empty_like(runs)
            first, second = runs.unbind(3)
            for way in range(runs.shape[1]):
                a, b = first[:, way], second[:, way]
                torch.minimum(a, b, out=made[:, way, :, way])
                torch.maximum(a, b, out=made[:, way, :, 1 - way])
            keys, step = made.view(count, -1), step // 2
        size *= 2
    return keys


def _without(values, step, nodata, kind):
    if not np.isfinite(nodata):
        return values
    hit = values == kind.type(nodata)
    if hit.any():
        values[hit] = step(kind.type(nodata), kind.type(0) if nodata else kind.type(1))
    return values


def next_whole(value, towards):
    """The whole number beside one, on the side of another."""
    return value + value.dtype.type(1) if towards > value else value - value.dtype.type(1)
