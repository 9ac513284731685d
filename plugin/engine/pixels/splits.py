"""Which labeled pixels train and which score: blocks of ground, whole labels, a second layer."""

from dataclasses import dataclass, field

import numpy as np

from ...jobs.errors import JobError
from ..folds import cross_validation, hold_out
from .autocorrelation import resemblance_range
from .ground import Pixels

_BLOCK_RANGES = 2.0
_SMALLEST_BLOCK = 8.0  # pixels
_BLOCKS_PER_FOLD = 3
_SHRINK = 0.85
_BUFFER = 0.1  # of a block
_TRIES = 20
_PIXELS_OF_A_GROUP = 40
_WATCHED_SHARE = 0.15


@dataclass
class Split:
    """A part of a validation.

    Attributes
    ----------
    train : int array
        Numbers of the pixels of the ground that train.
    test : Pixels
        That score.
    values : float32 array, shape (len(test), band)
    groups : int array, shape (len(test),)
        Block or label of every scored pixel, for intervals.
    """

    train: np.ndarray
    test: Pixels
    values: np.ndarray
    groups: np.ndarray


@dataclass
class Plan:
    """The splits of a validation.

    Attributes
    ----------
    splits : list of Split
    groups : int array, shape (n,)
        What is not split, of every pixel of the ground.
    folds : int array, shape (n,)
        Part in which a pixel is tested; all 0 with a second layer.
    sentence : str
        How it was split, for the report.
    refit : bool
        Whether the model that ships is fitted once more, on all labels.
    block : float
        Side of a block in pixels, 0 without blocks.
    warnings : list of str
    """

    splits: list
    groups: np.ndarray
    folds: np.ndarray
    sentence: str
    refit: bool
    block: float = 0.0
    warnings: list = field(default_factory=list)


def plan_splits(job, ground, class_names, pixel, layer=None):
    """Plan the validation that a job asks for.

    Parameters
    ----------
    job : TrainPixelClassifier
    ground : Ground
    class_names : list of str
    pixel : (float, str)
        Its side in map units, and their name.
    layer : Ground, optional
        Of the second layer of labels.

    Returns
    -------
    Plan

    Raises
    ------
    JobError
        If the labels cannot be split as asked.
    """
    if job.validation == "layer":
        return _by_layer(ground, class_names, layer)
    if job.validation == "holdout_polygons":
        return _by_label(job, ground, class_names)
    return _by_block(job, ground, class_names, *pixel)


def _by_layer(ground, class_names, layer):
    """Train on one layer and test on the other; shared pixels only test."""
    both = np.isin(_codes(ground.pixels, ground.width), _codes(layer.pixels, ground.width))
    train = np.flatnonzero(~both)
    _check_learned(ground.pixels.labels[train], class_names)
    values = layer.at(np.arange(len(layer.pixels)))
    warnings = []
    if both.any():
        warnings.append(f"{both.sum():,} pixels lie in both layers of labels; they only test.")
    sentence = (
        f"Second layer: {len(layer.pixels):,} pixels of the validation labels were scored; the "
        f"model was trained on {len(train):,} pixels of the other layer."
    )
    split = Split(train, layer.pixels, values, layer.pixels.units)
    groups, folds = ground.pixels.units, np.zeros(len(ground.pixels), int)
    return Plan([split], groups, folds, sentence, False, 0.0, warnings)


def _codes(pixels, width):
    return pixels.rows.astype(np.int64) * width + pixels.columns


def _by_label(job, ground, class_names):
    groups = ground.pixels.units
    folds = _folds(ground.pixels.labels, groups, job.folds, job.seed, class_names)
    count = len(np.unique(groups))
    sentence = (
        f"Cross-validation over labels in {folds.max() + 1} parts: each of {count:,} polygons, "
        "lines or points was scored once, whole, by a network that did not see it. Neighboring "
        "labels may be on both sides."
    )
    everywhere = np.ones((folds.max() + 1, len(groups)), bool)
    splits = _splits(ground, groups, folds, everywhere)
    return Plan(splits, groups, folds, sentence, True)


