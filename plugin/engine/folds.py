"""Honest splits: blocks in space, groups of one source, never a random split of neighbors.

A split is a pair of index arrays (train, test). What must not be split is said by `groups`, an
integer per sample; samples of one group are always on one side.

References
----------
Roberts et al. 2017, doi:10.1111/ecog.02881 (block cross-validation in space).
"""

import os
import re

import numpy as np
from scipy.spatial import cKDTree
from sklearn.model_selection import (
    GroupShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)

from ..jobs.errors import JobError

_BLOCKS_PER_FOLD = 6
_TRIES = 40


def name_groups(paths, pattern):
    """Group files by the first group of a regular expression in their names.

    Parameters
    ----------
    paths : list of str
    pattern : str

    Returns
    -------
    numpy.ndarray of int, shape (N,)

    Raises
    ------
    JobError
        If names do not match, with the first of them.
    """
    found = [_match(pattern, os.path.basename(path)) for path in paths]
    missed = [path for path, match in zip(paths, found, strict=True) if not match or not match[1]]
    if missed:
        raise JobError(
            f'Groups "{pattern}" does not match {len(missed)} of {len(paths)} file names, the '
            f'first is "{os.path.basename(missed[0])}".',
            "Change the expression so that it matches every file name.",
        )
    return np.unique([match[1] for match in found], return_inverse=True)[1]


def _match(pattern, name):
    """Look in the file name, then in the name without its ending."""
    return re.search(pattern, name) or re.search(pattern, os.path.splitext(name)[0])


def merge_groups(first, second):
    """Join two groupings: samples that share a group in either are in one group."""
    size = len(first)
    parent = list(range(size))

    def root(index):
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for groups in (first, second):
        seen = {}
        for index, group in enumerate(groups):
            parent[root(index)] = root(seen.setdefault(group, index))
    return np.unique([root(index) for index in range(size)], return_inverse=True)[1]


def block_groups(positions, reach, parts, labels):
    """Group samples by square blocks of the ground.

    The blocks are as large as they can be while there are still enough of them for the parts,
    and never smaller than twice the reach of a sample.

    Parameters
    ----------
    positions : numpy.ndarray, shape (N, 2)
        Easting and northing of the samples' centers.
    reach : float
        Half the side of a sample on the ground, in the same unit.
    parts : int
        Folds that the blocks are to fill.
    labels : numpy.ndarray of int, shape (N,)
        Every class must lie in at least two blocks.

    Returns
    -------
    groups : numpy.ndarray of int, shape (N,)
    side : float
        Side of a block.

    Raises
    ------
    JobError
        If even the smallest blocks are too few.
    """
    low, high = positions.min(0), positions.max(0)
    side, smallest = max(float((high - low).max()), 2 * reach), 2 * reach
    for _ in range(_TRIES):
        cells = np.floor((positions - low) / side).astype(np.int64)
        groups = np.unique(cells, axis=0, return_inverse=True)[1].ravel()
        if groups.max() + 1 >= _BLOCKS_PER_FOLD * parts and _spread(groups, labels, parts):
            return groups, side
        if side <= smallest:
            break
        side = max(side * 0.85, smallest)
    if groups.max() + 1 >= 2 and _spread(groups, labels, 2):
        return groups, side
    raise JobError(
        f"The chips lie in {groups.max() + 1} places only, too few to keep neighbors apart "
        "in the validation.",
        "Add labels of every class in other parts of the area.",
    )


def _spread(groups, labels, parts):
    """Whether every class lies in at least `parts` groups (or in as many as it has samples)."""
    for label in np.unique(labels):
        mine = labels == label
        if len(np.unique(groups[mine])) < min(parts, mine.sum()):
            return False
    return True


def hold_out(labels, groups, share, seed):
    """Hold out a share of every class; whole groups where there are groups.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (N,)
    groups : numpy.ndarray of int, shape (N,), or None
    share : float
        Share to hold out, in 0..1.
    seed : int

    Returns
    -------
    train, test : numpy.ndarray of int
        Indices, sorted. With groups, the split of many tries whose class counts come nearest
        to the share.
    """
    if groups is None:
        return _stratified(labels, share, seed)
    splits = GroupShuffleSplit(_TRIES, test_size=share, random_state=seed).split(
        labels, labels, groups
    )
    return min(_two_sided(splits, labels, groups), key=lambda pair: _miss(labels, pair, share))


def _stratified(labels, share, seed):
    counts = np.bincount(labels)
    alone = np.isin(labels, np.flatnonzero(counts < 2))
    rest = np.flatnonzero(~alone)
    size = max(round(share * len(rest)), len(np.unique(labels[rest])))
    train, test = next(
        StratifiedShuffleSplit(1, test_size=size, random_state=seed).split(rest, labels[rest])
    )
    return np.sort(np.concatenate([rest[train], np.flatnonzero(alone)])), np.sort(rest[test])


def _two_sided(splits, labels, groups):
    """The splits that leave every class something to learn from."""
    pairs = [(np.sort(train), np.sort(test)) for train, test in splits]
    classes = len(np.unique(labels))
    good = [pair for pair in pairs if len(np.unique(labels[pair[0]])) == classes]
    if not good:
        raise JobError(
            f"A class lies in one of the {len(np.unique(groups))} groups only, so it cannot be "
            "both learned and tested.",
            "Add images of every class from other sources or places.",
        )
    return good


def _miss(labels, pair, share):
    """How far the held-out share of every class is from the wished one."""
    counts = np.bincount(labels)
    held = np.bincount(labels[pair[1]], minlength=len(counts))
    there = counts > 0
    shares = held[there] / counts[there]
    return np.abs(shares - share).mean() + (held[there] == 0).sum()


def cross_validation(labels, groups, folds, seed):
    """Split into folds so that every sample is tested once.

    Returns
    -------
    list of (train, test)

    Raises
    ------
    JobError
        If there are fewer samples or groups of the rarest class than folds.
    """
    pieces = groups if groups is not None else np.arange(len(labels))
    fewest = min(len(np.unique(pieces[labels == label])) for label in np.unique(labels))
    if fewest < 2:
        raise JobError(
            "A class has one image or lies in one group only, so it cannot be cross-validated.",
            "Add images of that class from other sources or places.",
        )
    folds = min(folds, fewest) if groups is None else min(folds, len(np.unique(groups)))
    maker = StratifiedKFold if groups is None else StratifiedGroupKFold
    splits = maker(folds, shuffle=True, random_state=seed).split(labels, labels, groups)
    return [pair for pair in splits if len(pair[1])]


def leave_one_out(groups):
    """Leave one group out, each in turn.

    Returns
    -------
    list of (train, test)
    """
    return [(np.flatnonzero(groups != g), np.flatnonzero(groups == g)) for g in np.unique(groups)]


def keep_distance(train, test, positions, distance):
    """Drop training samples that reach into test samples.

    Parameters
    ----------
    train, test : numpy.ndarray of int
    positions : numpy.ndarray, shape (N, 2)
    distance : float
        Training samples nearer than this to a test sample in both directions are dropped.

    Returns
    -------
    numpy.ndarray of int
        The training samples that are left.
    """
    near = cKDTree(positions[test]).query(positions[train], p=np.inf)[0]
    return train[near >= distance * (1 - 1e-9)]
