"""What a detector finds in units, beside what is drawn there."""

import time

import numpy as np

from ..metrics.detection import Objects

MERGE_SHARE = 0.5


def score_units(finder, collection, units, some, progress, seconds=0.0):
    """Search units and give the objects found, and the true ones.

    Parameters
    ----------
    finder : Finder
    collection : Collection
    units : list of Unit
    some : int array
        Numbers of the units that are searched.
    progress : Progress
    seconds : float
        After which no other unit is searched, but the first always is; 0 for no limit.

    Returns
    -------
    found, truth : list of Objects
        Of every unit that was searched, in pixels of its scene.
    """
    found, truth, started = [], [], time.monotonic()
    what = "Block" if collection.is_raster else "Image"
    for number, place in enumerate(some):
        if seconds and found and time.monotonic() - started > seconds:
            break
        unit = units[place]
        scene = collection.scenes[unit.scene]
        area = unit.row, unit.column, unit.height, unit.width
        ends = number / len(some), (number + 1) / len(some)
        part = progress.part(*ends, f"{what} {number + 1:,} of {len(some):,}")
        found.append(finder.find(scene, area, MERGE_SHARE, part))
        mine = unit.holds(scene.boxes)
        truth.append(Objects(scene.boxes[mine], scene.labels[mine]))
    return found, truth


def sides(objects):
    """Size in pixels, the root of the area, of boxes."""
    spans = np.clip(objects.boxes[:, 2:] - objects.boxes[:, :2], 0, None)
    return np.sqrt(spans.prod(axis=1))
