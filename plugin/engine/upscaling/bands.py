"""The bands of a raster in the network's range, and back, without losing what was measured.

A band goes in as (value - mean) / (4 standard deviations), computed in double precision: what
single precision then holds is a ten-millionth of the band's own range, however far it lies from
zero.
"""

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from ..rasters import is_measured
from ..reading_ahead import ahead
from .fine_images import STANDARD_DEVIATIONS

_SIDE = 1024
_WINDOW_VALUES = 2**23
_ALL_READ = 2**29  # values; of more, windows are sampled
_SAMPLED_SIDE, _SAMPLED = 512, 2**27
_KEPT_OF_A_BAND, _KEPT = 2**20, 2**23
_LOWEST, _HIGHEST = 0.5, 99.5  # percent: wild pixels cannot dim a band


class Readings:
    """A raster whose pixels of a given value hold no data, beside those that it says itself.

    Parameters
    ----------
    raster : Raster
    nodata : float, optional
    """

    def __init__(self, raster, nodata=None):
        self._raster, self._nodata = raster, nodata
        self.grid, self.bands, self.name = raster.grid, raster.bands, raster.name
        # As everywhere: 0 and 8-bit values are honest values of a single band.
        self._honest = nodata == 0 or np.dtype(raster.dtype).itemsize == 1

    def read(self, row, column, height, width):
        """Values and validity of a window, see `Raster.read`."""
        values, valid = self._raster.read(row, column, height, width)
        if self._nodata is None:
            return values, valid
        equal = values == self._nodata
        holes = equal.all(axis=0) if self._honest else equal.any(axis=0)
        valid = ~holes if valid is None else valid & ~holes
        return values, None if valid.all() else valid


@dataclass(frozen=True)
class Ranges:
    """Where the values of bands lie.

    Attributes
    ----------
    mean, scale : float array, shape (band,)
        A value in the network's range times `scale` plus `mean` is one in the raster's. `scale`
        is 0 for a constant band.
    low, high : float array, shape (band,)
        The least and the greatest value.
    not_finite : float array, shape (band,)
        Share of the pixels that are NaN, infinite, or larger than anything that is measured.
    holes : bool
        Whether pixels without data were met, or may have been missed.
    empty : bool
        Whether the area holds no data for sure.
    """

    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray
    not_finite: np.ndarray
    holes: bool
    empty: bool


def measure(readings, area, progress):
    """Measure the ranges of a raster's bands over all of it, in windows if it is very large.

    Parameters
    ----------
    readings : Readings
    area : tuple of int
        Row, column, height and width of what is wanted.
    progress : Progress

    Returns
    -------
    Ranges

    Raises
    ------
    Stopped
        If the user cancels.
    """
    windows, sampled = _windows(readings.grid, len(readings.bands))
    tally = _Tally(len(readings.bands), _step(windows, len(readings.bands)), area)
    read = ((window, *readings.read(*window)) for window in windows)
    with closing(ahead(read, progress.check)) as coming:
        for number, (window, values, valid) in enumerate(coming, 1):
            tally.add(window, values, valid)
            progress(number / len(windows), f"Measuring the bands: {number:,} of {len(windows):,}")
    return tally.ranges(sampled)


