"""What an upscaler learns from: fine rasters or images, divided in blocks for three purposes.

Blocks of the validation give the scores and nothing else. Blocks that are watched tell during the
training when texture goes wrong. Patches that train lie in the other blocks with every pixel.
"""

import math
import os
from dataclasses import dataclass

import numpy as np
from affine import Affine

from ...jobs.errors import JobError
from ..image_folders import image_files
from ..rasters import Grid, Raster, read_image
from ..rasters.borders import Readable
from .pairs import make_pair
from .scale import scale_of
from .scenes import Scene, division

TRAINING, WATCHED, VALIDATION = "training", "watched", "validation"
_LEAST_SIDE, _LEAST_RASTER = 12, 16
_ENOUGH_TILES, _ENOUGH_BLOCKS = 20, 20
_TILES = 16, 8, 4, 2, 1
_SHARE_WATCHED = 0.06
_SCORED_NOISE = 0.016  # about 1 % of the range of an 8-bit image
_MOST_IMAGES, _MOST_BYTES, _MOST_SCORED = 4000, 2**29, 32


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
        ``"training"``, ``"watched"`` or ``"validation"``.
    """

    scene: int
    place: tuple
    part: str


class Held(Readable):
    """An image in memory that is read like a raster.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path):
        self._values, self._valid = read_image(path)
        self.path, self.name = path, os.path.basename(path)
        self.bands = list(range(1, len(self._values) + 1))
        self.names, self.gsd = ("",) * len(self.bands), None
        self.dtype = str(self._values.dtype)
        self.grid = Grid(self._values.shape[2], self._values.shape[1], Affine.identity())

    def close(self):
        """Nothing is open."""

    def _read_inside(self, row, column, height, width):
        part = slice(row, row + height), slice(column, column + width)
        valid = None if self._valid is None else self._valid[part]
        values = self._values[(slice(None), *part)]
        if values.dtype.kind == "f" and valid is None and not np.isfinite(values).all():
            valid = np.isfinite(values).all(axis=0)
        return values, valid


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
        return _image_scenes(job.images, int(job.factor), progress)
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
        _check_bands([scene.raster for scene in scenes])
    except BaseException:
        close_scenes(scenes)
        raise
    return scenes


def _check_raster(raster):
    height, width = raster.grid.height, raster.grid.width
    if min(height, width) < _LEAST_RASTER:
        raise JobError(
            f'"{raster.name}" is {width} x {height} px; at least {_LEAST_RASTER} x '
            f"{_LEAST_RASTER} px are needed for upscaling.",
            "Choose a larger raster.",
        )
    if raster.is_palette:
        raise JobError(
            f'"{raster.name}" holds numbers of colors or classes, which have no values between '
            "them.",
            "Choose a raster of measurements, or expand the palette with PCT to RGB.",
        )


def _check_bands(rasters):
    first = rasters[0]
    for raster in rasters[1:]:
        if len(raster.bands) != len(first.bands):
            raise JobError(
                f'"{raster.name}" has {len(raster.bands)} bands, "{first.name}" has '
                f"{len(first.bands)}.",
                "Choose rasters with the same bands, or the bands that all of them have.",
            )


def _image_scenes(folder, factor, progress):
    """Scenes of the images of a folder; too small ones are left out."""
    files = image_files(folder)
    if not files:
        raise JobError(
            f'Folder "{folder}" has no images (JPEG, PNG, TIFF).', "Choose a folder with images."
        )
    if len(files) > _MOST_IMAGES:
        progress.note(f"{_MOST_IMAGES:,} of {len(files):,} images are used.")
        chosen = np.random.default_rng(0).choice(len(files), _MOST_IMAGES, replace=False)
        files = [files[number] for number in sorted(chosen)]
    images, size = [], 0
    for number, name in enumerate(files):
        progress(number / len(files), f"Image {number + 1:,} of {len(files):,}")
        image = Held(os.path.join(folder, name))
        if min(image.grid.height, image.grid.width) < _LEAST_SIDE * factor:
            continue
        images.append(image)
        size += image._values.nbytes
        if size > _MOST_BYTES:
            progress.note(f"Only the first {len(images):,} images fit the memory.")
            break
    if not images:
        raise JobError(
            f'All images in "{folder}" are smaller than {_LEAST_SIDE * factor} px.',
            "Choose larger images, or a smaller factor.",
        )
    _check_bands(images)
    scale = scale_of(_finite(image) for image in images)
    return [Scene(image, factor, scale=scale, noise=_noise(factor)) for image in images]


def _noise(factor):
    """Noise of the coarse images that are scored: what is not upscaled is freed of noise."""
    return _SCORED_NOISE if factor == 1 else 0.0


def _finite(image):
    values, valid = image.read(0, 0, image.grid.height, image.grid.width)
    return values if valid is None else np.where(valid, values, np.nan)


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
    order = np.random.default_rng(seed).permutation(len(places))
    validation = max(2, round(share * len(places)))
    watched = max(1, math.ceil(_SHARE_WATCHED * len(places)))
    parts = np.full(len(places), TRAINING, dtype=object)
    parts[order[:validation]] = VALIDATION
    parts[order[validation : validation + watched]] = WATCHED
    return [Block(number, place, part) for (number, place), part in zip(places, parts, strict=True)]


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
