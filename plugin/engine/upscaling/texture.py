"""Where texture may be: not beside straight lines and edges.

A network gives every coarse pixel along a straight road the same texture, which then is no texture
but a lattice with the period of a coarse pixel, into the calm ground beside it. Nothing in the
coarse raster asks for it there: all that varies does so across the road. Texture is therefore kept only
where, around a pixel and around those near it, the ground varies along the direction in which it varies
least by some part of what it varies across it (the eigenvalues of the structure tensor).

References
----------
Bigün & Granlund 1987, Proc. First International Conference on Computer Vision, 433-438
"""

import torch
from torch.nn import functional

# Tried on aerial images (NAIP) and on a road over water in one of them, whose lattice of 4.9 digital
# numbers became 0.4; windows of radius 7 without `_NEAR` left 2.5 of it and took as much texture.
_RADIUS, _NEAR = 4, 5  # of the window, and of the pixels that may forbid texture
_ENOUGH = 0.03  # of the larger eigenvalue
_FLAT = 1e-9  # gradient squared in the network's range; a step of 8 bits is a thousand times more


def texture_share(coarse, shared, reach):
    """The share of a texture that the ground allows.

    Parameters
    ----------
    coarse : torch.Tensor, shape (C, H, W)
        In the network's range, without holes.
    shared : bool
        Whether all bands have the same texture: their mean is looked at.
    reach : int
        Pixels around one that the share may depend on, at least 5.

    Returns
    -------
    torch.Tensor, shape (C or 1, H, W)
        0 to 1.
    """
    coarse = coarse.mean(0, keepdim=True) if shared else coarse
    radius = min(_RADIUS, reach // 2 - 1)
    around = functional.pad(coarse[:, None], (1, 1, 1, 1), mode="replicate")
    across = (around[..., 1:-1, 2:] - around[..., 1:-1, :-2]) / 2
    down = (around[..., 2:, 1:-1] - around[..., :-2, 1:-1]) / 2
    squares = _smoothed(across.square(), radius), _smoothed(down.square(), radius)
    middle, apart = (squares[0] + squares[1]) / 2, (squares[0] - squares[1]) / 2
    spread = torch.hypot(apart, _smoothed(across * down, radius))
    least, most = (middle - spread).clamp_(min=0), (middle + spread).clamp_(min=_FLAT)
    share = (least / most / _ENOUGH).clamp_(max=1)
    near = min(_NEAR, reach - 1 - radius)
    return -functional.max_pool2d(-share, 2 * near + 1, 1, near)[:, 0]


def _smoothed(images, radius):
    """Weighted means over a window around every pixel of images (N, 1, H, W)."""
    taps = torch.hann_window(2 * radius + 3, periodic=False)[1:-1].to(images)
    taps = taps / taps.sum()
    images = functional.pad(images, (radius,) * 4, mode="replicate")
    rows = functional.conv2d(images, taps.view(1, 1, 1, -1))
    return functional.conv2d(rows, taps.view(1, 1, -1, 1))
