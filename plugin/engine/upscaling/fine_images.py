"""The fine images that a generator learns from, and patches drawn from them."""

from dataclasses import dataclass

import numpy as np
import torch

STANDARD_DEVIATIONS = 4.0
_LOWEST_GAIN, _HIGHEST_GAIN = 0.25, 4.0
_LARGEST_OFFSET = 0.1
_LEAST_SPREAD = 0.02  # of an image's own: a patch with less has nothing to learn from
_TRIES = 4


@dataclass(frozen=True)
class FineImages:
    """Images of one kind.

    Attributes
    ----------
    images : list of array, shape (band, row, column)
        Any dtype, NaN where there is no data.
    weight : float
        How often patches are drawn here, against other kinds.
    """

    images: list
    weight: float = 1.0


def draw(kinds, count, side, bands, chance):
    """Draw patches of one kind, turned and mirrored, with a gain of their own.

    Parameters
    ----------
    kinds : list of FineImages
    count, side : int
        Patches of side x side pixels; more of them if the images are smaller than that.
    bands : int
        1 draws any single band; otherwise all bands of an image.
    chance : numpy.random.Generator

    Returns
    -------
    fine : torch.Tensor, shape (N, bands, side, side)
        In the network's range.
    gains : torch.Tensor, shape (N,)
        What each was multiplied by: losses are divided by it.
    """
    weights = np.array([kind.weight for kind in kinds])
    kind = kinds[chance.choice(len(kinds), p=weights / weights.sum())]
    smallest = min(min(image.shape[-2:]) for image in kind.images)
    if smallest < side:
        count, side = count * (side // smallest) ** 2, smallest
    patches = [_patch(kind.images, side, bands, chance) for _ in range(count)]
    gains = np.exp(chance.uniform(np.log(_LOWEST_GAIN), np.log(_HIGHEST_GAIN), len(patches)))
    offsets = chance.uniform(-_LARGEST_OFFSET, _LARGEST_OFFSET, len(patches))
    fine = np.stack(patches) * gains[:, None, None, None] + offsets[:, None, None, None]
    return torch.from_numpy(fine.astype(np.float32)), torch.from_numpy(gains.astype(np.float32))


def _patch(images, side, bands, chance):
    """A patch without holes, preferably with something on it."""
    best, spread = None, -1.0
    for _ in range(_TRIES):
        image = images[chance.integers(len(images))]
        chosen = slice(None) if bands > 1 else [chance.integers(len(image))]
        row = chance.integers(image.shape[1] - side + 1)
        column = chance.integers(image.shape[2] - side + 1)
        patch = image[chosen, row : row + side, column : column + side].astype(np.float32)
        if np.isfinite(patch).all() and patch.std() > spread:
            best, spread = patch, float(patch.std())
            if spread > _LEAST_SPREAD:
                break
    if best is None:
        best = np.zeros((bands, side, side), np.float32)
    return _turned(best, chance.integers(8))


def _turned(patch, way):
    patch = np.rot90(patch, way % 4, (1, 2))
    return patch[:, :, ::-1] if way >= 4 else patch


def in_network_range(image):
    """An image with zero mean and a quarter as standard deviation in every band, as float32."""
    values = image.astype(np.float64)
    mean = np.nanmean(values, axis=(1, 2), keepdims=True)
    spread = np.nanstd(values, axis=(1, 2), keepdims=True)
    spread[spread == 0] = 1.0
    return ((values - mean) / (STANDARD_DEVIATIONS * spread)).astype(np.float32)
