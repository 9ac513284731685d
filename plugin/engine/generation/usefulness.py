"""Does a classifier gain from made images? Told on real images that neither has seen.

The classifier is a linear probe on the features of the bundled network: the same one that stands
beside every classifier that Train image classifier fits. It learns once from the real training
images alone and several times from them together with other made images.
"""

from dataclasses import dataclass

import numpy as np

from ..linear_probe import probe

REPEATS = 5
_DRAWS = 2000


@dataclass
class Usefulness:
    """Accuracy with and without made images.

    Attributes
    ----------
    real : float
        Accuracy of the classifier that knows real images only.
    mixed : list of float
        Accuracy of those that know made ones too, one for each set of made images.
    gain : float
        Mean of `mixed` less `real`.
    interval : tuple of float
        95 % interval of the gain, over held-out images (whole groups) and sets of made images.
    real_recall, mixed_recall : float
        Mean of the recalls of all classes.
    majority : float
        Accuracy of always naming the most frequent class.
    scored : int
        Held-out images.
    made : int
        Made images in a set.
    """

    real: float
    mixed: list
    gain: float
    interval: tuple
    real_recall: float
    mixed_recall: float
    majority: float
    scored: int
    made: int

    @property
    def word(self):
        """``"gains"``, ``"loses"`` or ``"same"``: what the interval shows."""
        if self.interval[0] > 0:
            return "gains"
        return "loses" if self.interval[1] < 0 else "same"


def measure_usefulness(real, made, held, groups, classes, seed, progress):
    """Fit the classifiers and compare them.

    Parameters
    ----------
    real, held : tuple of numpy.ndarray
        Features (N, D) and labels (N,) of training and of held-out images.
    made : list of tuple of numpy.ndarray
        Several sets of made images.
    groups : numpy.ndarray of int, shape (held,)
        What belongs together among the held-out images.
    classes : int
    seed : int
    progress : Progress

    Returns
    -------
    Usefulness

    Raises
    ------
    Stopped
        If the user cancels.
    """
    alone, answers = _answers(real, held, classes, seed), []
    for number, some in enumerate(made, 1):
        progress(number / (len(made) + 1), f"Classifier {number} of {len(made)} with made images")
        both = tuple(np.concatenate(pair) for pair in zip(real, some, strict=True))
        answers.append(_answers(both, held, classes, seed))
    labels = held[1]
    right, mixed = alone == labels, np.array(answers) == labels
    return Usefulness(
        real=float(right.mean()),
        mixed=mixed.mean(1).tolist(),
        gain=float(mixed.mean() - right.mean()),
        interval=_interval(mixed.astype(float) - right, groups, seed),
        real_recall=_recall(right, labels),
        mixed_recall=float(np.mean([_recall(one, labels) for one in mixed])),
        majority=float(np.mean(labels == np.bincount(real[1]).argmax())),
        scored=len(labels),
        made=len(made[0][1]),
    )


def _answers(known, asked, classes, seed):
    """Classes that a probe fitted to what is known names for what is asked."""
    features = np.concatenate([known[0], asked[0]])
    labels = np.concatenate([known[1], asked[1]])
    train, test = np.arange(len(known[1])), np.arange(len(known[1]), len(labels))
    return probe(features, labels, train, test, classes, seed).argmax(1)


def _recall(right, labels):
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def _interval(changes, groups, seed):
    """Bootstrap of the mean change over groups of held-out images and sets of made ones.

    Parameters
    ----------
    changes : numpy.ndarray, shape (sets, held)
        1 where made images turned a mistake into a right answer, -1 the other way.
    """
    chance = np.random.default_rng(seed)
    names, place = np.unique(groups, return_inverse=True)
    sizes = np.bincount(place)
    totals = np.stack([np.bincount(place, one, len(names)) for one in changes])
    drawn = chance.integers(0, len(names), (_DRAWS, len(names)))
    sets = chance.integers(0, len(changes), (_DRAWS, len(changes)))
    means = totals[sets[:, :, None], drawn[:, None, :]].mean(1).sum(1) / sizes[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
