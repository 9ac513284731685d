"""How near an upscaled raster is to the truth.

Images are float arrays; the border is left out where an argument says so.

References
----------
Wang et al. 2004, doi:10.1109/TIP.2003.819861 (SSIM); Kruse et al. 1993,
doi:10.1016/0034-4257(93)90013-N (SAM); Wald 2000, ERGAS
"""

import numpy as np
from scipy.ndimage import gaussian_filter

_SSIM_SIGMA = 1.5
_SSIM_CONSTANTS = 0.01, 0.03


def psnr(truth, made, border=8, peak=None):
    """Peak signal-to-noise ratio in dB, mean over the bands.

    Parameters
    ----------
    truth, made : array, shape (..., H, W)
    border : int
        Pixels that are left out along the border.
    peak : float, optional
        Range of the values; the truth's own if not given.

    Returns
    -------
    float
    """
    truth, made = _inside(truth, border), _inside(made, border)
    peak = peak or float(np.ptp(truth)) or 1.0
    errors = np.mean((truth - made) ** 2, axis=(-2, -1))
    return float(np.mean(10 * np.log10(peak**2 / np.maximum(errors, 1e-20 * peak**2))))


def high_frequency_ratio(truth, made, factor):
    """Energy above the coarse raster's Nyquist frequency, against the truth's.

    Parameters
    ----------
    truth, made : array, shape (..., H, W)
    factor : int
        With 1, frequencies above half of the Nyquist frequency.

    Returns
    -------
    float
        1: as much fine texture as the truth has; of interpolated rasters nearly 0.
    """
    return float(high_energy(made, factor) / max(high_energy(truth, factor), 1e-20))


def high_energy(images, factor):
    """Mean energy of windowed images above 1 / (2 factor) cycles a pixel in either direction.

    Parameters
    ----------
    images : array, shape (..., H, W)
    factor : int

    Returns
    -------
    float
    """
    height, width = images.shape[-2:]
    window = np.hanning(height)[:, None] * np.hanning(width)
    centered = images - images.mean(axis=(-2, -1), keepdims=True)
    power = np.abs(np.fft.rfft2(centered * window)) ** 2
    cut = 0.5 / max(factor, 2)
    rows, columns = np.abs(np.fft.fftfreq(height)), np.fft.rfftfreq(width)
    high = (rows[:, None] > cut) | (columns[None] > cut)
    return power[..., high].sum() / images[..., 0, 0].size


def ssim(truth, made, border=8, peak=None):
    """Structural similarity, mean over bands and pixels.

    Parameters
    ----------
    truth, made : array, shape (band, H, W)
    border : int
    peak : float, optional
        Range of the values; the truth's own if not given.

    Returns
    -------
    float
    """
    peak = peak or float(np.ptp(truth)) or 1.0
    maps = [_ssim_map(a, b, peak) for a, b in zip(truth, made, strict=True)]
    return float(np.mean(_inside(np.stack(maps), border)))


def _ssim_map(truth, made, peak):
    a, b = truth.astype(np.float64), made.astype(np.float64)
    first, second = ((constant * peak) ** 2 for constant in _SSIM_CONSTANTS)
    mean_a, mean_b = _smooth(a), _smooth(b)
    spread_a = _smooth(a * a) - mean_a**2
    spread_b = _smooth(b * b) - mean_b**2
    both = _smooth(a * b) - mean_a * mean_b
    like = (2 * mean_a * mean_b + first) * (2 * both + second)
    return like / ((mean_a**2 + mean_b**2 + first) * (spread_a + spread_b + second))


def _smooth(image):
    return gaussian_filter(image, _SSIM_SIGMA, truncate=3.5)


def spectral_angle(truth, made, border=8):
    """Mean angle between the spectra of two rasters in degrees; NaN for a single band.

    Parameters
    ----------
    truth, made : array, shape (band, H, W)
    border : int

    Returns
    -------
    float
    """
    if len(truth) < 2:
        return float("nan")
    a, b = (_inside(image, border).astype(np.float64) for image in (truth, made))
    sizes = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    cosines = (a * b).sum(axis=0)[sizes > 0] / sizes[sizes > 0]
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean()) if cosines.size else 0.0


def _inside(images, border):
    return images[..., border:-border, border:-border] if border else images
