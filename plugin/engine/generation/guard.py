"""Watches a generator while it learns: is it still a number, still varied, better than before?"""

import math

import numpy as np

from ..metrics.image_sets import mean_distance, mean_pairwise, sliced_wasserstein
from .noise import make

WATCHED = 64
LEAST_VARIETY = 0.7
_LEAST_WHILE_LEARNING = 0.35
_YOUNG = 500  # steps before which a generator may still be uniform
_LOUDEST = 1e3


class Guard:
    """Judges generators by the same latent vectors against real images that train.

    Parameters
    ----------
    eye : features.Eye
    real : torch.Tensor, shape (N, band, side, side)
        Training images, in an order by chance.
    labels : numpy.ndarray of int, shape (64,)
        Classes of the images that are watched.
    """

    def __init__(self, eye, real, labels):
        self._eye, self._real = eye, real.numpy()
        self._seeds = np.arange(len(labels))
        self._labels = labels
        self._usual = mean_pairwise(eye.features(real[:WATCHED]))
        self._best = math.inf

    def state_dict(self):
        """What a checkpoint keeps."""
        return {"best": self._best}

    def load_state_dict(self, state):
        """Go on from where a checkpoint was written."""
        self._best = state["best"]

    def judge(self, generator, losses):
        """Scores of a generator: distance to the real images, variety (1 is theirs), soundness."""
        made = make(generator.eval(), self._seeds, self._labels)
        if not made.isfinite().all():
            return {"distance": math.nan, "variety": math.nan, "loudest": math.nan}
        features = self._eye.features(made)
        return {
            "distance": mean_distance(sliced_wasserstein(self._real, made.numpy())),
            "variety": mean_pairwise(features) / max(self._usual, 1e-9),
            "loudest": float(np.abs(losses).max()),
        }

    def broken(self, seen, step):
        """Why the training must go back to its last good state, or an empty text.

        Parameters
        ----------
        seen : dict
            Of `judge`.
        step : int
            Of the training.
        """
        if not all(map(math.isfinite, (seen["distance"], seen["variety"], seen["loudest"]))):
            return "its numbers grew out of all bounds"
        if seen["loudest"] > _LOUDEST:
            return "the judge lost its way"
        if step > _YOUNG and seen["variety"] < _LEAST_WHILE_LEARNING:
            return f"its images were all alike ({seen['variety']:.0%} of the real variety)"
        return ""

    def is_best(self, seen):
        """Whether the images are nearer to the real ones than ever before, and varied enough.

        An image set that is not varied counts as farther away, in proportion.
        """
        missing = max(LEAST_VARIETY / max(seen["variety"], 1e-9), 1.0)
        score = max(seen["distance"], 1e-9) * missing
        if score >= self._best:
            return False
        self._best = score
        return True
