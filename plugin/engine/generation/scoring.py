"""How good made images are: all that the report and the card tell of them."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from ..metrics.image_sets import kernel_distance, mean_distance, mean_pairwise
from ..schedule import minutes
from .copies import find_copies
from .likeness import alike, compare, look
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
    everything = chance.permutation(collection.training)
    training, rest = np.split(everything, [_MOST_TRAINING])
    held = chance.permutation(collection.held)[:_MOST_HELD]
    asked = collection.labels[held]
    labels = _turns(chance.choice(asked, _MADE), collection.class_names)
    sets, started = _in_sets(collection, training), time.monotonic()
    made = make(network, np.arange(_MADE), labels, progress)
    making = (time.monotonic() - started) * sets / _MADE
    _announce(eye, made, 2 * len(everything) + len(held) + _MADE + sets, making, progress)
    made_seen = eye.features(made, progress.part(0.0, 0.05))
    held_seen = look(eye, collection, held, progress.part(0.05, 0.1))
    real_seen = look(eye, collection, training, progress.part(0.1, 0.2))
    parts = _parts(eye, collection, (training, real_seen), rest, progress.part(0.2, 0.65))
    copies = find_copies(made_seen, held_seen, parts)
    several = alike(asked[:_VARIETY_OF], labels, chance)
    return Scores(
        **compare(made, labels, collection, training, held, chance),
        kernel=kernel_distance(made_seen, held_seen),
        kernel_floor=kernel_distance(real_seen, held_seen),
        variety=_variety(made_seen[several], held_seen[:_VARIETY_OF]),
        copies=copies,
        usefulness=_usefulness(
            network, collection, eye, (training, held), (real_seen, held_seen), seed,
            progress.part(0.65, 1.0),
        ) if sets else None,
        images=made,
        labels=labels,
        near=everything[copies.places],
    )  # fmt: skip


def _parts(eye, collection, first, rest, progress):
    """Features of all training images and of their mirror images, some at a time.

    `first` are rows and features that are known already, `rest` the other rows.
    """
    blocks = [rest[n : n + _MOST_TRAINING] for n in range(0, len(rest), _MOST_TRAINING)]
    done, total, known = 0, len(first[0]) + len(rest), first[1]
    for rows in (first[0], *blocks):
        part = progress.part(done / total, (done + len(rows)) / total)
        seen = look(eye, collection, rows, part.part(0.0, 0.5)) if known is None else known
        mirrored = look(eye, collection, rows, part.part(0.5, 1.0), mirrored=True)
        yield np.concatenate([seen, mirrored])
        done, known = done + len(rows), None


def _variety(made, real):
    return mean_pairwise(made) / max(mean_pairwise(real), 1e-9)


def _turns(labels, names):
    """The labels of seeds 0, 1, ...: the first take turns as in Generate images, for the report."""
    first = min(len(labels), 8 * max(len(names), 1), 96)
    labels[:first] = np.arange(first) % max(len(names), 1)
    return labels


def _in_sets(collection, training):
    return REPEATS * min(len(training), _MOST_IN_A_SET) if len(collection.class_names) > 1 else 0


def _announce(eye, images, count, making, progress):
    """Say how long the scores take, after a look at a few images; `making` takes seconds too."""
    started = time.monotonic()
    eye.features(images[:32])
    seconds = (time.monotonic() - started) / 32 * count + making
    progress.note(f"Scoring with {count:,} images, about {minutes(seconds)}.")


def _usefulness(network, collection, eye, rows, seen, seed, progress):
    """Compare classifiers with and without made images."""
    names, (training, held), (real, kept) = collection.class_names, rows, seen
    labels, chance = collection.labels, np.random.default_rng(seed + 1)
    sets, count = [], min(len(training), _MOST_IN_A_SET)
    for number in range(REPEATS):
        part = progress.part(0.9 * number / REPEATS, 0.9 * (number + 1) / REPEATS)
        wanted = chance.choice(labels[training], count)
        seeds = _FIRST_SET * (number + 1) + np.arange(count)
        made = make(network, seeds, wanted, part)
        sets.append((eye.features(made, part), wanted))
    known = real, labels[training]
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
        "copies_of_new": scores.copies.expected,
        "many_copies": scores.copies.many,
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
