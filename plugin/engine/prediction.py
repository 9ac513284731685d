"""Run a classifier over many patches of a raster: read ahead, network, results in order.

A thread cuts the next patches while the network works on the present ones; what waits is
bounded, so memory does not grow with the raster.
"""

import time
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from .reading_ahead import ahead
from .windows import patches_in, usable_patches

_BLOCK_SIDE = 1024
_BLOCK_BYTES = 2**25
_CHUNK_BYTES = 2**25
_STEP_VALUES, _MOST_AT_ONCE = 2**20, 64  # some tenths of a second on one thread of a CPU
_ON_A_CARD = 16  # times as many


@dataclass(frozen=True)
class Patches:
    """Some patches of a raster.

    Attributes
    ----------
    keys : int array, shape (n,)
        Which patches these are.
    usable : bool array, shape (n,)
        Whether the middle and half of the pixels hold data.
    images : array, shape (usable, band, row, column)
        The usable ones; float32 with NaN where pixels hold no data, unless all do.
    """

    keys: np.ndarray
    usable: np.ndarray
    images: np.ndarray


def cell_patches(raster, cells, bands=None):
    """Cut the patches of all cells, block by block; the keys count cells along the rows.

    Parameters
    ----------
    raster : Raster
    cells : Cells
    bands : sequence of int, optional
        Numbers of the bands of rows that are wanted, in their order; all if None.

    Yields
    ------
    Patches
        Bands of rows follow each other: once a later row has begun, the earlier are done.
    """
    pixels = _BLOCK_BYTES // _pixel_bytes(raster)
    for row, column, rows, columns in cells.blocks(_BLOCK_SIDE, pixels, bands):
        top, left = cells.corner(row, column)
        values, valid = raster.read(top, left, cells.span(rows), cells.span(columns))
        keys = (row + np.arange(rows))[:, None] * cells.columns + column + np.arange(columns)
        yield from _cut(values, valid, keys, cells)


