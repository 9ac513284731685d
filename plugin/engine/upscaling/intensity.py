"""Texture in the intensity alone: the same in all bands, so that colors stay."""

import torch

from .held import interpolated

_DARKEST, _MOST = 1e-3, 0.5  # of brightness, and of what texture may change of it
_ROWS = 64


def in_intensity(added, faithful, levels):
    """Give all bands the same texture.

    Parameters
    ----------
    added : torch.Tensor, shape (N, C, H, W)
        The texture of every band.
    faithful : torch.Tensor, shape of `added`
        The image without it, in the network's range.
    levels : sequence of float, length C, or None
        See `Generator.upscale`.

    Returns
    -------
    torch.Tensor, shape (N, C or 1, H, W)
        What to add.
    """
    if levels is None:
        return added.mean(1, keepdim=True)
    black = torch.tensor(levels, dtype=faithful.dtype, device=faithful.device).view(1, -1, 1, 1)
    brightness = (faithful + black).clamp_(min=0)
    total = brightness.sum(1, keepdim=True).clamp_(min=_DARKEST)
    share = (added.sum(1, keepdim=True) / total).clamp_(-_MOST, _MOST)
    return brightness.mul_(share)


def share_intensity(planes, textured, coarse, levels):
    """Give planes the texture of others in the intensity alone, in place.

    Parameters
    ----------
    planes, textured : torch.Tensor, shape (C, factor squared, H', W')
        What the two networks add to a window, see `rolling.added_planes`.
    coarse : torch.Tensor, shape (C, H, W)
    levels : sequence of float, length C, or None
    """
    factor, inset = round(planes.shape[1] ** 0.5), (coarse.shape[2] - planes.shape[3]) // 2
    for row in range(0, planes.shape[2], _ROWS):
        part = planes[:, :, row : row + _ROWS]
        under = coarse[:, row : row + part.shape[2] + 2 * inset]
        faithful = (interpolated(under, factor, inset) + part).transpose(0, 1)
        added = (textured[:, :, row : row + _ROWS] - part).transpose(0, 1)
        part += in_intensity(added, faithful, levels).transpose(0, 1)