def _windows(grid, bands):
    """Windows (row, column, height, width) that cover a grid, or a sample of them."""
    height, width = grid.height, grid.width
    if height * width * bands <= _ALL_READ:
        side = min(_SIDE, max(64, int((_WINDOW_VALUES / bands) ** 0.5)))
        return _tiles(height, width, side), False
    tiles = _tiles(height, width, _SAMPLED_SIDE)
    count = max(16, _SAMPLED // (bands * _SAMPLED_SIDE**2))
    places = np.unique(np.linspace(0, len(tiles) - 1, count).astype(int))
    return [tiles[place] for place in places], True


def _tiles(height, width, side):
    return [
        (row, column, min(side, height - row), min(side, width - column))
        for row in range(0, height, side)
        for column in range(0, width, side)
    ]


def _step(windows, bands):
    """Of how many rows and columns one is kept to find the spread of the bands."""
    pixels = sum(height * width for _, _, height, width in windows)
    return max(1, int(np.ceil((pixels / min(_KEPT_OF_A_BAND, _KEPT / bands)) ** 0.5)))


class _Tally:
    def __init__(self, bands, step, area):
        self._step, self._area = step, area
        self._low, self._high = np.full(bands, np.inf), np.full(bands, -np.inf)
        self._not_finite, self._pixels = np.zeros(bands), 0
        self._kept, self._inside, self._holes = [], 0, False

    def add(self, window, values, valid):
        self._pixels += values.shape[1] * values.shape[2]
        self._holes |= valid is not None
        if values.dtype.kind == "f":
            self._not_finite += (~is_measured(values)).sum(axis=(1, 2))
        self._inside += _valid_inside(window, self._area, valid)
        thin = np.s_[..., :: self._step, :: self._step]
        if valid is None:
            self._see(values.reshape(len(values), -1))
            self._kept.append(values[thin].reshape(len(values), -1))
        elif valid.any():
            self._see(values[:, valid])
            self._kept.append(values[thin][:, valid[thin]])

    def _see(self, values):
        self._low = np.minimum(self._low, values.min(axis=1))
        self._high = np.maximum(self._high, values.max(axis=1))

    def ranges(self, sampled):
        kept = np.concatenate(self._kept, axis=1) if self._kept else np.zeros((len(self._low), 0))
        numbers = [
            _center_and_scale(band, low, high, sampled)
            for band, low, high in zip(kept, self._low, self._high, strict=True)
        ]
        mean, scale = np.array(numbers).T
        return Ranges(
            mean, scale, self._low, self._high, self._not_finite / max(self._pixels, 1),
            self._holes or sampled, self._inside == 0 and not sampled,
        )  # fmt: skip


def _center_and_scale(values, low, high, sampled):
    """Mean and four standard deviations of what lies in the middle 99 %."""
    if not low < high:
        return (float(low) if np.isfinite(low) else 0.0), float(sampled)
    values = values.astype(np.float64)
    if values.size:
        values = np.clip(values, *np.percentile(values, [_LOWEST, _HIGHEST]))
    spread = float(values.std()) if values.size else 0.0
    center = float(values.mean()) if values.size else float(low)
    # Hardly any pixel differs from the others: what they span is all that is known.
    return center, STANDARD_DEVIATIONS * spread if spread > 0 else float(high) - float(low)


def _valid_inside(window, area, valid):
    """How many pixels with data a window has in the area."""
    row, column, height, width = window
    top, left = max(area[0] - row, 0), max(area[1] - column, 0)
    bottom, right = min(area[0] + area[2] - row, height), min(area[1] + area[3] - column, width)
    if top >= bottom or left >= right:
        return 0
    part = np.s_[top:bottom, left:right]
    return (bottom - top) * (right - left) if valid is None else int(valid[part].sum())


class InNetworkRange:
    """Some bands of a raster as a network takes them: single precision, about -1 to 1.

    Parameters
    ----------
    readings : Readings
    ranges : Ranges
    chosen : slice
        Which of the bands.
    """

    def __init__(self, readings, ranges, chosen=slice(None)):
        self._readings, self._chosen = readings, chosen
        self.grid, self.bands = readings.grid, readings.bands[chosen]
        self._mean = ranges.mean[chosen, None, None]
        scale = ranges.scale[chosen, None, None]
        self._scale, self._varies = np.where(scale > 0, scale, 1.0), scale > 0

    @property
    def levels(self):
        """The means of the bands in the network's range: what 0 in the raster's unit is, negated.

        0 for a constant band, such as an alpha band of 255: it has no brightness to share.
        """
        return np.where(self._varies, self._mean / self._scale, 0.0).ravel().tolist()

    def read(self, row, column, height, width):
        """Values and validity of a window, see `Raster.read`; the validity is that of all bands."""
        values, valid = self._readings.read(row, column, height, width)
        values = (values[self._chosen] - self._mean) / self._scale
        return values.astype(np.float32), valid