def _cut(values, valid, keys, cells):
    patches = patches_in(values, cells.patch, cells.stride)
    holes = None if valid is None else patches_in(~valid, cells.patch, cells.stride)
    usable = np.ones(keys.shape, bool)
    if valid is not None:
        usable = usable_patches(valid, cells.patch, cells.stride)
    count = max(_CHUNK_BYTES // (4 * len(values) * cells.patch**2), 1)
    for start in range(0, keys.size, count):
        some = slice(start, start + count)
        places = np.unravel_index(np.flatnonzero(usable.ravel()[some]) + start, keys.shape)
        images = _images(patches[places], None if holes is None else holes[places])
        yield Patches(keys.ravel()[some], usable.ravel()[some], images)


def corner_patches(raster, corners, patch):
    """Cut patches at given places; the keys count them.

    Parameters
    ----------
    raster : Raster
    corners : int array, shape (n, 2)
        Upper left pixel (row, column) of every patch; may lie beyond the border.
    patch : int
        Side in pixels.

    Yields
    ------
    Patches
        In an order that suits the file.
    """
    count = max(_CHUNK_BYTES // (4 * len(raster.bands) * patch**2), 1)
    order = np.lexsort((corners[:, 1], corners[:, 0] // _BLOCK_SIDE))
    for start in range(0, len(order), count):
        keys = order[start : start + count]
        read = [raster.read(*corners[key], patch, patch) for key in keys]
        usable = np.array([_is_usable(valid, patch) for _, valid in read], bool)
        kept = [_images(v[None], None if valid is None else ~valid[None]) for v, valid in read]
        kept = [image for image, use in zip(kept, usable, strict=True) if use]
        yield Patches(keys, usable, _joined(kept, raster, patch))


def _is_usable(valid, patch):
    return valid is None or bool(usable_patches(valid, patch, patch)[0, 0])


def _joined(images, raster, patch):
    if not images:
        return np.zeros((0, len(raster.bands), patch, patch), np.float32)
    return np.concatenate(images)


def _images(values, holes):
    """Copy patches (n, band, row, column); float32 with NaN in the holes (n, row, column)."""
    if holes is None or not holes.any():
        return np.array(values if values.dtype == np.uint8 else values.astype(np.float32))
    images = values.astype(np.float32)
    np.copyto(images, np.nan, where=holes[:, None])
    return images


def _pixel_bytes(raster):
    return len(raster.bands) * np.dtype(raster.dtype).itemsize


def probabilities(classifier, patches, total, progress, what):
    """Classify patches as they come.

    Parameters
    ----------
    classifier : Classifier
    patches : iterable of Patches
        Read ahead in a thread.
    total : int
        Number of all patches, for the progress.
    progress : Progress
    what : str
        What is counted there.

    Yields
    ------
    keys : int array, shape (n,)
    probabilities : float32 array, shape (n, class)
        NaN where a patch is not usable.

    Raises
    ------
    Stopped
        If the user cancels; looked at about twice a second.
    """
    pace, done = _Pace(what), 0
    with closing(ahead(patches, progress.check)) as coming:
        for some in coming:
            results = np.full((len(some.keys), len(classifier.card.classes)), np.nan, np.float32)
            results[some.usable] = _steps(classifier, some.images, pace, progress, done, total)
            done += len(some.keys)
            progress(done / total, pace.text(done, total))
            yield some.keys, results


def bands_of(cells):
    """Number of the bands of rows in which cells are classified."""
    return -(-cells.rows // cells.rows_in(_BLOCK_SIDE))


def classify_cells(classifier, raster, cells, progress, bands=None):
    """Classify all cells of a raster, a band of rows after the other.

    Parameters
    ----------
    classifier : Classifier
    raster : Raster
    cells : Cells
    progress : Progress
    bands : sequence of int, optional
        Numbers of the bands that are wanted, in their order; all if None.

    Yields
    ------
    CellBand
    """
    bands = range(bands_of(cells)) if bands is None else bands
    high = cells.rows_in(_BLOCK_SIDE)
    total = sum(min(high, cells.rows - band * high) for band in bands) * cells.columns
    patches, left = cell_patches(raster, cells, bands), iter(bands)
    band = CellBand(cells, next(left, 0))
    with closing(probabilities(classifier, patches, total, progress, "Patch")) as coming:
        for keys, chances in coming:
            band.put(keys, chances)
            if band.is_full():
                yield band
                band = CellBand(cells, next(left, 0))


class CellBand:
    """The cells of a band of rows while their classes come in.

    Attributes
    ----------
    strip, row : int
        Number of the band, and its first row of cells.
    best : int array, shape (row, column)
        Number of the most probable class, counted from 0; -1 where the patch is not usable.
    confidence : float32 array, shape (row, column)
        Its probability; NaN where the patch is not usable.
    """

    def __init__(self, cells, strip):
        high = cells.rows_in(_BLOCK_SIDE)
        self.strip, self.row = strip, strip * high
        shape = min(high, cells.rows - self.row), cells.columns
        self._first, self._missing = self.row * cells.columns, shape[0] * shape[1]
        self.best = np.full(shape, -1, np.int32)
        self.confidence = np.full(shape, np.nan, np.float32)

    def put(self, keys, chances):
        known = ~np.isnan(chances[:, 0])
        places = keys[known] - self._first
        self.best.flat[places] = chances[known].argmax(axis=1)
        self.confidence.flat[places] = chances[known].max(axis=1)
        self._missing -= len(keys)

    def is_full(self):
        return self._missing == 0


def _steps(classifier, images, pace, progress, done, total):
    """Probabilities of images, in steps that are short enough to cancel in between.

    How many are taken at once hangs on their size alone: another number may change the last bit.
    """
    results, count = (
        [np.zeros((0, len(classifier.card.classes)), np.float32)],
        _at_once(classifier, images),
    )
    for start in range(0, len(images), count):
        progress((done + start) / total, pace.text(done + start, total))
        results.append(classifier.probabilities(images[start : start + count]))
    return np.concatenate(results)


def _at_once(classifier, images):
    if not len(images):
        return 1
    times = 1 if classifier.device.type == "cpu" else _ON_A_CARD
    return max(1, times * min(_MOST_AT_ONCE, _STEP_VALUES // images[0].size))


class _Pace:
    """How fast the patches go, and how long the rest will take."""

    def __init__(self, what):
        self._what, self._start = what, time.monotonic()

    def text(self, done, total):
        seconds = time.monotonic() - self._start
        text = f"{self._what} {done:,} of {total:,}"
        if seconds < 1 or not done:
            return text
        rate = done / seconds
        speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
        return f"{text}, {speed} a second, {_time((total - done) / rate)} left"


def _time(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
