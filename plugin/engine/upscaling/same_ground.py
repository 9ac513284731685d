"""Which blocks show the same ground or come from one source, so that no split may part them."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..groups import crop_sources
from ..rasters.warped import ground_boxes
from .image_scenes import Held

_SAME = 0.5  # of the smaller block
SLIVER = 0.02  # rasters of one place seldom begin at the very same pixel


def shared_ground(scenes, places):
    """Find blocks of different rasters that lie on the same ground.

    Parameters
    ----------
    scenes : list of Scene
        Those without a reference system share no ground.
    places : list of (int, tuple of int)
        Scene number and place of every block.

    Returns
    -------
    pairs : numpy.ndarray of int, shape (N, 2)
        Blocks that share more than a sliver.
    shares : numpy.ndarray, shape (N,)
        How much, of the smaller one.
    """
    several = len(scenes) > 1
    placed = [n for n, (number, _) in enumerate(places) if several and _crs(scenes[number])]
    if len({places[n][0] for n in placed}) < 2:
        return np.zeros((0, 2), int), np.zeros(0)
    numbers = np.array([places[n][0] for n in placed])
    grids = [
        scenes[number].raster.grid.part(*scenes[number].in_raster(*place))
        for number, place in (places[n] for n in placed)
    ]
    boxes = ground_boxes(grids, grids[0].crs)
    found = [_beside(place, boxes, numbers) for place in range(len(placed))]
    pairs = np.concatenate([pair for pair, _ in found])
    return np.array(placed)[pairs], np.concatenate([share for _, share in found])


def _crs(scene):
    return scene.raster.grid.crs


def _beside(place, boxes, numbers):
    """The later blocks of other scenes that share ground with a block, and how much."""
    low = np.maximum(boxes[place, :2], boxes[place:, :2])
    high = np.minimum(boxes[place, 2:], boxes[place:, 2:])
    sizes = np.prod(boxes[place:, 2:] - boxes[place:, :2], axis=1)
    shares = np.prod(np.maximum(high - low, 0), axis=1) / np.minimum(sizes, sizes[0])
    others = np.flatnonzero((numbers[place:] != numbers[place]) & (shares > SLIVER))
    return np.stack([np.full(len(others), place), place + others], 1), shares[others]


def group_blocks(scenes, places, pairs, shares):
    """Group blocks that are to stay together: most of the ground shared, or the source.

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
    return connected_components(graph, directed=False)[1]


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
