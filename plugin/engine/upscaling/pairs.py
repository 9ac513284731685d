"""A coarse raster of the same ground as a fine one: where they meet, and what the sensor does."""

from dataclasses import dataclass

import numpy as np
import torch

from ...jobs.errors import JobError
from ...jobs.upscaling import check_pair
from ..degradation import DETECTOR, degrade
from ..metrics.registration import shift
from ..rasters import Raster
from .holes import fill

_LARGEST_SHIFT = 0.5
_SAME_CORNER = 0.05
_BLURS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, DETECTOR)
_SAMPLE = 256
_LEAST = 16


@dataclass(frozen=True)
class Pair:
    """The coarse raster of a fine one.

    Attributes
    ----------
    coarse : Raster
        Stays open.
    corner : tuple of int
        Row and column of the coarse raster where the common ground begins.
    window : tuple of int
        Row, column, height and width of the common ground in the fine raster.
    gain, offset : array, shape (band,)
        What the fine values are multiplied by, and what is added, to be in the coarse unit.
    blur : float
        With which the fine raster, made coarse, is nearest to the coarse one.
    moved : tuple of float
        Rows and columns by which they are shifted, in coarse pixels.
    error : float
        What is left, of the standard deviation of the coarse raster.
    """

    coarse: object
    corner: tuple
    window: tuple
    gain: np.ndarray
    offset: np.ndarray
    blur: float
    moved: tuple
    error: float

    def read(self, row, column, height, width):
        """Coarse values (band, row, column) of the common ground, holes filled, and validity."""
        values, valid = self.coarse.read(
            self.corner[0] + row, self.corner[1] + column, height, width
        )
        return fill(values.astype(np.float64), valid), valid


def make_pair(fine, path, bands, factor):
    """Open the coarse raster of a fine one and find out how they belong together.

    Parameters
    ----------
    fine : Raster
    path : str
        Of the coarse raster.
    bands : sequence of int
    factor : int

    Returns
    -------
    Pair

    Raises
    ------
    JobError
        If the pixel sizes have another ratio, the rasters do not overlap, their bands differ, or
        one is shifted against the other.
    """
    coarse = Raster(path, bands)
    try:
        _check_ratio(fine, coarse, factor)
        corner, window = _common_ground(fine, coarse, factor)
        first, second = _sampled(fine, coarse, corner, window, factor)
        return _fitted(coarse, corner, window, first, second, factor)
    except BaseException:
        coarse.close()
        raise


def _check_ratio(fine, coarse, factor):
    if fine.grid.crs != coarse.grid.crs:
        raise JobError(
            f'"{coarse.name}" and "{fine.name}" have different coordinate reference systems.',
            "Warp one of them to the system of the other.",
        )
    both = coarse, fine
    sizes = [abs(raster.grid.transform.determinant) ** 0.5 for raster in both]
    names, bands = [raster.name for raster in both], [len(raster.bands) for raster in both]
    check_pair(names, bands, sizes, factor)


def _common_ground(fine, coarse, factor):
    """Corner in the coarse raster, and window in the fine one, of what both cover."""
    transform = coarse.grid.transform
    place = [float(v) for v in fine.grid.to_pixels(transform.c, transform.f)]
    whole = [round(v) for v in place]
    off = max(abs(a - b) for a, b in zip(place, whole, strict=True)) / factor
    if off > _SAME_CORNER:
        raise JobError(
            f'The pixels of "{coarse.name}" are {off:.2f} of their size off those of '
            f'"{fine.name}".',
            "Warp the coarse raster so that its pixels begin at corners of fine pixels.",
        )
    fine_size = fine.grid.height, fine.grid.width
    coarse_size = coarse.grid.height, coarse.grid.width
    corner = [max(0, -(v // factor)) for v in whole]
    start = [v + factor * c for v, c in zip(whole, corner, strict=True)]
    size = [
        min(theirs - first, (ours - begin) // factor)
        for theirs, first, ours, begin in zip(coarse_size, corner, fine_size, start, strict=True)
    ]
    if min(size) < _LEAST:
        raise JobError(
            f'"{coarse.name}" and "{fine.name}" share {max(size[1], 0)} x {max(size[0], 0)} '
            f"coarse pixels; at least {_LEAST} x {_LEAST} are needed.",
            "Choose rasters of the same ground.",
        )
    return tuple(corner), (*start, factor * size[0], factor * size[1])


def _sampled(fine, coarse, corner, window, factor):
    """A square of the middle of the common ground, of both; holes are filled."""
    size = window[2] // factor, window[3] // factor
    side = min(_SAMPLE, *size)
    row, column = (size[0] - side) // 2, (size[1] - side) // 2
    first = fine.read(
        window[0] + factor * row, window[1] + factor * column, factor * side, factor * side
    )
    second = coarse.read(corner[0] + row, corner[1] + column, side, side)
    if any(valid is not None and valid.mean() < 0.5 for _, valid in (first, second)):
        raise JobError(
            f'Most of the middle of "{fine.name}" or "{coarse.name}" holds no data.',
            "Choose rasters with fewer holes.",
        )
    return tuple(fill(values.astype(np.float64), valid) for values, valid in (first, second))


def _fitted(coarse, corner, window, fine, seen, factor):
    """The blur that explains the coarse raster best, with a gain and an offset for every band."""
    fits = [_fit(fine, seen, factor, blur) for blur in (_BLURS if factor > 1 else _BLURS[:-1])]
    error, blur, gain, offset, made = min(fits, key=lambda fit: fit[0])
    moved = shift(made.mean(axis=0), seen.mean(axis=0), 0.5)
    distance = float(np.hypot(*moved))
    if distance > _LARGEST_SHIFT:
        raise JobError(
            f'Paired rasters: a shift of {distance:.1f} px was found between "{coarse.name}" and '
            f"its fine raster (at most {_LARGEST_SHIFT}).",
            "Align them first, for example with the Georeferencer.",
        )
    return Pair(coarse, corner, window, gain, offset, blur, moved, error)


def _fit(fine, seen, factor, blur):
    made = degrade(torch.from_numpy(fine)[None], factor, blur)[0].numpy()
    means = made.mean(axis=(1, 2)), seen.mean(axis=(1, 2))
    centered = made - means[0][:, None, None]
    spread = np.maximum((centered**2).sum(axis=(1, 2)), 1e-20)
    gain = (centered * (seen - means[1][:, None, None])).sum(axis=(1, 2)) / spread
    gain = np.where(gain > 0, gain, 1.0)
    offset = means[1] - gain * means[0]
    brought = made * gain[:, None, None] + offset[:, None, None]
    left = np.sqrt(((brought - seen) ** 2).mean(axis=(1, 2)))
    error = float((left / np.maximum(seen.std(axis=(1, 2)), 1e-12)).mean())
    return error, min(blur, 0.64), gain, offset, brought
