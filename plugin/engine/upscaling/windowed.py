"""Upscale windows of a raster: holes filled, made finer, held to the measurements."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from ..device import spare_memory
from ..layout import Layout
from .holes import DEPTH, SURROUNDINGS, fill
from .neighbors import Neighbors
from .rolling import added_planes

_CORES = (768, 640, 512, 384, 256, 128, 64)
_SHARE = 0.35  # of the memory to spare
_COPIES = 6  # of the fine result: made of two, and some windows wait to be written
# Single precision numbers that a network keeps for a coarse pixel, at once and in strips.
_CHANNELS, _CHANNELS_IN_STRIPS = 200, 60
_MOST_TOGETHER = 8
# As `writing` lays bands of a file one after the other: fewer bands at once take less memory.
BANDS_TOGETHER = 16
_FINE_TOGETHER = 256


@dataclass(frozen=True)
class Settings:
    """How a raster is upscaled.

    Attributes
    ----------
    blur : float
        The sensor's response at the Nyquist frequency.
    told : float
        What the network hears of it; 0 if nobody said it.
    iterations : int
        Of the back-projection.
    detail : float
    intensity_only : bool
    found : str
        How the blur was found, a few words.
    keeps_ratios : bool
        Whether texture in the intensity leaves the ratios of bands as they are.
    narrow : bool
        Whether the network multiplies in bfloat16.
    """

    blur: float
    told: float
    iterations: int
    detail: float = 0.0
    intensity_only: bool = False
    found: str = ""
    keeps_ratios: bool = False
    narrow: bool = False


class Upscaling:
    """What `predict_dense` calls for a window.

    Parameters
    ----------
    generator : Generator
    settings : Settings
    bands : int
    synthesized : bool
        Whether, after the fine bands, come as many channels with what was invented in each
        coarse pixel, repeated over its fine pixels.
    levels : sequence of float, optional
        See `Generator.upscale`.

    Attributes
    ----------
    channels : int
    """

    def __init__(self, generator, settings, bands, synthesized=False, levels=None):
        self._generator, self._settings = generator, settings
        self._synthesized, self._levels = synthesized, levels
        self.channels = bands * (2 if synthesized else 1)
        self._neighbors = Neighbors(generator.projected(settings.blur, settings.iterations))
        self._add = partial(added_planes, narrow=settings.narrow)
        self._later = False

    def place(self, windows):
        """Be told which windows of a layout come next; none if they are parts of windows."""
        alone = len(windows) == 1
        add = partial(self._neighbors, window=windows[0]) if alone else added_planes
        self._add = partial(add, narrow=self._settings.narrow)
        self._later = alone and self._generator.device.type == "cpu" and not self._synthesized

    def __call__(self, images, cut):
        """Upscale images (N, band, row, column) with NaN in holes; see `predict_dense`."""
        coarse, valid = _filled(images)
        coarse = coarse.to(self._generator.device)
        valid = None if valid is None else valid.to(coarse)
        known = self._settings
        held = {"valid": valid, "told": known.told, "cut": cut, "add": self._add}
        fine = self._generator.upscale(
            coarse, known.blur, known.iterations, known.detail, known.intensity_only,
            levels=self._levels, later=self._later, **held
        )  # fmt: skip
        if not self._synthesized:
            return fine
        invented = self._generator.synthesized(fine, coarse, known.blur, known.iterations, **held)
        for axis in (2, 3):
            invented = invented.repeat_interleave(self._generator.factor, axis)
        return torch.cat([fine, invented], 1)


def _filled(images):
    """Images without NaN, and where they were not (N, 1, row, column); None if nowhere."""
    holes = images[:, 0].isnan()
    if not holes.any():
        return images, None
    valid = ~holes.numpy()
    pairs = zip(images.numpy(), valid, strict=True)
    filled = np.stack([fill(np.nan_to_num(image), where, DEPTH) for image, where in pairs])
    return torch.from_numpy(filled), torch.from_numpy(valid)[:, None]


def plan(generator, settings, area, bands, has_holes, window_size=0):
    """Lay windows over an area so that none of them shows in the result.

    Parameters
    ----------
    generator : Generator
    settings : Settings
    area : tuple of int
        Row, column, height, width.
    bands : int
        Worked on at once, with what is invented in each.
    has_holes : bool
        Whether pixels without data may be met.
    window_size : int
        0: as large as is useful and the memory affords.

    Returns
    -------
    layout : Layout
    count : int
        Windows in one step.
    """
    halo = generator.halo(settings.blur, settings.iterations)
    halo += SURROUNDINGS if has_holes else 0
    channels = _CHANNELS_IN_STRIPS if generator.in_strips else _CHANNELS
    needed = 4.0 * (_COPIES * bands * generator.factor**2 + channels)
    budget = _SHARE * spare_memory(generator.device)
    fitting = [core for core in _CORES if needed * (core + 2 * halo) ** 2 <= budget]
    core = window_size or (fitting[0] if fitting else _CORES[-1])
    layout = Layout.over(area, core, halo, scale=generator.factor)
    if generator.device.type == "cpu":
        return layout, 1
    return layout, int(max(1, min(_MOST_TOGETHER, budget / needed / (core + 2 * halo) ** 2)))


def band_groups(generator, bands):
    """Slices of bands that are worked on together: all of them, unless they are many."""
    together = generator.bands if generator.bands > 1 else bands
    if generator.bands == 1 and bands > BANDS_TOGETHER:
        together = max(1, min(BANDS_TOGETHER, _FINE_TOGETHER // generator.factor**2))
    return [slice(start, start + together) for start in range(0, bands, together)]
