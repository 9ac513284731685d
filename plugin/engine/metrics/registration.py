"""How far an image lies from another one, to a fraction of a pixel.

References
----------
Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156 (refining the peak of a phase correlation);
Lucas & Kanade 1981, IJCAI (the rest by least squares of the gradient)
"""

import numpy as np
from scipy import ndimage

_FINE, _REACH = 20, 1.5
_ROUNDS, _MARGIN = 3, 4


def shift(first, second, finest=0.25):
    """Find the shift between two images by phase correlation, refined by least squares.

    The peak of the correlation is off by a tenth of a pixel on squares of a hundred; what is left
    after it is taken back is small enough for the gradient.

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
    return _by_gradient(first, second, _refined(cross, whole), 0.25 / finest)


def _windowed(image):
    values = np.asarray(image, np.float64)
    values = values - values.mean()
    return values * np.hanning(values.shape[0])[:, None] * np.hanning(values.shape[1])


def _low_pass(shape, finest):
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None]
    return np.exp(-0.5 * (rows**2 + columns**2) / (finest / 2.5) ** 2)


def _refined(cross, whole):
    """The peak of the correlation on a fine grid around a whole pixel."""
    steps = np.arange(-_REACH, _REACH + 0.5 / _FINE, 1 / _FINE)
    rows, columns = (
        np.exp(2j * np.pi * np.outer(place + steps, np.fft.fftfreq(size)))
        for place, size in zip(whole, cross.shape, strict=True)
    )
    fine = (rows @ cross @ columns.T).real
    row, column = np.unravel_index(np.argmax(fine), fine.shape)
    return float(whole[0] + steps[row]), float(whole[1] + steps[column])


def _by_gradient(first, second, found, softness):
    """Move the second image back and solve for the rest, a few times."""
    images = [ndimage.gaussian_filter(np.asarray(i, np.float64), softness) for i in (first, second)]
    found = np.array(found)
    for _ in range(_ROUNDS):
        moved = ndimage.shift(images[1], -found, order=3, mode="nearest")
        rows, columns = (int(np.ceil(abs(v))) + _MARGIN for v in found)
        inside = slice(rows, -rows), slice(columns, -columns)
        if min(moved[inside].shape) < _MARGIN:
            break
        slopes = [s[inside].ravel() for s in np.gradient((images[0] + moved) / 2)]
        matrix = np.array([[a @ b for b in slopes] for a in slopes])
        if np.linalg.cond(matrix) > 1e8:  # nothing changes in one of the directions
            break
        step = np.linalg.solve(matrix, [a @ (images[0] - moved)[inside].ravel() for a in slopes])
        if np.abs(step).max() > 1:
            break
        found = found + step
    return float(found[0]), float(found[1])
