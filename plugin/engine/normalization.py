"""From the numbers of a raster to the range that a network expects.

The numbers of the card say how: a band goes in as ``(value - mean) / sd``. They are measured
once, on the images that train, and never guessed from what is predicted.
"""

import numpy as np
import torch
from torch.nn import functional

# A network that was trained on ImageNet sees images of this spread: the bundled MobileNetV2
# takes pixel / 127.5 - 1, torchvision's networks take standardized bands.
SPREAD = {"mobilenet_v2": 0.5}
_IMAGES_MEASURED = 2000
_FARTHEST = 20.0  # in the network's range


def measure(values, indices, spread=1.0):
    """Measure the normalization numbers of training images.

    Parameters
    ----------
    values : numpy.ndarray, shape (N, band, row, column)
        Images; NaN where a pixel is not valid.
    indices : numpy.ndarray of int
        The images that train; at most 2,000 of them, evenly chosen, are looked at.
    spread : float
        Standard deviation that a band has in the network's range.

    Returns
    -------
    dict
        ``{"mean": [...], "sd": [...]}``, a number per band. Values outside the 0.5 to 99.5 %
        range do not count, so that a few wild pixels cannot dim a band.
    """
    chosen = np.sort(indices)[:: max(1, len(indices) // _IMAGES_MEASURED)]
    mean, sd = [], []
    for band in range(values.shape[1]):
        sample = np.asarray(values[chosen, band], dtype=np.float32).ravel()
        sample = sample[np.isfinite(sample)].astype(np.float64)
        if sample.size:
            low, high = np.percentile(sample, [0.5, 99.5])
            sample = np.clip(sample, low, high)
        mean.append(float(sample.mean()) if sample.size else 0.0)
        deviation = float(sample.std()) if sample.size else 0.0
        sd.append(deviation / spread if deviation > 0 else 1.0)
    return {"mean": mean, "sd": sd}


def to_network_range(images, numbers):
    """Normalize images; a pixel that is not valid gets the band's mean.

    A value far outside all others, such as a nodata value that is not declared, is clamped.

    Parameters
    ----------
    images : torch.Tensor, shape (N, band, row, column)
        Values as they are in the files, NaN where not valid.
    numbers : dict
        ``{"mean": [...], "sd": [...]}`` as `measure` gives it.

    Returns
    -------
    torch.Tensor of float32, same shape
    """
    mean, sd = (
        torch.tensor(numbers[name], dtype=torch.float32, device=images.device).view(1, -1, 1, 1)
        for name in ("mean", "sd")
    )
    images = ((images.float() - mean) / sd).clamp(-_FARTHEST, _FARTHEST)
    return torch.nan_to_num(images, nan=0.0) if images.isnan().any() else images


def fit(values, side, crop=1.0, valid=None):
    """Bring an image to the square that a network sees.

    Whole numbers stay whole numbers: what is trained on is stored in the images' own type, and
    what is predicted must be the same.

    The shorter side is resized to `side` / `crop` with antialiasing and the middle square is
    cut out, so that nothing is stretched.

    Parameters
    ----------
    values : numpy.ndarray, shape (band, row, column)
    side : int
        Side of the square in pixels.
    crop : float
        Share of the shorter side that is kept.
    valid : numpy.ndarray of bool, shape (row, column), optional
        Which pixels are valid; None for all.

    Returns
    -------
    numpy.ndarray of float32, shape (band, side, side)
        NaN where a pixel is not valid.
    """
    image = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
    whole = np.asarray(values).dtype.kind in "iu"
    if valid is not None:
        image[:, ~torch.from_numpy(np.asarray(valid, dtype=bool))] = torch.nan
    return resize(image[None], side, crop, whole)[0].numpy()


def resize(images, side, crop=1.0, whole=False):
    """Resize images (N, band, row, column) to (N, band, side, side); see `fit`."""
    rows, columns = images.shape[-2:]
    scale = side / crop / min(rows, columns)
    size = max(side, round(rows * scale)), max(side, round(columns * scale))
    if size != (rows, columns):
        images = _resample(images, size)
        images = images.round() if whole else images
    top, left = (size[0] - side) // 2, (size[1] - side) // 2
    return images[..., top : top + side, left : left + side]


def _resample(images, size):
    """Bilinear with antialiasing; pixels that are not valid take no part."""
    holes = images.isnan()
    if not holes.any():
        return functional.interpolate(images, size, mode="bilinear", antialias=True)
    weight = functional.interpolate((~holes).float(), size, mode="bilinear", antialias=True)
    filled = torch.where(holes, 0.0, images)
    total = functional.interpolate(filled, size, mode="bilinear", antialias=True)
    return torch.where(weight > 0.5, total / weight.clamp_min(1e-6), torch.nan)