def _by_block(job, ground, class_names, pixel_side, unit):
    pixels, warnings = ground.pixels, []
    wished = job.block_size / pixel_side or automatic_block(pixels, job.seed)
    told = (bool(job.block_size), class_names, pixel_side, unit)
    side, groups = _fitting_block(pixels, wished, job.folds, *told)
    if side < 0.99 * wished:
        warnings.append(
            f"The labels lie too near each other for blocks of {wished * pixel_side:.4g} {unit}, "
            f"so far as they resemble each other: {side * pixel_side:.4g} {unit} were taken, and the "
            "scores may be too good."
        )
    folds = _folds(pixels.labels, groups, job.folds, job.seed, class_names)
    buffer = _BUFFER * side
    kept = _away_from_tests(pixels, folds, side, buffer)
    rare = _keep_rare(kept, pixels.labels, folds, class_names)
    warnings += rare
    splits = _splits(ground, groups, folds, kept)
    for split in splits:
        _check_learned(pixels.labels[split.train], class_names)
    sentence = (
        f"Spatial blocks: {len(np.unique(groups)):,} blocks {side * pixel_side:.4g} {unit} wide "
        f"({side:.3g} pixels) hold labels; in {len(splits)} parts each was scored once, by a "
        f"network that saw no label of it and none within {buffer:.2g} pixels of it."
    )
    if rare:
        sentence += " Of classes that lie near borders of blocks only, nearer labels were seen."
    return Plan(splits, groups, folds, sentence, True, side, warnings)


def automatic_block(pixels, seed):
    """Side of a block in pixels: twice as far as labels resemble each other."""
    return max(_BLOCK_RANGES * resemblance_range(pixels, seed), _SMALLEST_BLOCK)


def block_numbers(rows, columns, side):
    """A number for the block of every place."""
    return (np.floor(rows / side) * 1_000_003 + np.floor(columns / side)).astype(np.int64)


def _fitting_block(pixels, wished, folds, is_given, class_names, pixel_side, unit):
    """The wished blocks, or as much smaller ones as leave every class in enough of them."""
    side = wished
    while True:
        groups = np.unique(block_numbers(pixels.rows, pixels.columns, side), return_inverse=True)[1]
        spread = _least_spread(pixels.labels, groups)
        if spread[0] >= folds and groups.max() + 1 >= _BLOCKS_PER_FOLD * folds:
            return side, groups
        if is_given and spread[0] >= 2:
            return side, groups
        if is_given or side * _SHRINK < _SMALLEST_BLOCK:
            break
        side *= _SHRINK
    if spread[0] >= 2:
        return side, groups
    raise JobError(
        f'Class "{class_names[spread[1]]}" lies in one block of {side * pixel_side:.4g} {unit} '
        f"({side:.3g} pixels) only, so it cannot be both learned and tested.",
        f"Add labels of that class in other places, or choose a smaller BLOCK_SIZE (in {unit}).",
    )


def _least_spread(labels, groups):
    """The number of groups that the least spread class lies in, and that class."""
    pairs = np.unique(np.stack([labels, groups], axis=1), axis=0)
    counts = np.bincount(pairs[:, 0])
    counts = np.where(counts > 0, counts, counts.max() + 1)
    return int(counts.min()), int(counts.argmin())


def _folds(labels, groups, folds, seed, class_names):
    """The part that every pixel is tested in; every class trains in every part."""
    spread, place = _least_spread(labels, groups)
    if spread < 2:
        raise JobError(
            f'Class "{class_names[place]}" has one label only: what is learned from it could not '
            "be tested.",
            "Add labels of that class in other places, or split it.",
        )
    some = _some_of_each(labels, groups, seed)
    for attempt in range(_TRIES):
        parts = cross_validation(labels[some], groups[some], folds, seed + attempt)
        fold_of = np.zeros(groups.max() + 1, np.int64)
        for number, (_, test) in enumerate(parts):
            fold_of[groups[some][test]] = number
        found = fold_of[groups]
        if all(_has_all(labels[found != n], labels) for n in range(len(parts))):
            return found
    raise JobError(
        f'Class "{class_names[place]}" lies in {spread} places only, too few for {folds} folds.',
        "Choose fewer FOLDS, or add labels of that class in other places.",
    )


