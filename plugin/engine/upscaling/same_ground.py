"""Which blocks show the same ground or come from one source, so that no split may part them."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ...jobs.errors import JobError
from ..groups import block_groups, crop_sources, merge_groups
from ..rasters.warped import ground_boxes
from .image_scenes import Held

_SAME = 0.5  # of the smaller block
_PARTS = 5  # places are as large as there are enough of them to keep a fifth apart
SLIVER = 0.02  # rasters of one place seldom begin at the very same pixel


def shared_ground(scenes, places):
    """Find blocks of different rasters that lie on the same ground.

    Parameters
    ----------
    scenes : list of Scene
        Those without a place share no ground; coordinates without a reference system count
        among themselves, if no raster has one.
    places : list of (int, tuple of int)
        Scene number and place of every block.

    Returns
    -------
    pairs : numpy.ndarray of int, shape (N, 2)
        Blocks that share more than a sliver.
    shares : numpy.ndarray, shape (N,)
        How much, of the smaller one.
    """
    placed = _placed(scenes, places)
    if len({places[n][0] for n in placed}) < 2:
        return np.zeros((0, 2), int), np.zeros(0)
    numbers = np.array([places[n][0] for n in placed])
    boxes = _boxes(scenes, [places[n] for n in placed])
    found = [_beside(place, boxes, numbers) for place in range(len(placed))]
    pairs = np.concatenate([pair for pair, _ in found])
    return np.array(placed)[pairs], np.concatenate([share for _, share in found])


def _placed(scenes, places):
    """The blocks that lie somewhere on the ground, if there are several scenes."""
    if len(scenes) < 2:
        return []
    grids = [scene.raster.grid for scene in scenes]
    known = [bool(grid.crs) for grid in grids]
    corners = {(grid.transform.c, grid.transform.f) for grid in grids}
    if not any(known) and 2 * len(corners) > len(grids):
        # Many at one corner only have a pixel size: that is no place.
        known = [not grid.transform.is_identity for grid in grids]
    return [block for block, (number, _) in enumerate(places) if known[number]]


def _boxes(scenes, places):
    """West, south, east and north of blocks, in the reference system of the first."""
    grids = [
        scenes[number].raster.grid.part(*scenes[number].in_raster(*place))
        for number, place in places
    ]
    return ground_boxes(grids, grids[0].crs)


def _beside(place, boxes, numbers):
    """The later blocks of other scenes that share ground with a block, and how much."""
    low = np.maximum(boxes[place, :2], boxes[place:, :2])
    high = np.minimum(boxes[place, 2:], boxes[place:, 2:])
    sizes = np.prod(boxes[place:, 2:] - boxes[place:, :2], axis=1)
    shares = np.prod(np.maximum(high - low, 0), axis=1) / np.minimum(sizes, sizes[0])
    others = np.flatnonzero((numbers[place:] != numbers[place]) & (shares > SLIVER))
    return np.stack([np.full(len(others), place), place + others], 1), shares[others]


def group_blocks(scenes, places, pairs, shares):
    """Group blocks that are to stay together: most of the ground shared, the place, or the source.

    Images that lie side by side on the ground are grouped by squares of it, as chips are often cut one
    beside the other; a raster is divided in blocks that are large already.

    Parameters
    ----------
    scenes, places
        See `shared_ground`.
    pairs, shares
        What it gave.

    Returns
    -------
    numpy.ndarray of int, shape (len(places),)
        0, 1, ... in the order of the blocks.
    """
    sources = _sources(scenes) if len(scenes) > 1 else {}
    first, linked = {}, [pairs[shares > _SAME]]
    for block, (number, _) in enumerate(places):
        for source in sources.get(number, ()):
            linked.append(np.array([[first.setdefault(source, block), block]]))
    links = np.concatenate(linked)
    size = len(places)
    graph = coo_matrix((np.ones(len(links)), (links[:, 0], links[:, 1])), (size, size))
    groups = connected_components(graph, directed=False)[1]
    return merge_groups(groups, _by_place(scenes, places))


def _by_place(scenes, places):
    """Groups of the blocks of georeferenced images by squares of the ground; others are alone."""
    groups = np.arange(len(places))
    placed = [n for n in _placed(scenes, places) if isinstance(scenes[places[n][0]].raster, Held)]
    if not placed:
        return groups
    boxes = _boxes(scenes, [places[n] for n in placed])
    middles, reach = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max() / 2
    try:
        squares = block_groups(middles, reach, _PARTS, np.zeros(len(placed), int))[0]
    except JobError:  # all in one place: only what shares ground or a source stays together
        return groups
    groups[placed] = len(places) + squares
    return groups


def _sources(scenes):
    """What scenes of images have in common with others: the source in their names, their values."""
    images = {n: scene.raster for n, scene in enumerate(scenes) if isinstance(scene.raster, Held)}
    if not images:
        return {}
    named = crop_sources([f"images/{image.name}" for image in images.values()])[0]
    named = named or [f"images/{number}" for number in images]
    return {
        number: (source, image.digest())
        for (number, image), source in zip(images.items(), named, strict=True)
    }
