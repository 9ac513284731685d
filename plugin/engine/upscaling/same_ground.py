"""Which blocks show the same ground or come from one source, so that no split may part them."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .. import shared_ground as ground
from ..groups import crop_sources, merge_groups
from .image_scenes import Held

_SAME = 0.5  # of the smaller block
SLIVER = 0.02  # rasters of one place seldom begin at the very same pixel


def shared_ground(scenes, places):
    """Find blocks of different rasters that lie on the same ground.

    Parameters
    ----------
    scenes : list of Scene
    places : list of (int, tuple of int)
        Scene number and place of every block.

    Returns
    -------
    pairs : numpy.ndarray of int, shape (N, 2)
        Blocks that share more than a sliver.
    shares : numpy.ndarray, shape (N,)
        How much, of the smaller one.
    """
    pairs, shares = ground.shared_ground(_grids(scenes), _in_rasters(scenes, places))
    return pairs[shares > SLIVER], shares[shares > SLIVER]


def _grids(scenes):
    """The grids of scenes that have a place, if there are several."""
    if len(scenes) < 2:
        return [None] * len(scenes)
    grids = [scene.raster.grid for scene in scenes]
    return ground.placed_grids(
        [grid if grid.crs or not grid.transform.is_identity else None for grid in grids]
    )


def _in_rasters(scenes, places):
    return [(number, scenes[number].in_raster(*place)) for number, place in places]


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
    images = [
        grid if isinstance(scene.raster, Held) else None
        for grid, scene in zip(_grids(scenes), scenes, strict=True)
    ]
    return merge_groups(groups, ground.ground_squares(images, _in_rasters(scenes, places)))


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
