"""Arrays to learn from and to watch, cut of the blocks of the ground."""

import numpy as np
import torch

from ..degradation import degrade
from .fine_images import FineImages
from .ground import TRAINING, WATCHED, blocks_of
from .paired_images import PairedImages

_MOST_VALUES = 2**26
_MOST_REPEATS = 40
_MOST_WATCHED = 24
_STRIP = 64  # coarse rows


def training_images(scenes, blocks, tile, seed, progress):
    """Fine images of the training blocks, in the network's range.

    Neighboring blocks are joined to rectangles, which may overlap, so that patches lie across the
    borders of blocks but never in a block of another part.

    Parameters
    ----------
    scenes : list of Scene
    blocks : list of Block
    tile : int
        Side of a training patch in coarse pixels.
    seed : int
    progress : Progress

    Returns
    -------
    list of FineImages or of PairedImages
    """
    held = _read_all(scenes, blocks, seed, progress)
    large = [pair for pair in held if min(pair[0].shape[-2:]) >= tile * scenes[0].factor]
    small = [pair for pair in held if min(pair[0].shape[-2:]) < tile * scenes[0].factor]
    kinds = [_kind(_repeated(large)), _kind(small)]
    return [kind for kind in kinds if kind is not None]


def _kind(held):
    if not held:
        return None
    weight = float(sum(fine[0].size for fine, _ in held))
    images = [fine for fine, _ in held]
    if held[0][1] is None:
        return FineImages(images, weight)
    return PairedImages(images, weight, [coarse for _, coarse in held])


def _repeated(held):
    """Views, each as often as its size asks for, as images are drawn with equal chances."""
    if not held:
        return []
    sizes = np.array([fine[0].size for fine, _ in held], float)
    counts = np.clip(np.round(sizes / sizes.min()), 1, _MOST_REPEATS).astype(int)
    return [pair for pair, count in zip(held, counts, strict=True) for _ in range(count)]


def _read_all(scenes, blocks, seed, progress):
    """Views (fine, coarse or None) of all training ground, or of blocks drawn as memory allows."""
    bands = len(scenes[0].raster.bands)
    total = sum(s.height * s.width * s.factor**2 for s in scenes) * bands
    if total <= _MOST_VALUES:
        return _whole_scenes(scenes, blocks, progress)
    places = blocks_of(blocks, TRAINING)
    order, held, values = np.random.default_rng(seed).permutation(len(places)), [], 0
    for done, number in enumerate(order):
        progress(done / len(order), f"Block {done + 1:,} of {len(order):,}")
        which, place = places[number]
        held.append(_network_range(scenes[which], place))
        values += held[-1][0].size
        if values > _MOST_VALUES:
            progress.note(f"{done + 1:,} of {len(order):,} blocks are used, as memory allows.")
            break
    return held


def _whole_scenes(scenes, blocks, progress):
    held = []
    by_scene = {}
    for block in blocks:
        by_scene.setdefault(block.scene, []).append(block)
    for number, scene in enumerate(scenes):
        progress(number / len(scenes), f"Reading {scene.name}")
        rectangles = joined([b for b in by_scene[number] if b.part == TRAINING])
        if not rectangles:
            continue
        fine, coarse = _in_strips(scene, progress)
        for row, column, height, width in rectangles:
            part = _multiple_of_four(fine, scene.factor, row, column, height, width)
            rows, columns = slice(row, row + height), slice(column, column + width)
            held.append((part, None if coarse is None else coarse[:, rows, columns]))
    return held


def _in_strips(scene, progress):
    """All of a scene as `_network_range` gives it, a few rows at a time: it computes in double precision."""
    size = scene.factor * scene.height, scene.factor * scene.width
    fine, coarse = np.empty((len(scene.raster.bands), *size), np.float32), None
    if scene.pair is not None:
        coarse = np.empty((len(fine), scene.height, scene.width), np.float32)
    for row in range(0, scene.height, _STRIP):
        progress.check()
        end = min(row + _STRIP, scene.height)
        high, low = _network_range(scene, (row, 0, end - row, scene.width))
        fine[:, scene.factor * row : scene.factor * end] = high
        if coarse is not None:
            coarse[:, row:end] = low
    return fine, coarse


