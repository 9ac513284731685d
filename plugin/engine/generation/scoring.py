"""How good made images are: all that the report and the card tell of them."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from ..metrics.image_sets import (
    kernel_distance,
    mean_distance,
    mean_pairwise,
    sliced_wasserstein,
)
from ..schedule import minutes
from .copies import find_copies
from .noise import make
from .usefulness import REPEATS, measure_usefulness

_MOST_TRAINING, _MOST_HELD, _MADE = 2000, 500, 256
_MOST_IN_A_SET = 200
_VARIETY_OF = 64
_FIRST_SET = 1_000_000  # seeds of the sets that a classifier learns from


@dataclass
class Scores:
    """Scores of a generator.

    Attributes
    ----------
    levels, floor, ceiling : dict of int to float
        Sliced Wasserstein distance to held-out images by scale: of made images, of real training
        images, and of training images whose phases were scrambled.
    kernel, kernel_floor : float
        Kernel distance of features to held-out images: of made and of real training images.
    variety : float
        Mean distance between made images, in parts of that between real ones.
    copies : Copies
    usefulness : Usefulness or None
        None without classes.
    images : torch.Tensor, shape (N, band, side, side)
        Made images, of seeds 0, 1, ...
    labels : numpy.ndarray of int, shape (N,)
    near : numpy.ndarray of int, shape (N,)
        The row of the nearest training image of each.
    """

    levels: dict
    floor: dict
    ceiling: dict
    kernel: float
    kernel_floor: float
    variety: float
    copies: object
    usefulness: object
    images: torch.Tensor
    labels: np.ndarray
    near: np.ndarray

    @property
    def distance(self):
        return mean_distance(self.levels)

    @property
    def place(self):
        """Where the distance lies between real images (0) and scrambled ones (1)."""
        low, high = mean_distance(self.floor), mean_distance(self.ceiling)
        return (self.distance - low) / max(high - low, 1e-9)


def score(network, collection, eye, seed, progress):
    """Score a generator on images that were kept from it.

    Parameters
    ----------
    network : ImageGenerator
    collection : Collection
    eye : features.Eye
    seed : int
    progress : Progress

    Returns
    -------
    Scores

    Raises
    ------
    Stopped
        If the user cancels.
    """
    chance = np.random.default_rng(seed)
    training = _some(collection.training, _MOST_TRAINING, chance)
    held = _some(collection.held, _MOST_HELD, chance)
    names = collection.class_names
    labels = _turns(chance.choice(collection.labels[held], _MADE), names)
    made = make(network, np.arange(_MADE), labels, progress)
    real, kept = collection.centers(training), collection.centers(held)
    _announce(eye, real, len(kept) + _MADE + _in_sets(collection, training), progress)
    seen = [eye.features(part, progress.part(*span)) for part, span in (
        (torch.cat([real, real.flip(-1)]), (0.0, 0.5)), (kept, (0.5, 0.6)), (made, (0.6, 0.65)),
    )]  # fmt: skip
    real_seen, kept_seen, made_seen = seen
    copies = find_copies(made_seen, kept_seen, real_seen)
    like = _alike(collection.labels[held], collection.labels[training], chance)
    several = min(_VARIETY_OF, len(held))
    return Scores(
        **_distances(made, labels, real[like], kept, collection.labels[held], seed),
        kernel=kernel_distance(made_seen, kept_seen),
        kernel_floor=kernel_distance(real_seen[: len(training)], kept_seen),
        variety=mean_pairwise(made_seen[:several]) / max(mean_pairwise(kept_seen[:several]), 1e-9),
        copies=copies,
        usefulness=_usefulness(
            network, collection, eye, (training, held), (real_seen, kept_seen), seed,
            progress.part(0.65, 1.0),
        ),
        images=made,
        labels=labels,
        near=training[copies.places],
    )  # fmt: skip


def _some(rows, most, chance):
    return rows if len(rows) <= most else np.sort(chance.choice(rows, most, replace=False))


def _turns(labels, names):
    """The labels of seeds 0, 1, ...: the first take turns as in Generate images, for the report."""
    first = min(len(labels), 8 * max(len(names), 1), 96)
    labels[:first] = np.arange(first) % max(len(names), 1)
    return labels


def _in_sets(collection, training):
    return REPEATS * min(len(training), _MOST_IN_A_SET) if len(collection.class_names) > 1 else 0


def _announce(eye, real, more, progress):
    """Say how long the scores take, after a look at a few images."""
    started = time.monotonic()
    eye.features(real[:32])
    count = 2 * len(real) + more
    seconds = (time.monotonic() - started) / min(len(real), 32) * count
    progress.note(f"Scoring with {count:,} images, about {minutes(seconds)}.")


def _alike(wanted, labels, chance):
    """Rows with the wanted labels, in their order; any row for a label that there is not."""
    rows = {label: np.flatnonzero(labels == label) for label in np.unique(wanted)}
    anywhere = np.arange(len(labels))
    return np.array([
        chance.choice(rows[label] if len(rows[label]) else anywhere) for label in wanted
    ])  # fmt: skip


def _distances(made, labels, real, kept, kept_labels, seed):
    """Sliced Wasserstein distances with as many images on each side."""
    count = min(len(kept), len(made))
    kept, real = kept[:count].numpy(), real[:count].numpy()
    chance = np.random.default_rng(seed)
    chosen = made.numpy()[_alike(kept_labels[:count], labels, chance)]
    pairs = {"levels": chosen, "floor": real, "ceiling": scrambled(real, chance)}
    return {name: sliced_wasserstein(kept, images, seed) for name, images in pairs.items()}


def scrambled(images, chance):
    """Images with the same spectrum and mean each, but phases by chance: texture without form.

    Parameters
    ----------
    images : numpy.ndarray, shape (N, band, side, side)
    chance : numpy.random.Generator
    """
    spectrum = np.fft.rfft2(images)
    noise = np.fft.rfft2(chance.normal(size=(len(images), 1, *images.shape[-2:])))
    phases = noise / np.maximum(np.abs(noise), 1e-12)
    phases[..., 0, 0] = 1
    return np.fft.irfft2(spectrum * phases, images.shape[-2:]).clip(-1, 1).astype(np.float32)


def _usefulness(network, collection, eye, rows, seen, seed, progress):
    """Compare classifiers with and without made images; None where there is one class only."""
    names, (training, held), (real, kept) = collection.class_names, rows, seen
    if len(names) < 2:
        return None
    labels, chance = collection.labels, np.random.default_rng(seed + 1)
    sets, count = [], min(len(training), _MOST_IN_A_SET)
    for number in range(REPEATS):
        part = progress.part(0.9 * number / REPEATS, 0.9 * (number + 1) / REPEATS)
        wanted = chance.choice(labels[training], count)
        seeds = _FIRST_SET * (number + 1) + np.arange(count)
        made = make(network, seeds, wanted, part)
        sets.append((eye.features(made, part), wanted))
    known = real[: len(training)], labels[training]
    groups = collection.split.groups[held]
    return measure_usefulness(
        known, sets, (kept, labels[held]), groups, len(names), seed, progress.part(0.9, 1.0)
    )


def card_scores(scores, collection):
    """What the model's card says of the scores; see `Scores`."""
    told = {
        "validation": collection.split.sentence,
        "distance": scores.distance,
        "distance_of_real": mean_distance(scores.floor),
        "distance_of_scrambled": mean_distance(scores.ceiling),
        "kernel_distance": scores.kernel,
        "kernel_distance_of_real": scores.kernel_floor,
        "variety": float(scores.variety),
        "copies": scores.copies.share,
        "nearer_than_held_out": scores.copies.nearer,
    }
    use = scores.usefulness
    if use is not None:
        told["classifier"] = {
            "real": use.real, "with_made": float(np.mean(use.mixed)), "gain": use.gain,
            "gain_interval": list(use.interval), "majority_class": use.majority,
            "scored": use.scored, "sets": len(use.mixed), "made": use.made,
        }  # fmt: skip
    return told
