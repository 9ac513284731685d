"""What trains and what scores: whole images, or blocks of ground of a raster."""

from dataclasses import dataclass
from itertools import chain

import numpy as np

from ...jobs.errors import JobError
from ..folds import cross_validation, hold_out
from .same_ground import group_blocks, new_shares, off_ground
from .unit import Unit

_BLOCKS_PER_PART = 6
_LEAST_SIDE = 64
_WATCHED_SHARE = 0.12
_LEAST_UNITS_TO_WATCH = 16


@dataclass(frozen=True)
class Plan:
    """The splits of a validation, and a sentence.

    Attributes
    ----------
    splits : list of (list of Unit, int array)
        What trains, and the numbers of the units that are scored. Of a unit that trains only
        what shows no ground of a scored one is left.
    sentence : str
    """

    splits: list
    sentence: str


def lay_out(collection, parts):
    """Divide scenes into units.

    Images are units as they are. The mapped area of a raster becomes square blocks, as large
    as they can be while there are some for every part of the validation, and no smaller than
    twice the usual object. Blocks of several rasters that share most of their ground are of one
    group.

    Parameters
    ----------
    collection : Collection
    parts : int
        Parts that the validation will make.

    Returns
    -------
    list of Unit
    """
    units = []
    side = _block_side(collection, parts)
    last = int(collection.groups.max(initial=-1))
    for number, (area, group) in enumerate(zip(collection.areas, collection.groups, strict=True)):
        row, column, height, width = area
        if group >= 0:
            units.append(Unit(number, row, column, height, width, int(group)))
            continue
        for top, high in _cuts(row, height, side):
            for left, wide in _cuts(column, width, side):
                last += 1
                units.append(Unit(number, top, left, high, wide, last))
    return group_blocks(collection, units) if collection.is_raster else units


def _block_side(collection, parts):
    areas = [height * width for _, _, height, width in collection.areas]
    total = np.dot(areas, new_shares(collection))
    sizes = (collection.boxes[:, 2:] - collection.boxes[:, :2]).max(axis=1)
    wished = np.sqrt(total / (_BLOCKS_PER_PART * parts))
    return max(wished, 2 * np.percentile(sizes, 75), _LEAST_SIDE)


def _cuts(start, length, side):
    """Start and length of the pieces of a line, each about `side` long."""
    count = max(round(length / side), 1)
    edges = start + np.round(np.linspace(0, length, count + 1)).astype(int)
    return [(int(a), int(b - a)) for a, b in zip(edges, edges[1:], strict=False)]


def plan(job, collection, units):
    """Split units as the job asks.

    Parameters
    ----------
    job : TrainObjectDetector
    collection : Collection
    units : list of Unit

    Returns
    -------
    Plan

    Raises
    ------
    JobError
        If the boxes lie in too few images or places.
    """
    owner, labels = _owners(collection, units)
    if len(np.unique(owner)) < 2:
        what = "one block of ground" if collection.is_raster else "one image"
        raise JobError(
            f"All boxes lie in {what}: none can be kept apart to measure the scores.",
            "Draw boxes in other parts of the area too, or add images.",
        )
    if job.validation == "cross_validation":
        pairs = _tried(cross_validation, labels, owner, job.folds, job.seed)
    else:
        pairs = [_tried(hold_out, labels, owner, job.validation_share, job.seed)]
    groups = np.array([unit.group for unit in units])
    homes = _homes(groups, owner, [owner[test] for _, test in pairs], job)
    splits, trained = [], 0
    for number in range(len(pairs)):
        test = np.flatnonzero(homes == number)
        scored = [units[i] for i in test]
        left = off_ground(collection, [units[i] for i in np.flatnonzero(homes != number)], scored)
        trained = trained or sum(map(bool, left))
        splits.append((_some_with_boxes(collection, chain(*left)), test))
    sentence = _sentence(collection, units, splits, trained)
    return Plan(splits, f"{sentence} {collection.kept_apart}")


def _some_with_boxes(collection, train):
    """Units as a list; refuse those that hold no box."""
    train = list(train)
    if not count_boxes(collection, train):
        raise JobError(
            "No box is left to learn from: all lie on ground that is scored in another "
            f"{'raster' if collection.is_raster else 'image'}.",
            "Draw boxes in other parts of the area too, or leave out what shows the same ground.",
        )
    return train


def _owners(collection, units):
    """Group and class of every box."""
    owner, labels = [np.zeros(0, int)], [np.zeros(0, int)]
    for unit in units:
        scene = collection.scenes[unit.scene]
        mine = unit.holds(scene.boxes)
        owner.append(np.full(int(mine.sum()), unit.group))
        labels.append(scene.labels[mine])
    return np.concatenate(owner), np.concatenate(labels)


def _tried(split, labels, owner, wish, seed):
    """Split so that every class has its share; a class in one place only has to do without."""
    try:
        return split(labels, owner, wish, seed)
    except JobError:
        return split(np.zeros_like(labels), owner, wish, seed)


def _homes(groups, owner, tested, job):
    """Which split tests a unit, -1 for none; units without boxes are dealt out by chance."""
    homes = np.full(len(groups), -1)
    for number, some in enumerate(tested):
        homes[np.isin(groups, some)] = number
    empty = np.setdiff1d(groups, owner)
    chance = np.random.default_rng(job.seed)
    if job.validation == "cross_validation":
        dealt = chance.permutation(len(empty)) % len(tested)
    else:
        dealt = np.where(chance.random(len(empty)) < job.validation_share, 0, -1)
    for group, home in zip(empty, dealt, strict=True):
        homes[groups == group] = home
    return homes


def count_boxes(collection, units):
    """Number of boxes in units."""
    return sum(int(unit.holds(collection.scenes[unit.scene].boxes).sum()) for unit in units)


def watched_split(collection, train, seed):
    """Keep some of the training units to choose the epoch with; none if there are few.

    Returns
    -------
    learned, watched : list of Unit
    """
    owner, labels = _owners(collection, train)
    if len(np.unique(owner)) < _LEAST_UNITS_TO_WATCH:
        return train, []
    _, test = _tried(hold_out, labels, owner, _WATCHED_SHARE, seed + 1)
    groups = set(owner[test].tolist())
    watched = [unit for unit in train if unit.group in groups]
    learned = [unit for unit in train if unit.group not in groups]
    left = list(chain(*off_ground(collection, learned, watched)))
    return (left, watched) if count_boxes(collection, left) else (train, [])


def _sentence(collection, units, splits, trained):
    """How units were split; `trained` counts those that were left to train in the first split."""
    what = "blocks of ground" if collection.is_raster else "images"
    if len(splits) > 1:
        return (
            f"Cross-validation in {len(splits)} folds: each of {len(units):,} {what} was scored "
            f"once, by a network that did not see it."
        )
    test = splits[0][1]
    boxes = count_boxes(collection, [units[i] for i in test])
    return (
        f"Hold-out: {len(test):,} of {len(units):,} {what}, with {boxes:,} boxes, were kept for "
        f"the score and never trained on; {trained:,} trained."
    )