def _has_all(some, labels):
    return len(np.unique(some)) == len(np.unique(labels))


def _some_of_each(labels, groups, seed):
    """Some pixels of every class in every group, as many more as it has, within limits."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.lexsort((labels[order], groups[order]))]
    new = np.diff(np.stack([groups[order], labels[order]]), axis=1, prepend=-1).any(axis=0)
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(order)))
    wanted = np.minimum(np.ceil(np.sqrt(sizes)), _PIXELS_OF_A_GROUP).astype(int)
    chosen = [order[s : s + w] for s, w in zip(starts, wanted, strict=True)]
    return np.sort(np.concatenate(chosen))


def _away_from_tests(pixels, folds, side, buffer):
    """For every part: which pixels lie farther than the buffer from the blocks that it tests.

    The square of the buffer around a pixel is smaller than a block: its corners tell every block
    that it touches.
    """
    numbers = block_numbers(pixels.rows, pixels.columns, side)
    fold_of = dict(zip(numbers.tolist(), folds.tolist(), strict=True))
    near = []
    for down, right in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        moved = pixels.rows + down * buffer, pixels.columns + right * buffer
        near.append(block_numbers(*moved, side))
    known, places = np.unique(np.stack(near), return_inverse=True)
    parts = np.array([fold_of.get(int(number), -1) for number in known])
    around = parts[places].reshape(len(near), -1)
    return np.stack([(around != fold).all(axis=0) for fold in range(folds.max() + 1)])


def _keep_rare(kept, labels, folds, class_names):
    """Keep a class that the buffer would leave nothing of, in place; say of which."""
    lost = set()
    for fold, mine in enumerate(kept):
        for label in range(len(class_names)):
            members = (labels == label) & (folds != fold)
            if members.any() and not mine[members].any():
                mine[members] = True
                lost.add(label)
    if not lost:
        return []
    names = ", ".join(f'"{class_names[label]}"' for label in sorted(lost))
    return [
        f"All labels of {names} lie near the border of a block, so no buffer was kept from them: "
        "their scores may be too good."
    ]


def _splits(ground, groups, folds, kept):
    splits = []
    for fold in range(folds.max() + 1):
        train = np.flatnonzero((folds != fold) & kept[fold])
        test = np.flatnonzero(folds == fold)
        splits.append(Split(train, ground.pixels.take(test), ground.at(test), groups[test]))
    return splits


def _check_learned(labels, class_names):
    lost = set(range(len(class_names))) - set(np.unique(labels).tolist())
    if lost:
        raise JobError(
            f'Class "{class_names[min(lost)]}" has no labels left to learn from once those that '
            "test are kept apart.",
            "Add labels of that class in other places, or choose smaller blocks.",
        )


def inner_split(ground, groups, train, seed):
    """Split the pixels that train into those learned from and those watched.

    Watched pixels choose the epoch and the temperature; they neither train nor score.

    Returns
    -------
    learned, watched : int array
        `watched` is empty if a class would have nothing to learn from.
    """
    labels, mine = ground.pixels.labels[train].astype(np.int64), groups[train]
    some = _some_of_each(labels, mine, seed)
    try:
        _, held = hold_out(labels[some], mine[some], _WATCHED_SHARE, seed + 1)
    except JobError:  # a class lies in one group only: then there is nothing to watch with
        return train, train[:0]
    watched = np.isin(mine, np.unique(mine[some][held]))
    return train[~watched], train[watched]
