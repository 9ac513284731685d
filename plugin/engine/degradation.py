"""How a sensor makes a coarse raster of a fine one, and how a result is held to it.

A detector of the coarse pixel's size sees the mean of the fine pixels in it; its own response
at the Nyquist frequency is 2/pi. Optics and motion blur more: `blur` is the whole response
(modulation transfer function, MTF) at the Nyquist frequency of the coarse raster. The coarse
raster is the block mean of the fine one after a Gaussian of such a width that both together
have this response. With a factor of 1 only the Gaussian is left.

References
----------
Irani & Peleg 1991, doi:10.1016/1049-9652(91)90045-L (back-projection)
"""

import math
from functools import lru_cache

import torch
from torch.nn import functional

DETECTOR = 2 / math.pi
_REACH_SIGMAS = 3.5
_CUBIC = -0.5  # GDAL's; torch's own is -0.75
CUBIC_RADIUS = 2


def gaussian_sigma(blur, factor):
    """Width of the Gaussian in fine pixels for a blur.

    Parameters
    ----------
    blur : float
        Response at the coarse raster's Nyquist frequency; 2/pi and more: the detector's alone.
    factor : int
        Fine pixels along a coarse one.

    Returns
    -------
    float
    """
    if blur >= DETECTOR:
        return 0.0
    return factor / math.pi * math.sqrt(2 * math.log(DETECTOR / blur))


def degrade(fine, factor, blur):
    """Make a coarse raster of a fine one.

    Parameters
    ----------
    fine : torch.Tensor, shape (N, C, H, W)
        H and W are multiples of `factor`. Beyond the border it is mirrored.
    factor : int
    blur : float
        See the module's text.

    Returns
    -------
    torch.Tensor, shape (N, C, H / factor, W / factor)
    """
    return _seen(_phases(fine, factor), factor, blur).view(
        *fine.shape[:2], fine.shape[2] // factor, fine.shape[3] // factor
    )


def reach(factor, blur):
    """Coarse pixels around one that an iteration of `back_project` lets change it."""
    return math.ceil(_REACH_SIGMAS * gaussian_sigma(blur, factor) / factor) + CUBIC_RADIUS


def _phases(fine, factor):
    """The fine pixels of each coarse one as channels (N * C, factor squared, H, W).

    A sensor is then a convolution of coarse size: many times faster than one over fine pixels.
    """
    return functional.pixel_unshuffle(fine.flatten(0, 1)[:, None], factor)


