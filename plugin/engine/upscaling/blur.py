"""Find how soft a raster is: the sensor's response at the Nyquist frequency, of sampled windows."""

import os

import numpy as np
import torch

from ...jobs.model_card import UPSCALING
from .. import model_file
from ..networks.blur_estimator import combined
from .generator import bundled_path

USUAL = 0.3
_SIDE, _PLACES = 64, 12  # windows of 64 pixels from at most 12 x 12 places
_BANDS, _BEST = 8, 96
_LEAST_SPREAD = 1e-6


def load_estimator():
    """Load the estimator that comes with the plugin.

    Returns
    -------
    BlurEstimator or None
        None if there is none.

    Raises
    ------
    JobError
        If its file is damaged.
    """
    path = bundled_path("blur_estimator")
    return model_file.load(path, UPSCALING)[1] if os.path.isfile(path) else None


@torch.no_grad()
def estimate(raster, estimator, progress):
    """Estimate the blur of a raster from windows without holes that have the most to see.

    Parameters
    ----------
    raster : Raster, Stack or array, shape (band, row, column)
        Arrays have NaN where there is no data.
    estimator : BlurEstimator
        See `load_estimator`.
    progress : Progress

    Returns
    -------
    float or None
        None if nothing can be seen: no window without holes, or all of them are flat.

    Raises
    ------
    Stopped
        If the user cancels.
    """
    patches = sorted(_patches(raster, progress), key=lambda patch: -patch[0])[:_BEST]
    if not patches:
        return None
    images = torch.from_numpy(np.stack([image for _, image in patches])[:, None])
    return combined(*estimator(images))


def _patches(raster, progress):
    """Pairs of how much there is to see, and an image (row, column) with unit variance."""
    rows, columns = _size(raster)
    side = min(_SIDE, rows, columns)
    for row in _starts(rows, side):
        for column in _starts(columns, side):
            progress.check()
            values = _read(raster, row, column, side)
            if values is None:
                continue
            for band in values[:: -(-len(values) // _BANDS)]:
                spread = float(band.std())
                if spread > _LEAST_SPREAD * max(1.0, float(np.abs(band).max())):
                    image = (band - band.mean()) / spread
                    yield _busyness(band), image.astype(np.float32)


def _busyness(band):
    """The mean absolute step from pixel to pixel, in parts of all that the window spans."""
    steps = np.abs(np.diff(band, axis=0)).mean() + np.abs(np.diff(band, axis=1)).mean()
    return float(steps / np.ptp(band)) * float(np.log1p(band.std()))


def _size(raster):
    grid = getattr(raster, "grid", None)
    return raster.shape[1:] if grid is None else (grid.height, grid.width)


def _starts(size, side):
    count = min(_PLACES, max(1, size // side))
    return np.unique(np.linspace(0, size - side, count).astype(int)).tolist()


def _read(raster, row, column, side):
    """Values (band, row, column) in double precision; None if there is a hole."""
    if isinstance(raster, np.ndarray):
        values = raster[:, row : row + side, column : column + side]
        return values.astype(np.float64) if np.isfinite(values).all() else None
    values, valid = raster.read(row, column, side, side)
    return values.astype(np.float64) if valid is None else None
