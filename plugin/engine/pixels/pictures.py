"""What the report draws of the ground: bands, labels, parts, and maps by networks that saw neither."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import maximum_filter
from scipy.special import softmax

from ..markup import Picture
from .scoring import Window
from .splits import block_numbers

_CROP = 192
_MOST_CROPS = 4
_OVERVIEW = 700
_LARGEST_READ = 2500
_SHOWN = 230
_SPARSE, _THICK = 0.03, 5
_VIRIDIS = np.array(
    [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]], float
)


@dataclass
class Pictures:
    """What is drawn of the ground.

    Attributes
    ----------
    overview : uint8 array, shape (row, column, 3), or None
        The rasters made small; None if they are too large to be read whole.
    factor : int
        Pixels of the rasters in one of the overview, along each axis.
    pixels : Pixels
        Labeled.
    folds : int array
        Part in which every labeled pixel is tested.
    block : float
        Side of a block in pixels, 0 without blocks.
    size : tuple of int
        Rows and columns of the rasters.
    crops : list of Crop
    """

    overview: np.ndarray
    factor: int
    pixels: object
    folds: np.ndarray
    block: float
    size: tuple
    crops: list


@dataclass
class Crop:
    """A window: what the rasters show, its labels, and what networks say that saw none of them.

    Attributes
    ----------
    ground : uint8 array, shape (row, column, 3)
    labels : int16 array, shape (row, column)
        Class, or -1.
    probabilities : float array, shape (class, row, column)
    valid : bool array, shape (row, column)
    """

    ground: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    valid: np.ndarray


def choose_windows(pixels, size):
    """Windows that hold the most labels, all of one size.

    Parameters
    ----------
    pixels : Pixels
    size : tuple of int
        Rows and columns of the rasters.

    Returns
    -------
    list of Window
    """
    height, width = (min(_CROP, side) for side in size)
    rows, columns = pixels.rows // height, pixels.columns // width
    cells, counts = np.unique(rows * 1_000_003 + columns, return_counts=True)
    windows = []
    for cell in cells[np.argsort(-counts, kind="stable")[:_MOST_CROPS]]:
        row, column = int(cell) // 1_000_003 * height, int(cell) % 1_000_003 * width
        row, column = min(row, size[0] - height), min(column, size[1] - width)
        windows.append(Window(row // 16 * 16, column // 16 * 16, height, width))
    return windows


def draw_pictures(stack, ground, plan, windows, tested, progress):
    """Gather what the report draws; see `Pictures`."""
    size = stack.grid.height, stack.grid.width
    factor = max(1, -(-max(size) // _OVERVIEW))
    overview, limits = None, None
    if max(size) <= _LARGEST_READ:
        overview, limits = _overview(stack, factor, progress)
    store = ground.label_store(np.arange(len(ground.pixels)))
    crops = [
        _crop(stack, ground, store, plan, window, _chances(tested, n), limits)
        for n, window in enumerate(windows)
    ]
    return Pictures(overview, factor, ground.pixels, plan.folds, plan.block, size, crops)


def _chances(tested, number):
    """Calibrated probabilities of every part's network in a window."""
    return [softmax(one.maps[number] / one.fit.temperature, axis=0) for one in tested]


def _overview(stack, factor, progress):
    rows = []
    for row in range(0, stack.grid.height, 128 * factor):
        progress(row / stack.grid.height, "Drawing the ground")
        height = min(128 * factor, stack.grid.height - row)
        values, valid = stack.read(row, 0, height, stack.grid.width)
        rows.append(_shown_bands(values, valid)[:, ::factor, ::factor])
    bands = np.concatenate(rows, axis=1)
    limits = _limits(bands)
    return _stretched(bands, limits), limits


def _shown_bands(values, valid):
    """The three bands that are shown, or one three times; NaN where nothing is."""
    shown = values[[0, 1, 2] if len(values) in (3, 4) else [0, 0, 0]].astype(np.float32)
    if valid is not None:
        shown[:, ~valid] = np.nan
    return shown