def _multiple_of_four(fine, factor, row, column, height, width):
    """A view whose sides are multiples of 4, as the discriminator wants."""
    height, width = (factor * side // 4 * 4 for side in (height, width))
    top, left = factor * row, factor * column
    return fine[:, top : top + height, left : left + width]


def _network_range(scene, place):
    """Fine and coarse values of a rectangle in the network's range, NaN where there is a hole."""
    values, valid = scene.fine(*place)
    fine = scene.scale.to_network(values)[0].numpy()
    if valid is not None:
        fine = np.where(valid, fine, np.float32(np.nan))
    if scene.pair is None:
        return fine, None
    values, valid = scene.pair.read(*place)
    coarse = scene.scale.to_network(values)[0].numpy()
    return fine, coarse if valid is None else np.where(valid, coarse, np.float32(np.nan))


def joined(blocks):
    """The largest rectangles of neighboring blocks: every one that cannot be made larger.

    Parameters
    ----------
    blocks : list of Block
        Of one scene, cells of one grid of rows and columns.

    Returns
    -------
    list of tuple of int
        Row, column, height and width.
    """
    cells = {block.place[:2]: block.place for block in blocks}
    found = {_right(corner, bottom, cells) for corner in cells for bottom in _down(corner, cells)}
    return sorted(place for place in found if not any(_within(place, o) for o in found - {place}))


def _down(corner, cells):
    """The rows to which blocks go on without a gap below a corner."""
    row, column = corner
    while (row, column) in cells:
        yield row
        row += cells[row, column][2]


def _right(corner, bottom, cells):
    """The widest rectangle from a corner to a bottom row."""
    rows = [row for row in _down(corner, cells) if row <= bottom]
    column = corner[1]
    while all((row, column) in cells for row in rows):
        column += cells[rows[0], column][3]
    height = bottom + cells[bottom, corner[1]][2] - corner[0]
    return corner[0], corner[1], height, column - corner[1]


def _within(place, other):
    row, column, height, width = place
    top, left, tall, wide = other
    return (
        top <= row
        and left <= column
        and row + height <= top + tall
        and column + width <= left + wide
    )


def watched_patches(scenes, blocks, tile, bands, blur):
    """Coarse and fine patches that tell how the training goes, in the network's range.

    Parameters
    ----------
    scenes : list of Scene
    blocks : list of Block
    tile : int
    bands : int
        1: every band is a patch of its own.
    blur : float

    Returns
    -------
    coarse : torch.Tensor, shape (N, bands, side, side)
    fine : torch.Tensor, shape (N, bands, factor * side, factor * side)
    None if all watched blocks have holes.
    """
    places = blocks_of(blocks, WATCHED)
    side = min(tile, *(min(place[2:]) for _, place in places))
    squares = [
        (number, (top, left, side, side))
        for number, (row, column, height, width) in places
        for top in range(row, row + height - side + 1, side)
        for left in range(column, column + width - side + 1, side)
    ]
    coarse, fine = [], []
    for place in np.random.default_rng(len(squares)).permutation(len(squares)):
        number, square = squares[place]
        pair = _patch(scenes[number], square, blur)
        if pair is not None:
            coarse.append(pair[0])
            fine.append(pair[1])
        if len(coarse) == _MOST_WATCHED:
            break
    if not coarse:
        return None
    images = torch.cat(coarse), torch.cat(fine)
    if bands == 1:
        images = tuple(part.flatten(0, 1)[:, None][:_MOST_WATCHED] for part in images)
    return images


def _patch(scene, place, blur):
    values, valid = scene.fine(*place)
    if valid is not None:
        return None
    fine = scene.scale.to_network(values)
    if scene.pair is None:
        return degrade(fine, scene.factor, blur), fine
    values, valid = scene.pair.read(*place)
    return None if valid is not None else (scene.scale.to_network(values), fine)
