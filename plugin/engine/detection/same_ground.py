"""Blocks and images of a detector that show the same ground in several rasters or images."""

from dataclasses import replace

import numpy as np

from ..rasters.warped import covered_share, window_over
from ..shared_ground import placed_grids, shared_ground

_SAME = 0.5  # of the ground of the smaller block


def new_shares(collection):
    """Share of every raster's mapped area that no single one before it covers; 1 for an image.

    Parameters
    ----------
    collection : Collection

    Returns
    -------
    list of float
    """
    if not collection.is_raster:
        return [1.0] * len(collection.scenes)
    parts = [
        grid.part(*area) for grid, area in zip(collection.grids, collection.areas, strict=True)
    ]
    return [
        1 - max((covered_share(earlier, part) for earlier in parts[:number]), default=0.0)
        for number, part in enumerate(parts)
    ]


def group_blocks(collection, units):
    """Put every block of a raster into the group of an earlier one that has most of its ground.

    Parameters
    ----------
    collection : Collection
    units : list of Unit

    Returns
    -------
    list of Unit
    """
    pairs, shares = shared_ground(collection.grids, [(unit.scene, unit.place) for unit in units])
    partners = {}
    for pair, share in zip(pairs, shares, strict=True):
        earlier, later = sorted(pair.tolist())
        if share > _SAME:
            partners.setdefault(later, []).append((-share, earlier))
    groups = [unit.group for unit in units]
    for later in sorted(partners):
        # Only to one that joined no other: else neighbors would become one group in a chain.
        firsts = [p for p in sorted(partners[later]) if groups[p[1]] == units[p[1]].group]
        if firsts:
            groups[later] = groups[firsts[0][1]]
    return [replace(unit, group=group) for unit, group in zip(units, groups, strict=True)]


def scenes_on_ground_of(others, collection):
    """Count the scenes of a collection that show ground of another collection's scenes.

    Parameters
    ----------
    others, collection : Collection

    Returns
    -------
    int
        Of `others`.
    """
    scenes, first = [*others.scenes, *collection.scenes], len(others.scenes)
    grids = placed_grids([scene.grid for scene in scenes])
    places = [(n, (0, 0, scene.height, scene.width)) for n, scene in enumerate(scenes)]
    pairs = shared_ground(grids, places)[0]
    return len(np.unique([min(pair) for pair in pairs.tolist() if min(pair) < first <= max(pair)]))


def off_ground(collection, units, others):
    """Leave of units what shows no ground that others show in another scene.

    Parameters
    ----------
    collection : Collection
    units, others : list of Unit

    Returns
    -------
    list of list of Unit
        The pieces that are left of every unit.
    """
    grids, several = collection.grids, [*units, *others]
    left = [[unit] for unit in units]
    for pair in shared_ground(grids, [(unit.scene, unit.place) for unit in several])[0]:
        first, second = sorted(pair.tolist())
        if first < len(units) <= second:
            unit, other = units[first], several[second]
            window = window_over(grids[unit.scene], grids[other.scene].part(*other.place))
            left[first] = [rest for piece in left[first] for rest in piece.without(window)]
    return left
