"""Make pairs of a coarse and a fine patch to learn from."""

from dataclasses import dataclass

import torch
from torch.nn import functional

from ..degradation import DETECTOR, degrade

SOFTEST = 0.15
_SHARE_OF_BOXES, _SHARE_OF_CUBICS = 0.1, 0.1
_SHARE_TOLD = 0.5
_SHARE_ROUNDED = 0.5
_COARSEST_STEP = 0.025  # an 8-bit band with a standard deviation of 10 digital numbers


@dataclass(frozen=True)
class Sensor:
    """How coarse rasters come about.

    Attributes
    ----------
    factor : int
    softest, sharpest : float
        Range of the blur: response at the coarse raster's Nyquist frequency.
    noise : float
        Largest standard deviation of the noise, in the network's range (a quarter of the
        standard deviation of a band is 1/16 there).
    """

    factor: int
    softest: float = SOFTEST
    sharpest: float = DETECTOR
    noise: float = 0.0025


def simulate(fine, sensor, chance):
    """Make the coarse patches of fine ones, each with a blur of its own.

    Parameters
    ----------
    fine : torch.Tensor, shape (N, C, H, W)
        In the network's range.
    sensor : Sensor
    chance : torch.Generator

    Returns
    -------
    coarse : torch.Tensor, shape (N, C, H / factor, W / factor)
    told : torch.Tensor, shape (N,)
        What the generator is told of the blur: the truth, or 0 for half of the patches.
    """
    made = [_one(patch[None], sensor, chance) for patch in fine]
    return torch.cat([coarse for coarse, _ in made]), torch.tensor([blur for _, blur in made])


def _one(fine, sensor, chance):
    kind, told, place = torch.rand(3, generator=chance).tolist()
    blur = sensor.softest + place * (sensor.sharpest - sensor.softest)
    if kind < _SHARE_OF_BOXES and sensor.sharpest >= DETECTOR and sensor.factor > 1:
        blur = DETECTOR
    if kind > 1 - _SHARE_OF_CUBICS and sensor.sharpest >= DETECTOR and sensor.factor > 1:
        return _noisy(_decimate(fine, sensor.factor), sensor, chance), 0.0
    coarse = _noisy(degrade(fine, sensor.factor, blur), sensor, chance)
    return coarse, blur if told < _SHARE_TOLD else 0.0


def _decimate(fine, factor):
    """Antialiased cubic resampling, as other programs make overviews."""
    size = fine.shape[-2] // factor, fine.shape[-1] // factor
    return functional.interpolate(fine, size, mode="bicubic", antialias=True)


def _noisy(coarse, sensor, chance):
    level, rounded, step = torch.rand(3, generator=chance).tolist()
    noise = torch.randn(coarse.shape, generator=chance, dtype=coarse.dtype)
    coarse = coarse + max(0.0, 1.3 * level - 0.3) * sensor.noise * noise
    if rounded < _SHARE_ROUNDED:
        step = _COARSEST_STEP * (0.15 + 0.85 * step)
        coarse = (coarse / step).round() * step
    return coarse
