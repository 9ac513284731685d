"""Is there anything to learn from? Asked before a training, whose time would be lost."""

import numpy as np

from ...jobs.errors import JobError
from .ground import TRAINING, VALIDATION, blocks_of
from .image_scenes import Held
from .scenes import division

_MOST_SQUARES = 48
_LEAST_SHARE = 0.05  # of the squares that must show something
_OTHERS = 0.01  # of the pixels of a square that must differ from its median
_SAME = 1e-6  # of the values
_REMEDY = "Choose a raster or images that show something; if this value means no data, declare it as nodata."


def check_contrast(scenes, blocks, tile, seed, progress):
    """Refuse rasters that hold one value nearly everywhere, and images that all do.

    Parameters
    ----------
    scenes : list of Scene
    blocks : list of Block
    tile : int
        Side of a square in coarse pixels.
    seed : int
    progress : Progress

    Raises
    ------
    JobError
        With the raster and its value.
    """
    chance = np.random.default_rng(seed)
    learned = _squares(blocks, TRAINING, tile)
    if isinstance(scenes[0].raster, Held):
        _check(scenes, learned, f"All {len(scenes):,} images hold", chance, progress)
    else:
        for number, scene in enumerate(scenes):
            own = [square for square in learned if square[0] == number]
            _check(scenes, own, f'"{scene.name}" holds', chance, progress)
    judged = _squares(blocks, VALIDATION, tile)
    holds = "The ground that is kept for the scores holds"
    _check(scenes, judged, holds, chance, progress, least=0.0)


def _squares(blocks, part, tile):
    """Number of the scene and place of all squares of a part."""
    return [
        (number, (row + top, column + left, tall, wide))
        for number, (row, column, height, width) in blocks_of(blocks, part)
        for top, left, tall, wide in division(height, width, tile)
    ]


def _check(scenes, squares, holds, chance, progress, least=_LEAST_SHARE):
    """Refuse if no larger share of some of the squares shows something."""
    count = min(_MOST_SQUARES, len(squares))
    shows, usual = [], []
    for place in chance.permutation(len(squares))[:count]:
        progress.check()
        number, square = squares[place]
        values, valid = scenes[number].fine(*square)
        values = values.reshape(len(values), -1) if valid is None else values[:, valid]
        if values.shape[1]:
            usual.append(np.median(values, axis=1))
            shows.append(_shows(values, usual[-1]))
    if shows and np.mean(shows) <= least:
        most = ", ".join(f"{value:.6g}" for value in np.median(usual, axis=0)[:4])
        where = "everywhere" if not any(shows) else "nearly everywhere"
        raise JobError(f"{holds} the value {most} {where}: nothing can be learned there.", _REMEDY)


def _shows(values, usual):
    """Whether enough pixels of a band (band, pixel) differ from what is usual in it."""
    limit = _SAME * np.maximum(np.abs(usual), 1e-300)
    others = np.abs(values - usual[:, None]) > limit[:, None]
    return bool(others.mean(axis=1).max() >= _OTHERS)
