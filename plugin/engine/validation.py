"""How a classifier is validated: which images train and which score, and why."""

from dataclasses import dataclass, field

import numpy as np

from ..jobs.errors import JobError
from .folds import cross_validation, hold_out, keep_distance, leave_one_out
from .groups import block_groups, crop_sources, merge_groups, name_groups, never_split
from .recipes import is_small

_MOST_FITS = 60


@dataclass
class Plan:
    """The splits of a validation.

    Attributes
    ----------
    splits : list of (train, test)
        Index arrays.
    groups : numpy.ndarray of int, shape (N,), or None
        What is not split.
    sentence : str
        How the images were split, for the report.
    refit : bool
        Whether the model that ships is fitted once more, on all images.
    warnings : list of str
    """

    splits: list
    groups: np.ndarray
    sentence: str
    refit: bool
    warnings: list = field(default_factory=list)


def plan_validation(job, samples):
    """Plan the validation that a job asks for.

    Neighbors never sit on both sides: georeferenced chips are always grouped by blocks of
    ground (unless the job names groups), and images with the same pixels always go together.

    Parameters
    ----------
    job : TrainImageClassifier
    samples : Samples

    Returns
    -------
    Plan

    Raises
    ------
    JobError
        If the images cannot be split as asked.
    """
    groups, together, warnings = _groups(job, samples)
    labels, method = samples.labels, job.validation
    if method == "holdout":
        splits = [hold_out(labels, groups, job.validation_share, job.seed)]
    elif method == "leave_one_out":
        splits = _leave_one_out(labels, groups)
    else:
        splits = cross_validation(labels, groups, job.folds, job.seed)
    splits = [_apart(pair, samples) for pair in splits]
    _check_sides(splits, samples)
    warnings += _unscored(splits, samples)
    refit = _refits(job, splits, samples)
    return Plan(splits, groups, _sentence(job, splits, together), refit, warnings)


def _refits(job, splits, samples):
    """Whether the model that ships learns from all images: always where none tested all."""
    few = is_small(len(samples)) if job.refit == "auto" else job.refit == "all"
    return len(splits) > 1 or few


def _groups(job, samples):
    """What must not be split (None for single images), a sentence that tells it, and warnings."""
    warnings = [samples.place_warning] if samples.place_warning else []
    if job.groups:
        groups = name_groups(samples.paths, job.groups)
        by = f'groups named by "{job.groups}"'
        if job.validation == "spatial_blocks":
            groups, by = merge_groups(groups, _blocks(job, samples)[0]), "groups and blocks"
    elif job.validation == "spatial_blocks" or samples.positions is not None:
        groups, side = _blocks(job, samples)
        by = f"blocks of ground {side:.6g} map units wide"
    else:
        groups, by = None, ""
        warnings += _sources_warning(samples.paths)
    if len(np.unique(samples.twins)) < len(samples):
        twins = len(samples) - len(np.unique(samples.twins))
        warnings += _contradictions(samples)
        warnings.append(
            f"Images with the same pixels as another one: {twins:,}; each such set stays on one side."
        )
        singles = np.arange(len(samples)) if groups is None else groups
        groups = merge_groups(singles, samples.twins)
    return groups, never_split(groups, by), warnings


def _contradictions(samples):
    """Warn of images that lie in more than one class."""
    order = np.argsort(samples.twins, kind="stable")
    pairs = [
        (first, second)
        for first, second in zip(order, order[1:], strict=False)
        if samples.twins[first] == samples.twins[second]
        and samples.labels[first] != samples.labels[second]
    ]
    if not pairs:
        return []
    first, second = (samples.paths[index] for index in pairs[0])
    return [
        f"Images that lie in two classes, such as {first} and {second}: {len(pairs):,}. Their labels "
        "contradict each other. Remove the wrong ones."
    ]


def _blocks(job, samples):
    if samples.positions is None:
        raise JobError(
            "Spatial blocks need georeferenced chips in one CRS, and these images are not.",
            "Choose another validation, or cut the chips with Export training chips.",
        )
    parts = round(1 / job.validation_share) if job.validation == "holdout" else job.folds
    return block_groups(samples.positions, samples.reach, parts, samples.labels)


def _sources_warning(paths):
    """Warn when file names look like numbered crops of few sources."""
    several = crop_sources(paths)[1]
    if not several:
        return []
    example, count = max(several.items(), key=lambda item: item[1])
    return [
        f'File names look like crops of {len(several)} sources ("{example}": {count} images). If '
        "they are, name the source in GROUPS, such as ^(.+)[-_]\\d+, or the scores are too good."
    ]


def _leave_one_out(labels, groups):
    groups = np.arange(len(labels)) if groups is None else groups
    count = len(np.unique(groups))
    if count > _MOST_FITS:
        raise JobError(
            f"Leave one out would train {count} networks, one for each group or image.",
            f"Choose cross-validation, or GROUPS that make at most {_MOST_FITS} groups.",
        )
    return leave_one_out(groups)


def _apart(pair, samples):
    """Keep training chips off the ground of test chips, however they were grouped."""
    train, test = pair
    if samples.positions is None:
        return pair
    return keep_distance(train, test, samples.positions, 2 * samples.reach), test


def _check_sides(splits, samples):
    for train, test in splits:
        lost = set(range(len(samples.class_names))) - set(samples.labels[train])
        if lost or not len(test):
            name = samples.class_names[min(lost)] if lost else ""
            raise JobError(
                f'Class "{name}" has no image left to learn from once neighbors and groups are '
                "kept apart.",
                "Add images of that class from other sources or places.",
            )


def _unscored(splits, samples):
    scored = set(np.concatenate([samples.labels[test] for _, test in splits]))
    missing = [n for i, n in enumerate(samples.class_names) if i not in scored]
    return [f"No image of class {', '.join(missing)} is scored."] if missing else []


def _sentence(job, splits, together):
    train, test = splits[0]
    kept = f" {together}" if together else ""
    if len(splits) == 1:
        return (
            f"Hold-out: {len(test)} images ({len(test) / (len(train) + len(test)):.0%}) of all "
            f"classes were kept for the score, of a network that {len(train)} trained.{kept}"
        )
    scored = sum(len(test) for _, test in splits)
    what = "Leave one out" if job.validation == "leave_one_out" else "Cross-validation"
    return (
        f"{what} in {len(splits)} folds: each of {scored} images was scored once, by a network "
        f"that did not see it.{kept}"
    )
