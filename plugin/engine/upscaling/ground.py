"""What an upscaler learns from: fine rasters or images, divided in blocks for three purposes.

Blocks of the validation give the scores and nothing else. Blocks that are watched tell during the
training when texture goes wrong. Patches that train lie in the other blocks with every pixel. What shows
the same ground in several rasters, or comes from one source, is for the same purpose.
"""

import math
from dataclasses import dataclass

import numpy as np

from ...jobs.errors import JobError
from ...jobs.upscaling import SMALLEST
from ..rasters import Raster
from .image_scenes import check_bands, image_scenes
from .pairs import make_pair
from .same_ground import group_blocks, shared_ground
from .scenes import Scene, division

TRAINING, WATCHED, VALIDATION = "training", "watched", "validation"
LEFT_OUT = "left out"
_ENOUGH_TILES, _ENOUGH_BLOCKS = 20, 20
_TILES = 16, 8, 4, 2, 1
_SHARE_WATCHED = 0.06
_SCORED_NOISE = 0.016  # about 1 % of the range of an 8-bit image
_MOST_SCORED = 32


@dataclass(frozen=True)
class Block:
    """A rectangle of a scene and what it is for.

    Attributes
    ----------
    scene : int
        Number of the scene.
    place : tuple of int
        Row, column, height and width in coarse pixels.
    part : str
        ``"training"``, ``"watched"``, ``"validation"``, or ``"left out"`` if it shows some ground
        of the validation.
    """

    scene: int
    place: tuple
    part: str


def open_scenes(job, progress):
    """Open the fine rasters or images of a job, with their coarse ones.

    Parameters
    ----------
    job : TrainUpscaler
    progress : Progress

    Returns
    -------
    list of Scene

    Raises
    ------
    JobError
        If one cannot be read, is too small, has other bands, or does not fit its coarse raster.
    """
    if job.images:
        factor = int(job.factor)
        return image_scenes(job.images, factor, _noise(factor), progress)
    return _raster_scenes(job, progress)


def _raster_scenes(job, progress):
    scenes, factor = [], int(job.factor)
    try:
        for number, path in enumerate(job.fine):
            progress(number / len(job.fine), f"Raster {number + 1} of {len(job.fine)}")
            raster = Raster(path, job.bands)
            pair = None
            if job.coarse:
                pair = make_pair(raster, job.coarse[number], job.bands, factor)
            _check_raster(raster)
            scene = Scene(raster, factor, pair=pair, noise=_noise(factor))
            if scene.scale is None:
                raise JobError(
                    f'"{raster.name}" holds no data: nodata covers 100 % of it.',
                    "Choose another raster.",
                )
            scenes.append(scene)
        check_bands([scene.raster for scene in scenes])
    except BaseException:
        close_scenes(scenes)
        raise
    return scenes


def _check_raster(raster):
    height, width = raster.grid.height, raster.grid.width
    if min(height, width) < SMALLEST:
        raise JobError(
            f'"{raster.name}" is {width} x {height} px; at least {SMALLEST} x '
            f"{SMALLEST} px are needed for upscaling.",
            "Choose a larger raster.",
        )
    if raster.is_palette:
        raise JobError(
            f'"{raster.name}" holds numbers of colors or classes, which have no values between '
            "them.",
            "Choose a raster of measurements, or expand the palette with PCT to RGB.",
        )


def _noise(factor):
    """Noise of the coarse images that are scored: what is not upscaled is freed of noise."""
    return _SCORED_NOISE if factor == 1 else 0.0


def close_scenes(scenes):
    """Close the rasters of scenes."""
    for scene in scenes:
        scene.raster.close()
        if scene.pair:
            scene.pair.coarse.close()


def divide(scenes, tile, share, seed):
    """Divide scenes in blocks, as large as there are enough of them, and say what each is for.

    Parameters
    ----------
    scenes : list of Scene
    tile : int
        Side of a training patch in coarse pixels.
    share : float
        Of the blocks, for the validation.
    seed : int

    Returns
    -------
    list of Block

    Raises
    ------
    JobError
        If there is not enough ground.
    """
    tiles = sum(_tiles_in(scene, tile) for scene in scenes)
    if tiles < _ENOUGH_TILES:
        side = tile * scenes[0].factor
        raise JobError(
            f"Training needs at least {_ENOUGH_TILES} squares of {side} x {side} fine pixels; "
            f"found {tiles}.",
            "Choose larger rasters or more of them, or a smaller factor.",
        )
    for count in _TILES:
        places = [
            (number, place)
            for number, scene in enumerate(scenes)
            for place in division(scene.height, scene.width, count * tile)
        ]
        if len(places) >= _ENOUGH_BLOCKS:
            break
    pairs, shares = shared_ground(scenes, places)
    groups = group_blocks(scenes, places, pairs, shares)
    parts = _parts(groups, share, np.random.default_rng(seed))
    for pair in pairs:
        own = parts[pair]
        parts[pair[(own != VALIDATION) & (own[::-1] == VALIDATION)]] = LEFT_OUT
    if TRAINING not in parts:
        raise JobError(
            "No ground is left to train on: all of it is scored in another raster or image.",
            "Add rasters or images of other ground, or leave out what shows the same ground.",
        )
    return [Block(number, place, part) for (number, place), part in zip(places, parts, strict=True)]


def _parts(groups, share, chance):
    """What every block is for; those of a group are for the same."""
    if groups.max() < 2:  # what is nearly all one group cannot be kept apart
        groups = np.arange(len(groups))
    sizes, order = np.bincount(groups), chance.permutation(groups.max() + 1).tolist()
    parts = np.full(len(groups), TRAINING, dtype=object)
    wanted = (
        (VALIDATION, max(2, round(share * len(groups)))),
        (WATCHED, max(1, math.ceil(_SHARE_WATCHED * len(groups)))),
    )
    for part, count in wanted:
        taken = _taken(order, sizes, count)
        parts[np.isin(groups, taken)] = part
        order = [group for group in order if group not in taken]
    return parts


def _taken(order, sizes, count):
    """Groups in turn until they hold enough blocks; the smallest if all hold far too many."""
    taken, held = [], 0
    for group in order:
        if held < count and held + sizes[group] <= 2 * count:
            taken.append(group)
            held += sizes[group]
    return taken or [min(order, key=lambda group: sizes[group])]


def _tiles_in(scene, tile):
    """Patches that a scene holds; an image smaller than a patch counts by its share of one."""
    rows, columns = scene.height / tile, scene.width / tile
    if rows < 1 or columns < 1:
        return 1 if scene.height * scene.width >= tile * tile / 8 else 0
    return int(rows) * int(columns)


def blocks_of(blocks, part):
    """The blocks of a part as ``(scene number, place)``."""
    return [(block.scene, block.place) for block in blocks if block.part == part]


def scored_places(blocks, tile, seed):
    """Squares of the validation blocks that are scored: all, or as many as are enough.

    Parameters
    ----------
    blocks : list of Block
    tile : int
        Side of a square in coarse pixels.
    seed : int

    Returns
    -------
    list of (int, tuple of int)
        Scene number and place.
    """
    places = [
        (number, (row + top, column + left, tall, wide))
        for number, (row, column, height, width) in blocks_of(blocks, VALIDATION)
        for top, left, tall, wide in division(height, width, tile)
    ]
    if len(places) > _MOST_SCORED:
        chance = np.random.default_rng(seed)
        chosen = sorted(chance.choice(len(places), _MOST_SCORED, replace=False))
        places = [places[number] for number in chosen]
    return places
