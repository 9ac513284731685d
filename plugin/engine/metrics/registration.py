"""How far an image lies from another one, to a fraction of a pixel.

References
----------
Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156 (refining the peak of a phase correlation)
"""

import numpy as np

_FINE, _REACH = 100, 1.5


def shift(first, second, finest=0.25):
    """Find the shift between two images by phase correlation.

    Parameters
    ----------
    first, second : array, shape (row, column)
        Without holes.
    finest : float
        Cycles a pixel: above it one of them holds nothing that can be relied on, such as an
        interpolated image above the Nyquist frequency of what it was made of.

    Returns
    -------
    rows, columns : float
        How far the content of `second` lies below and to the right of that of `first`, in pixels;
        0 if one of them is constant.
    """
    spectra = [np.fft.fft2(_windowed(image)) for image in (first, second)]
    cross = spectra[1] * np.conj(spectra[0]) * _low_pass(first.shape, finest)
    size = np.abs(cross)
    if size.max() <= 0:
        return 0.0, 0.0
    # Not whitened in full: a frequency without energy has a phase of noise.
    cross = cross / np.sqrt(size + 1e-6 * size.max()) / np.sqrt(size.max())
    correlation = np.fft.ifft2(cross).real
    peak = np.unravel_index(np.argmax(correlation), correlation.shape)
    whole = [(p + n // 2) % n - n // 2 for p, n in zip(peak, correlation.shape, strict=True)]
    return _refined(cross, whole)


def _windowed(image):
    values = np.asarray(image, np.float64)
    values = values - values.mean()
    return values * np.hanning(values.shape[0])[:, None] * np.hanning(values.shape[1])


def _low_pass(shape, finest):
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None]
    return np.exp(-0.5 * (rows**2 + columns**2) / (finest / 2.5) ** 2)


def _refined(cross, whole):
    """The peak of the correlation on a grid of hundredths of a pixel around a whole one."""
    steps = np.arange(-_REACH, _REACH + 0.5 / _FINE, 1 / _FINE)
    rows, columns = (
        np.exp(2j * np.pi * np.outer(place + steps, np.fft.fftfreq(size)))
        for place, size in zip(whole, cross.shape, strict=True)
    )
    fine = (rows @ cross @ columns.T).real
    row, column = np.unravel_index(np.argmax(fine), fine.shape)
    return float(whole[0] + steps[row]), float(whole[1] + steps[column])
