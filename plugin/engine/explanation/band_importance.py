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
        Share of the images whose most probable class changes.
    """

    before: float
    drops: np.ndarray
    changed: np.ndarray


def band_importance(probabilities, images, classes, labels=None, repeats=5, seed=0, tell=None):
    """Measure the importance of every band by permutation.

    Parameters
    ----------
    probabilities : callable
        Images (N, band, row, column) to probabilities (N, classes), both ndarrays.
    images : ndarray, shape (N, band, row, column)
    classes : ndarray of int, shape (N,)
        The class of each image whose probability counts, without labels.
    labels : ndarray of int, shape (N,), optional
        True classes: then the accuracy counts.
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
    known = probabilities(images)
    before = _worth(known, classes, labels)
    bands = images.shape[1]
    drops, changed = np.zeros((bands, repeats)), np.zeros((bands, repeats))
    for place in range(bands * repeats):
        band, repeat = divmod(place, repeats)
        found = probabilities(_shuffled(images, band, random))
        drops[band, repeat] = before - _worth(found, classes, labels)
        changed[band, repeat] = np.mean(found.argmax(1) != known.argmax(1))
        if tell is not None:
            tell(place + 1, bands * repeats)
    return BandImportance(before, drops, changed)


def _worth(probabilities, classes, labels):
    if labels is not None:
        return float(np.mean(probabilities.argmax(1) == labels))
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
