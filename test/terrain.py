"""Made-up ground with edges and texture at every scale, that can be learned from."""

import numpy as np
from scipy.ndimage import gaussian_filter

from landscapes import NORTH_UP, write_raster


def terrain(height=512, width=640, bands=1, seed=0):
    """Fields with sharp borders and furrows, float64 (band, row, column) in 0..255."""
    chance = np.random.default_rng(seed)
    fields = sum(
        np.where(gaussian_filter(chance.standard_normal((height, width)), side) > 0, 1, -1)
        for side in (24, 10, 4)
    )
    row, column = np.indices((height, width))
    furrows = np.sin((row + column) * 0.55) * (fields > 0)
    layers = [
        128 + 22 * fields + 9 * (1 + 0.2 * band) * furrows + chance.normal(0, 2, fields.shape)
        for band in range(bands)
    ]
    return np.clip(np.stack(layers), 0, 255)


def write_terrain(path, dtype="uint8", transform=NORTH_UP, **known):
    """Write such ground as a GeoTIFF; returns its path as text."""
    return write_raster(path, np.round(terrain(**known)).astype(dtype), transform)
