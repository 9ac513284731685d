"""Fine images with the coarse ones of the same ground, and patches drawn from both."""

from dataclasses import dataclass, field

import numpy as np
import torch

from .fine_images import FineImages

_LOWEST_GAIN, _HIGHEST_GAIN = 0.25, 4.0
_LARGEST_OFFSET = 0.1
_TRIES = 8


@dataclass(frozen=True)
class PairedImages(FineImages):
    """Images of one kind, fine and coarse.

    Attributes
    ----------
    coarse : list of array, shape (band, row, column)
        Of the same ground as `images`, one for each, NaN where there is no data. It may go on where
        the fine image ends, as that is cut to a multiple of 4.
    """

    coarse: list = field(default_factory=list)


def draw_pairs(kinds, lesson, sensor, bands, chance):
    """Draw coarse patches with their fine ones, turned and mirrored, with a gain of their own.

    Parameters
    ----------
    kinds : list of PairedImages
        Of the first kind, images are at least as large as a patch.
    lesson : Lesson
    sensor : Sensor
        As it was found to be; half of the patches are told its blur.
    bands : int
        1 draws any single band.
    chance : numpy.random.Generator

    Returns
    -------
    coarse : torch.Tensor, shape (N, bands, side, side)
    told : torch.Tensor, shape (N,)
    fine : torch.Tensor, shape (N, bands, factor * side, factor * side)
    gains : torch.Tensor, shape (N,)
    """
    weights = np.array([kind.weight for kind in kinds])
    kind = kinds[chance.choice(len(kinds), p=weights / weights.sum())]
    least = min(min(image.shape[-2:]) for image in kind.images)
    side = min(lesson.side, least // sensor.factor)
    pairs = [_pair(kind, side, sensor.factor, bands, chance) for _ in range(lesson.batch_size)]
    gains = np.exp(chance.uniform(np.log(_LOWEST_GAIN), np.log(_HIGHEST_GAIN), len(pairs)))
    offsets = chance.uniform(-_LARGEST_OFFSET, _LARGEST_OFFSET, len(pairs))
    coarse, fine = (
        np.stack(part) * gains[:, None, None, None] + offsets[:, None, None, None]
        for part in zip(*pairs, strict=True)
    )
    told = np.where(chance.random(len(pairs)) < 0.5, sensor.sharpest, 0.0)
    arrays = (coarse, told, fine, gains)
    return tuple(torch.from_numpy(part.astype(np.float32)) for part in arrays)


def _pair(kind, side, factor, bands, chance):
    """A pair of patches without holes."""
    for _ in range(_TRIES):
        number = chance.integers(len(kind.images))
        fine, coarse = kind.images[number], kind.coarse[number]
        chosen = slice(None) if bands > 1 else [chance.integers(len(coarse))]
        row, column = (chance.integers(size // factor - side + 1) for size in fine.shape[-2:])
        low = coarse[chosen, row : row + side, column : column + side]
        rows, columns = (slice(factor * at, factor * (at + side)) for at in (row, column))
        high = fine[chosen, rows, columns]
        if np.isfinite(low).all() and np.isfinite(high).all():
            way = chance.integers(8)
            return _turned(low, way), _turned(high, way)
    empty = np.zeros((bands, side, side), np.float32)
    return empty, empty.repeat(factor, 1).repeat(factor, 2)


def _turned(patch, way):
    patch = np.rot90(patch, way % 4, (1, 2))
    return patch[:, :, ::-1] if way >= 4 else patch