def _seen(phases, factor, blur):
    """What the sensor sees of phases: (N * C, 1, H, W)."""
    kernel = sensor_kernel(factor, blur).to(phases)
    return _convolved(_mirrored(phases, factor, kernel.shape[-1] // 2), kernel)


def _convolved(images, kernel):
    """Convolve in full single precision: measurements may not pass through 10 bits of a GPU."""
    if images.device.type != "cuda":
        return functional.conv2d(images, kernel)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        return functional.conv2d(images, kernel)


@lru_cache(maxsize=64)
def sensor_kernel(factor, blur):
    """The sensor as a kernel (1, factor squared, blocks, blocks) over phases."""
    sigma = gaussian_sigma(blur, factor)
    radius = max(1, math.ceil(_REACH_SIGMAS * sigma)) if sigma else 0
    blocks = -(-radius // factor)
    places = torch.arange(-radius, radius + 1, dtype=torch.float64)
    gaussian = torch.exp(-0.5 * (places / sigma) ** 2) if sigma else torch.ones(1).double()
    taps = torch.zeros((2 * blocks + 1) * factor, dtype=torch.float64)
    for pixel in range(factor):
        start = blocks * factor + pixel - radius
        taps[start : start + len(gaussian)] += gaussian / gaussian.sum() / factor
    taps = taps.view(-1, factor)
    kernel = torch.einsum("ap,bq->pqab", taps, taps)
    return kernel.reshape(1, factor * factor, len(taps), len(taps)).float()


def _mirrored(phases, factor, blocks):
    """Phases with some coarse pixels of their mirror image around them."""
    if not blocks:
        return phases
    height, width = phases.shape[-2:]
    if min(height, width) < blocks:
        return functional.pad(phases, (blocks,) * 4, mode="replicate")
    grid = phases.view(len(phases), factor, factor, height, width)
    left, right = grid[..., :blocks].flip(2, 4), grid[..., -blocks:].flip(2, 4)
    grid = torch.cat([left, grid, right], 4)
    above, below = grid[:, :, :, :blocks].flip(1, 3), grid[:, :, :, -blocks:].flip(1, 3)
    return torch.cat([above, grid, below], 3).flatten(1, 2)


def cubic(coarse, factor):
    """Upsample by cubic convolution (a = -0.5, as GDAL's), pixel areas aligned.

    Parameters
    ----------
    coarse : torch.Tensor, shape (N, C, H, W)
    factor : int

    Returns
    -------
    torch.Tensor, shape (N, C, factor * H, factor * W)
    """
    if factor == 1:
        return coarse
    phases = _cubic_phases(coarse.flatten(0, 1)[:, None], factor)
    fine = functional.pixel_shuffle(phases, factor)
    return fine.view(*coarse.shape[:2], *fine.shape[-2:])


def _cubic_phases(flat, factor):
    """The phases of what is interpolated between coarse pixels (N, 1, H, W)."""
    if factor == 1:
        return flat
    kernels = _cubic_kernels(factor).to(flat)
    return _convolved(_mirrored(flat, 1, CUBIC_RADIUS), kernels)


@lru_cache(maxsize=8)
def _cubic_kernels(factor):
    """Kernels (factor squared, 1, 5, 5) of the phases of cubic convolution."""
    rows = [[dict(taps).get(tap, 0.0) for tap in range(-2, 3)] for taps in cubic_taps(factor)]
    taps = torch.tensor(rows, dtype=torch.float64)
    kernels = torch.einsum("ai,bj->abij", taps, taps)
    return kernels.reshape(factor * factor, 1, 5, 5).float()


@lru_cache(maxsize=8)
def cubic_taps(factor):
    """For every fine pixel of a coarse one along an axis: coarse pixels from there, and weights.

    Returns
    -------
    tuple of tuple of (int, float)
    """
    offsets = [(phase + 0.5) / factor - 0.5 for phase in range(factor)]
    weights = [[(tap, _keys(tap - offset)) for tap in range(-2, 3)] for offset in offsets]
    return tuple(tuple(pair for pair in taps if pair[1]) for taps in weights)


def _keys(distance):
    """The cubic convolution kernel of Keys 1981, doi:10.1109/TASSP.1981.1163711."""
    d = abs(distance)
    if d <= 1:
        return (_CUBIC + 2) * d**3 - (_CUBIC + 3) * d**2 + 1
    if d < 2:
        return _CUBIC * (d**3 - 5 * d**2 + 8 * d - 4)
    return 0.0


def back_project(fine, coarse, factor, blur, iterations, valid=None):
    """Correct a result until it, degraded again, gives the coarse raster back.

    Parameters
    ----------
    fine : torch.Tensor, shape (N, C, factor * H, factor * W)
    coarse : torch.Tensor, shape (N, C, H, W)
    factor : int
    blur : float
        With the detector's alone one iteration is exact.
    iterations : int
    valid : torch.Tensor, shape (N, 1, H, W), optional
        1 where the coarse raster holds data; nothing is corrected elsewhere.

    Returns
    -------
    torch.Tensor, shape of `fine`
    """
    exact = gaussian_sigma(blur, factor) == 0
    phases, wanted = _phases(fine, factor), coarse.flatten(0, 1)[:, None]
    held = None if valid is None else valid.repeat_interleave(coarse.shape[1], 0)
    missing = wanted - _seen(phases, factor, blur)
    if exact:
        iterations = min(iterations, 1)
    total = torch.zeros_like(missing)
    for number in range(iterations):
        step = missing if held is None else missing * held
        total = total + step
        if number + 1 < iterations:
            # What the sensor sees of a step; the fine raster itself need not be touched.
            missing = missing - _seen_again(step, factor, blur)
    phases = phases.add_(total if exact else _cubic_phases(total, factor))
    return functional.pixel_shuffle(phases, factor).view(fine.shape)


def _seen_again(coarse, factor, blur):
    """What the sensor sees of an interpolated raster (N, 1, H, W)."""
    kernel = sensor_of_cubic(factor, blur).to(coarse)
    flat = _mirrored(coarse, 1, kernel.shape[-1] // 2)
    return _convolved(_convolved(flat, kernel[..., None]), kernel[..., None, :])


@lru_cache(maxsize=64)
def sensor_of_cubic(factor, blur):
    """Along an axis, what the sensor sees of one interpolated coarse pixel: (1, 1, taps)."""
    blocks = sensor_kernel(factor, blur).shape[-1] // 2
    radius = (CUBIC_RADIUS if factor > 1 else 0) + blocks
    pixel = torch.zeros(1, 1, 4 * radius + 1, 4 * radius + 1)
    pixel[..., 2 * radius, 2 * radius] = 1
    seen = _seen(_cubic_phases(pixel, factor), factor, blur)
    return seen.sum(2)[..., radius : 3 * radius + 1]
