"""Find how soft a raster is: the sensor's response at the Nyquist frequency, of sampled windows."""

import os

import numpy as np
import torch

from ...jobs.model_card import UPSCALING
from .. import model_file
from ..degradation import DETECTOR
from ..networks.blur_estimator import combined
from .generator import bundled_path

USUAL = 0.3
_SIDE, _PLACES = 64, 10  # windows of 64 pixels from at most 10 x 10 places
_BANDS, _TOGETHER = 4, 64
_STRETCH, _STRETCHED_FROM = 0.7, 0.4
_LEAN = 0.2


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
def estimate(raster, estimator, progress, is_field=False):
    """Estimate the blur of a raster from windows without holes that have something to show.

    Parameters
    ----------
    raster : Raster, Stack or array, shape (band, row, column)
        Arrays have NaN where there is no data.
    estimator : BlurEstimator
        See `load_estimator`.
    progress : Progress
    is_field : bool
        Whether the raster is a measured field, such as elevation. Smooth ground looks like blur;
        to take it for sharper than it is costs less than to sharpen what is sharp.

    Returns
    -------
    float or None
        None if nothing can be seen: no window without holes, or all of them are flat.

    Raises
    ------
    Stopped
        If the user cancels.
    """
    patches = _contrasted(list(_patches(raster, progress)))
    if not patches:
        return None
    images = torch.from_numpy(np.stack(patches)[:, None])
    parts = [estimator(part) for part in images.split(_TOGETHER)]
    blur = combined(*(torch.cat(answers) for answers in zip(*parts, strict=True)))
    # The estimator shies away from the end of its range: 0.64 looks like 0.54 to it.
    blur += _STRETCH * max(0.0, blur - _STRETCHED_FROM)
    return min(blur + _LEAN * is_field, DETECTOR)


def _patches(raster, progress):
    """Band number, standard deviation and image (row, column) of windows without holes."""
    rows, columns = _size(raster)
    side = min(_SIDE, rows, columns)
    for row in _starts(rows, side):
        for column in _starts(columns, side):
            progress.check()
            values = _read(raster, row, column, side)
            if values is None:
                continue
            step = -(-len(values) // _BANDS)
            for number, band in enumerate(values[::step]):
                yield number, float(band.std()), band


def _contrasted(patches):
    """The windows of every band that have more contrast than half of them, with unit variance.

    Calm water shows the noise of a sensor, not its blur.
    """
    numbers = np.array([number for number, _, _ in patches])
    spreads = np.array([spread for _, spread, _ in patches])
    enough = np.zeros(len(patches), bool)
    for number in np.unique(numbers):
        own = numbers == number
        enough |= own & (spreads >= np.median(spreads[own])) & (spreads > 0)
    chosen = [patches[place] for place in np.flatnonzero(enough)]
    return [((band - band.mean()) / spread).astype(np.float32) for _, spread, band in chosen]


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
