"""The usual ways to make a raster finer, which learn nothing: what any upscaler must beat."""

import math

import torch

from ..degradation import back_project, cubic

_LOBES = 3


def resample(coarse, factor, how):
    """Make a raster finer by interpolation, pixel areas aligned.

    Parameters
    ----------
    coarse : torch.Tensor, shape (N, C, H, W)
    factor : int
    how : {"nearest", "bilinear", "cubic", "lanczos"}

    Returns
    -------
    torch.Tensor, shape (N, C, factor * H, factor * W)
    """
    if factor == 1:
        return coarse
    if how == "cubic":
        return cubic(coarse, factor)
    if how == "nearest":
        return coarse.repeat_interleave(factor, -2).repeat_interleave(factor, -1)
    rows, columns = (_weights(size, factor, how).to(coarse) for size in coarse.shape[-2:])
    return torch.einsum("ij,ncjk,lk->ncil", rows, coarse, columns)


def corrected(coarse, factor, blur, iterations):
    """Cubic interpolation with back-projection: the best that learns nothing.

    Parameters
    ----------
    coarse : torch.Tensor, shape (N, C, H, W)
    factor : int
    blur : float
    iterations : int
    """
    return back_project(cubic(coarse, factor), coarse, factor, blur, iterations)


def _weights(size, factor, how):
    """The share of each coarse pixel in each fine one, (factor * size, size); border repeated."""
    reach = 1 if how == "bilinear" else _LOBES
    kernel = _triangle if how == "bilinear" else _lanczos
    weights = torch.zeros(size * factor, size, dtype=torch.float64)
    for fine in range(size * factor):
        place = (fine + 0.5) / factor - 0.5
        taps = range(math.floor(place) - reach + 1, math.floor(place) + reach + 1)
        shares = [kernel(tap - place) for tap in taps]
        for tap, share in zip(taps, shares, strict=True):
            weights[fine, min(max(tap, 0), size - 1)] += share / sum(shares)
    return weights


def _triangle(distance):
    return max(0.0, 1 - abs(distance))


def _lanczos(distance):
    if abs(distance) < 1e-9:
        return 1.0
    if abs(distance) >= _LOBES:
        return 0.0
    angle = math.pi * distance
    return _LOBES * math.sin(angle) * math.sin(angle / _LOBES) / angle**2
