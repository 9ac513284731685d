"""Honest splits: blocks in space, groups of one source, never a random split of neighbors.

A split is a pair of index arrays (train, test). What must not be split is said by `groups`, an
integer per sample; samples of one group are always on one side.

References
----------
Roberts et al. 2017, doi:10.1111/ecog.02881 (block cross-validation in space).
"""

import numpy as np
from scipy.spatial import cKDTree
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)

from ..jobs.errors import JobError

_TRIES = 2000


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
        Indices, sorted. With groups, the split of many tries that comes nearest to the share in
        every class.
    """
    if groups is None:
        return _stratified(labels, share, seed)
    held = _held_groups(labels, groups, share, seed)
    test = np.isin(groups, held)
    return np.flatnonzero(~test), np.flatnonzero(test)


def _stratified(labels, share, seed):
    counts = np.bincount(labels)
    alone = np.isin(labels, np.flatnonzero(counts < 2))
    rest = np.flatnonzero(~alone)
    size = max(round(share * len(rest)), len(np.unique(labels[rest])))
    train, test = next(
        StratifiedShuffleSplit(1, test_size=size, random_state=seed).split(rest, labels[rest])
    )
    return np.sort(np.concatenate([rest[train], np.flatnonzero(alone)])), np.sort(rest[test])


def _held_groups(labels, groups, share, seed):
    """Choose the groups to hold out: the best of many random choices.

    The best holds out the share of every class that is wished, in images and in groups: a class
    that is tested on one source only says little of the others.
    """
    names, counts = _counts(labels, groups)
    if len(names) < 2:
        raise JobError(
            "All images are the same or belong to one group, so none can be held out.",
            "Add images from other sources or places, or change GROUPS.",
        )
    pieces = np.stack([counts, counts > 0]).astype(float)  # (images or groups, group, class)
    chance, best, least = np.random.default_rng(seed), None, np.inf
    for _ in range(_TRIES):
        held = _draw(counts.sum(1), share, chance)
        if (counts[~held].sum(0) == 0).any():
            continue  # a class would have nothing to learn from
        shares = pieces[:, held].sum(1) / pieces.sum(1)
        miss = np.abs(shares - share).mean() + (shares[0] == 0).sum()
        if miss < least:
            best, least = held, miss
    if best is None:
        raise JobError(
            f"A class lies in one of the {len(names)} groups only, so it cannot be both learned "
            "and tested.",
            "Add images of every class from other sources or places.",
        )
    return names[best]


def _counts(labels, groups):
    """Names of the groups, and images by group and class."""
    names, place = np.unique(groups, return_inverse=True)
    classes, label = np.unique(labels, return_inverse=True)
    counts = np.zeros((len(names), len(classes)), dtype=np.int64)
    np.add.at(counts, (place, label), 1)
    return names, counts


def _draw(sizes, share, chance):
    """Draw groups at random until they hold the share of all images: at least one, not all."""
    order = chance.permutation(len(sizes))
    reached = np.cumsum(sizes[order]) / sizes.sum()
    count = int(np.argmin(np.abs(reached - share))) + 1
    held = np.zeros(len(sizes), dtype=bool)
    held[order[: min(count, len(sizes) - 1)]] = True
    return held


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
