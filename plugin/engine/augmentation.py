"""Vary normalized images while training, all of a batch at once and on its device."""

import math

import torch
from torch.nn import functional

_SCALE = 0.2
_SHIFT = 0.1
_TILT = 0.17
_CONTRAST = 0.2
_BRIGHTNESS = 0.1
_TINT = 0.05


def augment(images, kind, spread, generator):
    """Vary images in position and light.

    Parameters
    ----------
    images : torch.Tensor, shape (N, band, row, column)
        In the network's range.
    kind : {"overhead", "photo", "none"}
        Seen from above, an image may be turned by any quarter and mirrored; a photograph
        keeps its up and down.
    spread : float
        Standard deviation of a band in the network's range, the unit of brightness.
    generator : torch.Generator
        Chance, on the CPU.

    Returns
    -------
    torch.Tensor, same shape
    """
    if kind == "none":
        return images
    matrices = _placements(len(images), kind == "overhead", generator).to(images.device)
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    images = functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    return _relight(images, spread, generator)


def _placements(count, overhead, generator):
    """Affine matrices (N, 2, 3) from the varied image to the one it is sampled from."""
    angle = _uniform(count, _TILT, generator)
    if overhead:
        angle = angle + torch.randint(0, 4, (count,), generator=generator) * (math.pi / 2)
    scale = torch.exp(_uniform(count, _SCALE, generator))
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, 1.0, -1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift = [_uniform(count, _SHIFT, generator) for _ in range(2)]
    rows = [torch.stack([cos * mirror, -sin, shift[0]], 1)]
    rows += [torch.stack([sin * mirror, cos, shift[1]], 1)]
    return torch.stack(rows, 1)


def _relight(images, spread, generator):
    """Vary contrast and brightness of every image, and of every band a little."""
    count, bands = images.shape[:2]
    contrast = torch.exp(_uniform((count, 1), _CONTRAST, generator))
    light = _uniform((count, 1), _BRIGHTNESS, generator) + _uniform(
        (count, bands), _TINT if bands > 1 else 0.0, generator
    )
    contrast, light = (part[..., None, None].to(images.device) for part in (contrast, light))
    return images * contrast + light * (2 * spread)


def _uniform(shape, reach, generator):
    shape = (shape,) if isinstance(shape, int) else shape
    return (torch.rand(shape, generator=generator) * 2 - 1) * reach
