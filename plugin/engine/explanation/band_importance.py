"""How much a network needs each band: what happens when the band tells nothing any more.

A band is shuffled among the images, so that its values stay what they were but belong to other
places. Bands that say the same stand in for one another: each alone then seems unimportant.

References
----------
Breiman 2001, doi:10.1023/A:1010933404324; Fisher et al. 2019, All models are wrong, but many are
useful, arXiv:1801.01489.
"""

from typing import NamedTuple

import numpy as np


class BandImportance(NamedTuple):
    """What shuffling the bands costs.

    Attributes
    ----------
    before : float
        Accuracy, or mean probability of the explained class, with nothing shuffled.
    drops : ndarray, shape (band, repeat)
        How much of it is lost.
    changed : ndarray, shape (band, repeat)
        Share of the answers whose most probable class changes.
    answers : int
        Those that count.
    """

    before: float
    drops: np.ndarray
    changed: np.ndarray
    answers: int


def band_importance(probabilities, images, classes, are_true=False, repeats=5, seed=0, tell=None):
    """Measure the importance of every band by permutation.

    Parameters
    ----------
    probabilities : callable
        Images (N, band, row, column) to probabilities (M, classes), both ndarrays; M may be several
        answers for each image.
    images : ndarray, shape (N, band, row, column)
    classes : ndarray of int, shape (M,)
        The class of each answer whose probability counts; -1 where the answer does not count. All
        images are shuffled, so that a class that alone counts loses what tells it from the others.
    are_true : bool
        Whether these are the true classes: then the accuracy counts.
    repeats : int
        How often each band is shuffled.
    seed : int
    tell : callable, optional
        ``tell(done, total)`` after every shuffle; may raise.

    Returns
    -------
    BandImportance
    """
    random = np.random.default_rng(seed)
    counted = classes >= 0
    classes = classes[counted]

    def ask(images):
        return probabilities(images)[counted]

    known = ask(images)
    before = _worth(known, classes, are_true)
    bands = images.shape[1]
    drops, changed = np.zeros((bands, repeats)), np.zeros((bands, repeats))
    for place in range(bands * repeats):
        band, repeat = divmod(place, repeats)
        found = ask(_shuffled(images, band, random))
        drops[band, repeat] = before - _worth(found, classes, are_true)
        changed[band, repeat] = np.mean(found.argmax(1) != known.argmax(1))
        if tell is not None:
            tell(place + 1, bands * repeats)
    return BandImportance(before, drops, changed, len(classes))


def _worth(probabilities, classes, are_true):
    if are_true:
        return float(np.mean(probabilities.argmax(1) == classes))
    return float(probabilities[np.arange(len(classes)), classes].mean())


def _shuffled(images, band, random):
    """Images with one band taken from another image; of a single image, with its pixels mixed."""
    shuffled = images.copy()
    if len(images) > 1:
        shuffled[:, band] = images[_derangement(len(images), random), band]
        return shuffled
    pixels = shuffled[0, band].ravel()
    shuffled[0, band] = random.permutation(pixels).reshape(shuffled.shape[-2:])
    return shuffled


def _derangement(count, random):
    """An order in which nothing stays where it was: a turn of a shuffled ring."""
    ring = random.permutation(count)
    order = np.empty(count, int)
    order[ring] = np.roll(ring, 1)
    return order