def _limits(bands):
    flat = bands.reshape(3, -1)
    if not np.isfinite(flat).any():
        return np.zeros(3), np.ones(3)
    low, high = np.nanpercentile(flat, [2, 98], axis=1)
    return low, np.maximum(high, low + 1e-9)


def _stretched(bands, limits):
    low, high = (part[:, None, None] for part in limits)
    shown = np.nan_to_num((bands - low) / (high - low), nan=1.0)
    return (np.clip(shown, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)


def _crop(stack, ground, store, plan, window, maps, limits):
    size = window.height, window.width
    values, valid = stack.read(window.row, window.column, *size)
    bands = _shown_bands(values, valid)
    side = max(size)
    labels = ground.cut_labels(store, window.row, window.column, side)[: size[0], : size[1]]
    return Crop(
        ground=_stretched(bands, limits or _limits(bands)),
        labels=labels,
        probabilities=_unseen(ground, plan, window, np.stack(maps)),
        valid=np.ones(size, bool) if valid is None else valid,
    )


def _unseen(ground, plan, window, maps):
    """Of the maps of all parts, at every pixel that of the network that saw no label there.

    Where there is no label at all, it is the mean of them.
    """
    if len(maps) == 1:
        return maps[0]
    folds = _folds_in(ground, plan, window)
    chosen = maps.mean(axis=0)
    for fold, one in enumerate(maps):
        chosen[:, folds == fold] = one[:, folds == fold]
    return chosen


def _folds_in(ground, plan, window):
    rows, columns = np.mgrid[
        window.row : window.row + window.height, window.column : window.column + window.width
    ]
    folds, pixels = np.full(rows.shape, -1), ground.pixels
    if plan.block:
        numbers = block_numbers(pixels.rows, pixels.columns, plan.block)
        known, first = np.unique(numbers, return_index=True)
        here = block_numbers(rows, columns, plan.block)
        places = np.clip(np.searchsorted(known, here), 0, len(known) - 1)
        return np.where(known[places] == here, plan.folds[first[places]], -1)
    inside = (pixels.rows >= window.row) & (pixels.rows < window.row + window.height)
    inside &= (pixels.columns >= window.column) & (pixels.columns < window.column + window.width)
    folds[pixels.rows[inside] - window.row, pixels.columns[inside] - window.column] = plan.folds[
        inside
    ]
    return folds


def crop_pictures(crop, colors, is_presence_only):
    """The pictures of a crop: ground, labels on it, classes or favorability, confidence.

    Returns
    -------
    list of Picture
    """
    palette = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors], np.uint8)
    labeled = crop.ground.copy()
    labels = _visible(crop.labels)
    labeled[labels >= 0] = palette[labels[labels >= 0]]
    classes = palette[crop.probabilities.argmax(axis=0)]
    chances = crop.probabilities.max(axis=0)
    if is_presence_only:
        shown = [labeled, _ramp(1 - crop.probabilities[-1])]
        names = ["labels", "favorability"]
    else:
        shown = [labeled, classes, _ramp(chances)]
        names = ["labels", "out-of-fold map", "confidence"]
    pictures = [Picture(_enlarged(crop.ground), "ground", _SHOWN)]
    for image, name in zip(shown, names, strict=True):
        image[~crop.valid] = 255
        pictures.append(Picture(_enlarged(image), name, _SHOWN))
    return pictures


def _visible(labels):
    """Labels as they are, or thickened where they are too few to be seen."""
    if (labels >= 0).mean() > _SPARSE:
        return labels
    return maximum_filter(labels, size=_THICK)


def _ramp(values):
    places = np.clip(values, 0, 1) * (len(_VIRIDIS) - 1)
    channels = [np.interp(places, np.arange(len(_VIRIDIS)), _VIRIDIS[:, i]) for i in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def _enlarged(image):
    """Twice the size on the page, so that single pixels stay sharp."""
    factor = max(1, round(2 * _SHOWN / image.shape[1]))
    size = image.shape[1] * factor, image.shape[0] * factor
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.NEAREST))
