"""What an upscaled raster adds: how much of it is there, and how fine it is."""

import numpy as np


def detail_shares(truth, interpolated, made):
    """Take apart what was added to an interpolated raster, and what should have been.

    In every pixel the truth differs from the interpolated raster by the detail that is wanted,
    the result by the detail that was made. Where both point the same way, the smaller of them was
    found; what is left of the wanted detail was missed; what is left of the made one was invented.

    Parameters
    ----------
    truth, interpolated, made : array, same shape

    Returns
    -------
    found, missed, invented : float
        Sums over the pixels, in the unit of the values. Divided by their sum they are the
        shares of improvement, omission and hallucination.

    References
    ----------
    The three names are those of opensr-test (Aybar et al. 2024, doi:10.1109/LGRS.2024.3401394);
    how they are computed is not.
    """
    wanted = np.asarray(truth, np.float64) - interpolated
    added = np.asarray(made, np.float64) - interpolated
    found = np.where(wanted * added > 0, np.minimum(np.abs(wanted), np.abs(added)), 0.0)
    return (
        float(found.sum()),
        float((np.abs(wanted) - found).sum()),
        float((np.abs(added) - found).sum()),
    )


def radial_spectrum(images, bins=48):
    """Mean power by frequency.

    Parameters
    ----------
    images : array, shape (..., row, column)
        Every image is freed of its mean and tapered at its border.
    bins : int
        From 0 to 0.5 cycles a pixel.

    Returns
    -------
    array, shape (bins,)
        NaN where a small image has no frequency.
    """
    height, width = images.shape[-2:]
    window = np.hanning(height)[:, None] * np.hanning(width)
    centered = images - images.mean(axis=(-2, -1), keepdims=True)
    power = np.abs(np.fft.rfft2(centered * window)) ** 2
    power = power.reshape(-1, *power.shape[-2:]).mean(axis=0) / window.sum() ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    place = np.minimum((radius * 2 * bins).astype(int), bins)
    total = np.bincount(place.ravel(), power.ravel(), bins + 1)[:bins]
    count = np.bincount(place.ravel(), minlength=bins + 1)[:bins]
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
