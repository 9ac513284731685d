"""Look at a finished result beside its input: pictures, and whether it gives the input back."""

from dataclasses import dataclass

import numpy as np
import torch

from ..degradation import cubic, degrade, reach
from ..rasters import Raster
from .holes import fill

_SIDE, _SHOWN_SIDE = 96, 64
_PLACES, _MOST_SHOWN = 4, 3
_POINTS = 4000


@dataclass(frozen=True)
class Pair:
    """A piece of the input and of the result.

    Attributes
    ----------
    coarse : float array, shape (band, row, column)
        The input, NaN in holes.
    cubic : float array, shape (band, factor * row, factor * column)
        The input interpolated, with its holes filled.
    fine : float array, shape (band, factor * row, factor * column)
        The result, NaN in holes.
    """

    coarse: np.ndarray
    cubic: np.ndarray
    fine: np.ndarray


@dataclass(frozen=True)
class Check:
    """What was seen of a result.

    Attributes
    ----------
    pairs : list of Pair
        To be shown, the most contrasted first.
    input, again : float array, shape (band, n)
        Values of the input, and of the result made coarse again, in the same pixels: some of those
        that were compared.
    apart : float array, shape (2, band)
        Mean and largest difference of every band in all pixels that were compared.
    where : str
        Which pixels these are, in words.
    """

    pairs: list
    input: np.ndarray
    again: np.ndarray
    apart: np.ndarray
    where: str

    def missed(self, ranges):
        """Mean and largest difference of every band, in parts of the range of its values."""
        return self.apart / np.maximum(ranges.high - ranges.low, 1e-300)


def check_result(path, readings, area, settings, factor, progress):
    """Compare a finished result with its input at places all over the area.

    Parameters
    ----------
    path : str
        Of the result.
    readings : Readings
        Of the input.
    area : tuple of int
        Row, column, height, width of the part that was upscaled.
    settings : Settings
    factor : int
    progress : Progress

    Returns
    -------
    Check

    Raises
    ------
    Stopped
        If the user cancels.
    """
    margin = reach(factor, settings.blur)
    side = min(_SIDE, area[2], area[3])
    shown, seen = [], []
    with Raster(path) as result:
        for row, column in _places(area, side):
            progress.check()
            pair = _pair(readings, result, area, (row, column, side), factor)
            seen.append(_compared(pair, settings.blur, factor, margin))
            part = _shown_part(pair, factor, area, (row, column))
            shown = sorted([*shown, part], key=_contrast)[-_MOST_SHOWN:]
    shown.reverse()
    both = np.concatenate(seen, axis=2)
    step = max(1, both.shape[2] // (_POINTS * 10))
    apart = np.abs(both[1] - both[0])
    if apart.size:  # of all of them: the largest is easily missed by every tenth
        apart = np.stack([apart.mean(axis=1), apart.max(axis=1)])
    else:
        apart = np.zeros(both.shape[:2])
    return Check(shown, *both[..., ::step], apart, _where(area, side))


def _where(area, side):
    """Which part of the area is compared, in words."""
    count, whole = len(_places(area, side)), area[2] * area[3]
    if _PLACES * side >= max(area[2:]):
        return "in all pixels but those near holes and the border"
    share = count * side * side / whole
    return f"in {count} squares of {side} x {side} pixels spread over it, {share:.1%} of it"


def _places(area, side):
    rows, columns = (
        np.unique(np.linspace(0, size - side, min(_PLACES, -(-size // side))).astype(int))
        for size in area[2:]
    )
    return [(int(row), int(column)) for row in rows for column in columns]


def _pair(readings, result, area, square, factor):
    row, column, side = square
    coarse = _with_holes(*readings.read(area[0] + row, area[1] + column, side, side))
    fine = _with_holes(*result.read(row * factor, column * factor, side * factor, side * factor))
    known = np.isfinite(coarse).all(axis=0)
    between = cubic(torch.from_numpy(fill(coarse, known))[None], factor)[0].numpy()
    return Pair(coarse, between, fine)


def _with_holes(values, valid):
    values = values.astype(np.float64)
    if valid is not None:
        values[:, ~valid] = np.nan
    return values


def _compared(pair, blur, factor, margin):
    """The input's values and the result's made coarse again, away from holes and the border."""
    again = degrade(torch.from_numpy(pair.fine)[None], factor, blur)[0].numpy()
    margin = min(margin, (again.shape[1] - 1) // 2)
    inside = np.s_[:, margin : again.shape[1] - margin, margin : again.shape[2] - margin]
    again, coarse = again[inside], pair.coarse[inside]
    # What touches a hole is NaN after the sensor's blur.
    known = np.isfinite(again).all(axis=0) & np.isfinite(coarse).all(axis=0)
    return np.stack([coarse[:, known], again[:, known]])


def _contrast(pair):
    known = pair.coarse[np.isfinite(pair.coarse)]
    return float(known.std()) * known.size / pair.coarse.size if known.size else -1.0


def _shown_part(pair, factor, area, place):
    """The part of a square that lies as far out as the square: so neighbors show other ground."""
    whole = pair.coarse.shape[1]
    side = min(_SHOWN_SIDE, whole)
    row, column = (
        (whole - side) * start // max(length - whole, 1)
        for start, length in zip(place, area[2:], strict=True)
    )
    return Pair(
        *(
            values[:, row * step : (row + side) * step, column * step : (column + side) * step]
            for values, step in ((pair.coarse, 1), (pair.cubic, factor), (pair.fine, factor))
        )
    )
