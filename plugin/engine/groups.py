"""What must not be split: crops of one source, copies of one image, neighbors on the ground.

A grouping is an integer per sample; samples with the same integer stay on one side of every split.

References
----------
Roberts et al. 2017, doi:10.1111/ecog.02881 (block cross-validation in space).
"""

import os
import re
from collections import Counter, defaultdict

import numpy as np

from ..jobs.errors import JobError

_BLOCKS_PER_FOLD = 6
_SHRINKS = 40


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


def crop_sources(paths):
    """Find the sources of files whose names look like numbered crops of few sources.

    Parameters
    ----------
    paths : list of str
        The first folder of a path is its class.

    Returns
    -------
    sources : list of str or None
        The source of every file; None if the names do not look like crops.
    several : dict of str to int
        The sources of several files, and of how many; empty if the names do not look like crops.
    """
    names = [path.replace("\\", "/").split("/") for path in paths]
    sources = [_source_of(name[-1].rsplit(".", 1)[0]) for name in names]
    classes = {name[0].lower() for name in names}
    several = {
        source: count
        for source, count in Counter(sources).items()
        if count > 1 and any(c.isdigit() for c in source) and source.lower() not in classes
    }
    if len(several) < 2 or sum(several.values()) < 0.5 * len(paths):
        return None, {}
    sources_of = defaultdict(set)
    for name, source in zip(names, sources, strict=True):
        sources_of[name[0]].add(source)
    if min(map(len, sources_of.values())) < 2:
        return None, {}  # a source is a class: to group by it would leave nothing to learn from
    return sources, several


def _source_of(stem):
    """``ESP_016715-0077`` -> ``ESP_016715``."""
    return stem.rstrip("0123456789").rstrip("-_ .")


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
    for _ in range(_SHRINKS):
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


def never_split(groups, by):
    """Say that groups are kept together, for the report.

    Parameters
    ----------
    groups : int array
    by : str
        What the groups are; empty if there are none to speak of.
    """
    count = len(np.unique(groups))
    return f"Images of one group never sit on both sides ({count} {by})." if by else ""
