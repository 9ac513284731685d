"""The images that a generator learns from: read, counted, and split from those that judge it."""

import os
from dataclasses import dataclass, field

import numpy as np
import torch

from ...jobs.errors import JobError
from ..folds import hold_out, keep_distance
from ..groups import block_groups, crop_sources, merge_groups, never_split
from ..image_folders import Found, image_files
from ..normalization import to_network_range
from ..samples import describe_samples, load_samples

FEWEST, FEW = 50, 200
_HELD_SHARE = 0.2
_ROOM = 9 / 8  # images are held a little larger than they are made, so that crops differ
_PARTS = round(1 / _HELD_SHARE)
_NO_CLASS = "images"
_INSIDE = 0.9  # of the network's range that all but the wildest pixels take


@dataclass(frozen=True)
class Split:
    """Which images train and which judge.

    Attributes
    ----------
    training, held : numpy.ndarray of int
        Rows.
    groups : numpy.ndarray of int, shape (N,)
        What was kept together, for all rows.
    sentence : str
        How they were split, for the report.
    """

    training: np.ndarray
    held: np.ndarray
    groups: np.ndarray
    sentence: str


@dataclass
class Collection:
    """Images that train and images that judge.

    Attributes
    ----------
    samples : Samples
        Larger than `side` by a margin where the images allow it.
    side : int
        Of the images that are made.
    numbers : dict
        ``{"mean", "sd"}``: a band goes in as ``(value - mean) / sd``, to about -1..1.
    split : Split
    warnings : list of str
    """

    samples: object
    side: int
    numbers: dict
    split: Split
    warnings: list = field(default_factory=list)

    @property
    def class_names(self):
        """Names of the classes; none if the images are not in subfolders."""
        names = self.samples.class_names
        return [] if names == [_NO_CLASS] else names

    @property
    def labels(self):
        return self.samples.labels

    @property
    def training(self):
        return self.split.training

    @property
    def held(self):
        return self.split.held

    def values(self, rows):
        """Images of some rows in -1..1, a tensor (n, band, row, column)."""
        images = torch.from_numpy(np.asarray(self.samples.values[rows], np.float32))
        return to_network_range(images, self.numbers).clamp(-1, 1)

    def centers(self, rows):
        """The middle of some rows at the size that is made."""
        images = self.values(rows)
        start = (images.shape[-1] - self.side) // 2
        return images[..., start : start + self.side, start : start + self.side]


def read_collection(folder, side, seed, progress):
    """Read the images of a folder, with a subfolder per class or without.

    Parameters
    ----------
    folder : str
    side : int
        Of the images that will be made, in pixels.
    seed : int
        Of the split.
    progress : Progress

    Returns
    -------
    Collection

    Raises
    ------
    JobError
        If there are fewer than 50 different images, or they are not alike in bands and type.
    """
    found, warnings = find_images(folder)
    _refuse_few(len(found.paths), folder)
    found, descriptions, left_out = describe_samples(found, progress.part(0.0, 0.3))
    _refuse_few(len(found.paths), folder, left_out)
    room = _room(descriptions, side)
    samples = load_samples(found, descriptions, room, progress.part(0.3, 1.0), left_out)
    different = len(np.unique(samples.twins))
    _refuse_few(different, folder, samples.left_out)
    if different < FEW:
        warnings.append(
            f"{different} different images are few: expect near copies of them. From {FEW} on a generator "
            "begins to make new ones."
        )
    split, more = _split(samples, seed)
    numbers = _network_range(samples.values, split.training, samples.dtype)
    return Collection(samples, side, numbers, split, [*warnings, *more, *samples.left_out])


