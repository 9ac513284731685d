"""Tell alpha from a band that is only marked so.

GDAL and what builds on it mark the fourth band of a new GeoTIFF of 8 bits as alpha, though in a
raster of red, green, blue and near infrared it holds measurements. Alpha is 0 or full nearly
everywhere; measurements are not.
"""

import os

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

_SIDE = 128
_LEAST_SHARE = 0.5  # of pixels that are clear or opaque
_FOUND = {}  # by path, time of change and band: it is asked for every window


def is_alpha(dataset, band):
    """Whether a band of an open dataset is alpha."""
    if dataset.colorinterp[band - 1] != ColorInterp.alpha:
        return False
    key = dataset.name, _changed(dataset.name), band
    if key not in _FOUND:
        _FOUND[key] = _is_clear_or_opaque(dataset, band)
    return _FOUND[key]


def has_mask(dataset, bands):
    """Whether one mask, or real alpha, says for all bands where there is data."""
    flags = dataset.mask_flag_enums
    if not any(MaskFlags.per_dataset in flags[band - 1] for band in bands):
        return False
    if not any(MaskFlags.alpha in flags[band - 1] for band in bands):
        return True
    return any(is_alpha(dataset, band) for band in dataset.indexes)


def _changed(path):
    try:
        return os.path.getmtime(path)
    except OSError:  # not a plain file
        return None


def _is_clear_or_opaque(dataset, band):
    seen = np.concatenate([
        dataset.read(band, window=Window(column, row, _SIDE, _SIDE)).ravel()
        for row in _starts(dataset.height)
        for column in _starts(dataset.width)
    ])  # fmt: skip
    full = np.iinfo(seen.dtype).max if seen.dtype.kind in "ui" else 1.0
    return bool(np.isin(seen, [0, 1, 255, full]).mean() >= _LEAST_SHARE)


def _starts(size):
    return sorted({max(0, int(share * (size - _SIDE))) for share in (0.0, 0.5, 1.0)})
