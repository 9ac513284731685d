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
_SMALLER = (
    64,
    32,
    16,
)  # between holes, beside one another with an overlap; 16 is the least that can be seen
_FEWEST = 4  # windows of a side that are enough not to look at smaller ones
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

    Where holes leave no window of 64 pixels at the usual places, others are looked for between them,
    smaller ones in the end.

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
    blur : float or None
        None if nothing can be seen.
    why : str
        Why not, or on which windows the estimate rests.

    Raises
    ------
    Stopped
        If the user cancels.
    """
    seen, side = _seen(raster, progress)
    if not seen:
        return None, f"no {side} x {side} pixels are without holes"
    patches = _contrasted(seen)
    if not patches:
        return None, "all bands are flat where there are no holes"
    images = torch.from_numpy(np.stack(patches)[:, None])
    parts = [estimator(part) for part in images.split(_TOGETHER)]
    blur = combined(*(torch.cat(answers) for answers in zip(*parts, strict=True)))
    # The estimator shies away from the end of its range: 0.64 looks like 0.54 to it.
    blur += _STRETCH * max(0.0, blur - _STRETCHED_FROM)
    return min(blur + _LEAN * is_field, DETECTOR), f"from windows of {side} pixels"


def _seen(raster, progress):
    """What `_patches` gives, and the side of the windows: smaller ones only if holes ask for them."""
    size, best = _size(raster), ([], 0)
    side = min(_SIDE, *size)
    found = list(_patches(raster, side, [_starts(length, side) for length in size], progress))
    if found:
        return found, side
    for side in (side for side in _SMALLER if side <= min(size)):
        starts = [_dense_starts(length, side) for length in size]
        found = list(_patches(raster, side, starts, progress))
        best = max(best, (found, side), key=lambda pair: len(pair[0]))
        if len(found) >= _FEWEST:
            return found, side
    return best if best[0] else ([], side)


def _patches(raster, side, starts, progress):
    """Band number, standard deviation and image (row, column) of windows without holes."""
    for row in starts[0]:
        for column in starts[1]:
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


def _dense_starts(size, side):
    """Places a quarter of a window apart, or as many as twice the usual."""
    count = min(2 * _PLACES, 1 + -(-4 * (size - side) // side))
    return np.unique(np.linspace(0, size - side, count).astype(int)).tolist()


def _read(raster, row, column, side):
    """Values (band, row, column) in double precision; None if there is a hole."""
    if isinstance(raster, np.ndarray):
        values = raster[:, row : row + side, column : column + side]
        return values.astype(np.float64) if np.isfinite(values).all() else None
    values, valid = raster.read(row, column, side, side)
    return values.astype(np.float64) if valid is None else None