def find_images(folder):
    """Find images and their classes.

    Returns
    -------
    found : Found
        Without class names if images lie in the folder itself.
    warnings : list of str
    """
    paths = image_files(folder)
    loose = [path for path in paths if not os.path.dirname(path)]
    if not loose:
        names = sorted({path.split(os.sep)[0] for path in paths if not path.startswith(".")})
        paths = [path for path in paths if path.split(os.sep)[0] in names]
        labels = np.array([names.index(path.split(os.sep)[0]) for path in paths], np.int64)
        return Found(folder, paths, labels, names), []
    warnings = []
    if len(loose) < len(paths):
        warnings.append(
            f"Images beside the subfolders, which are therefore not taken for classes: {len(loose):,}. "
            "Move them into a subfolder if the subfolders are classes."
        )
    return Found(folder, paths, np.zeros(len(paths), np.int64), [_NO_CLASS]), warnings


def _refuse_few(count, folder, left_out=()):
    if count >= FEWEST:
        return
    why = f" {left_out[0]}" if left_out else ""
    raise JobError(
        f'Folder "{folder}" has {count} different images that can be read (JPEG, PNG, TIFF); a generator '
        f"needs at least {FEWEST}.{why}",
        "Add images, or cut more chips with Export training chips.",
    )


def _room(descriptions, side):
    """The side that images are held at: with a margin for crops if most of them are large enough."""
    usual = np.median([min(d.width, d.height) for d in descriptions])
    return round(side * _ROOM) if usual >= side * _ROOM else side


def _split(samples, seed):
    """Hold out a fifth of every class, with what belongs together on one side."""
    warnings = [samples.place_warning] if samples.place_warning else []
    try:
        groups, together = _groups(samples)
        training, held = hold_out(samples.labels, groups, _HELD_SHARE, seed)
        training = _apart(samples, training, held)
    except JobError as error:
        warnings.append(f"{error.found} So single images are held out: the scores may be too good.")
        groups, together = samples.twins, ""
        training, held = hold_out(np.zeros_like(samples.labels), groups, _HELD_SHARE, seed)
    kept = f" {together}" if together else ""
    sentence = (
        f"{len(held)} images ({len(held) / (len(held) + len(training)):.0%}) were kept from the "
        f"generator and judge it; {len(training)} trained it.{kept}"
    )
    return Split(training, held, groups, sentence), warnings


def _apart(samples, training, held):
    """The images that show no ground of those that judge."""
    if samples.positions is None:
        return training
    left = keep_distance(training, held, samples.positions, 2 * samples.reach)
    if set(samples.labels[left]) < set(samples.labels[training]):
        raise JobError(
            "Nearly all images overlap: too few are left without the ground of those that judge.",
            "Add images of other ground.",
        )
    return left


def _groups(samples):
    """What must not be split, and a sentence that tells it: places, sources that file names tell, and copies."""
    groups, by = np.arange(len(samples)), ""
    if samples.positions is not None:
        groups, side = block_groups(samples.positions, samples.reach, _PARTS, samples.labels)
        by = f"blocks of ground {side:.6g} map units wide"
    else:
        sources = crop_sources(_under_a_class(samples))[0]
        if sources is not None:
            groups = np.unique(sources, return_inverse=True)[1]
            by = "sources that the file names tell"
    together = never_split(groups, by)
    if len(np.unique(samples.twins)) < len(samples):
        groups = merge_groups(groups, samples.twins)
    return groups, together


def _under_a_class(samples):
    """The paths with the class as their first folder, also where there are no classes."""
    names = samples.class_names
    return [
        os.path.join(names[label], os.path.basename(path))
        for path, label in zip(samples.paths, samples.labels, strict=True)
    ]


def _network_range(values, rows, dtype):
    """What brings nearly all values of a band to -.9...9, and the wildest to the limits."""
    limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    mean, sd = [], []
    for band in range(values.shape[1]):
        sample = np.asarray(values[rows, band], np.float32)
        low, high = np.nanpercentile(sample[:: max(1, len(rows) // 1000)], [0.5, 99.5])
        middle, half = (low + high) / 2, max((high - low) / 2 / _INSIDE, 1e-6)
        if limits is not None:
            low, high = max(middle - half, limits.min), min(middle + half, limits.max)
            middle, half = (low + high) / 2, max((high - low) / 2, 0.5)
        mean.append(float(middle))
        sd.append(float(half))
    return {"mean": mean, "sd": sd}
