"""Did the generator learn its images by heart? Its images are held against those that train.

A made image that is nearer to a training image than real images which took no part are is taken
for a copy. Of new images as many lie under the 5th percentile of the held-out images as of these:
five in a hundred. The percentile of a few held-out images is itself a matter of chance, so that of those
fewer than twenty the nearest is the limit, and a share counts as too large only if chance gives it in one
of twenty cases at most.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from ..metrics.image_sets import nearest, share_nearer

_PERCENTILE = 5
MANY = 0.15
_SURE = 0.95


@dataclass
class Copies:
    """Distances to the nearest training image, mirrored or not, in the space of features.

    Attributes
    ----------
    made, held : numpy.ndarray
        Of made and of held-out images.
    places : numpy.ndarray of int
        Which training image is nearest to every made one.
    limit : float
        The 5th percentile of `held`; a made image under it is taken for a copy.
    share : float
        Of made images under the limit.
    nearer : float
        Probability that a made image is nearer to a training image than a held-out one; .5 if alike.
        It proves nothing alone: plain images are near to all plain images.
    searched : int
        Training images that were looked at.
    """

    made: np.ndarray
    held: np.ndarray
    places: np.ndarray
    limit: float
    share: float
    nearer: float
    searched: int

    @property
    def expected(self):
        """The share of new images that lies under the limit on average."""
        return _rank(len(self.held)) / (len(self.held) + 1)

    @property
    def many(self):
        """The share from which on the generator gives back what it was shown."""
        # The share of new images under the k-th of n held-out ones has a beta distribution.
        rank, count = _rank(len(self.held)), len(self.held)
        return max(MANY, float(beta.ppf(_SURE, rank, count + 1 - rank)))

    @property
    def is_memory(self):
        """Whether the generator gives back what it was shown."""
        return self.share > self.many


def _rank(count):
    """The place of the limit among so many held-out distances in order, counted from 1."""
    return max(1.0, _PERCENTILE / 100 * (count + 1))


def find_copies(made, held, parts):
    """Compare made with held-out images.

    Parameters
    ----------
    made, held : numpy.ndarray, shape (N, D) and (M, D)
        Features.
    parts : iterable of numpy.ndarray, shape (2 T, D)
        Features of some training images as they are, then of the same mirrored; one part after the
        other, so that not all are in memory at once.

    Returns
    -------
    Copies
    """
    asked, searched = np.concatenate([made, held]), 0
    distances, places = np.full(len(asked), np.inf), np.zeros(len(asked), int)
    for features in parts:
        found, where = nearest(asked, features)
        is_nearer, count = found < distances, len(features) // 2
        distances[is_nearer] = found[is_nearer]
        places[is_nearer] = searched + where[is_nearer] % count
        searched += count
    made_distances, held_distances = np.split(distances, [len(made)])
    # Weibull's place in the ranks: others let more than 5 % of new images lie under it.
    limit = float(np.percentile(held_distances, _PERCENTILE, method="weibull"))
    return Copies(
        made=made_distances,
        held=held_distances,
        places=places[: len(made)],
        limit=limit,
        share=float(np.mean(made_distances < limit)),
        nearer=share_nearer(made_distances, held_distances),
        searched=searched,
    )
