"""Where a new label would teach most: places of which the model knows little, all different.

From every cell of the map comes one candidate, the least decided of some pixels drawn by
chance. Of the candidates that one is suggested first which is least decided and least like
any labeled ground; then the next, with the first taken as labeled. So a second point on the
same ground gains little, however undecided the model is there.

References
----------
Sener & Savarese 2018, arXiv:1708.00489 (coverage of a feature space); Tuia et al. 2011,
doi:10.1109/JSTSP.2011.2139193 (uncertainty and diversity in remote sensing).
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial import cKDTree

from .burning import NOTHING, Brush, burn
from .distances import nearest

BRUSH = Brush(line=1.0, point=1.0)
_MOST_CANDIDATES, _CANDIDATES_OF_EACH = 20_000, 100
_DRAWN = 16
_MOST_LABELED = 5000
_LABELED_OF_PIECE = 200
# A model that is sure of a ground it has never seen is wrong, so nothing counts as quite decided.
_LEAST_DOUBT = 0.1


class Sight:
    """A predictor that also tells where every pixel lies in the space of its trust.

    Parameters
    ----------
    predictor : PixelPredictor
        With trust.

    Attributes
    ----------
    channels : int
        Probabilities, then coordinates.
    """

    def __init__(self, predictor):
        self._predictor, self.classes = predictor, predictor.classes
        self.channels = self.classes + predictor.trust.reference.shape[1]

    def __call__(self, images, cut=0):
        """Channels of images; see `PixelPredictor`."""
        return self._predictor.with_coordinates(images, cut)


@dataclass
class Places:
    """Pixels of the map.

    Attributes
    ----------
    positions : int array, shape (n, 2)
        Row and column in the raster.
    chances : float32 array, shape (n, class)
    coordinates : float32 array, shape (n, K)
        In the space of the trust.
    """

    positions: np.ndarray
    chances: np.ndarray
    coordinates: np.ndarray

    def __len__(self):
        return len(self.positions)

    @classmethod
    def joined(cls, some):
        """All of several."""
        return cls(
            *(np.concatenate(part) for part in zip(*(vars(p).values() for p in some), strict=True))
        )


class Gatherer:
    """Draws candidates and labeled places from the pieces of a map.

    Parameters
    ----------
    area : tuple of int
        Of the map: row, column, height, width.
    count : int
        Suggestions that are wanted.
    classes : int
    shapes : list of burning.Shape
        The labels so far, made with `BRUSH`.
    seed : int
    """

    def __init__(self, area, count, classes, shapes, seed):
        self._area, self._classes = area, classes
        self._shapes = shapes
        self._chance = np.random.default_rng(seed)
        wanted = min(_CANDIDATES_OF_EACH * count, _MOST_CANDIDATES)
        self._cell = max(int((area[2] * area[3] / wanted) ** 0.5), 1)
        self._candidates, self._labeled = [], []

    def look(self, piece):
        """Take what a piece of the map offers."""
        _, height, width = piece.values.shape
        free = ~np.isnan(piece.values[0])
        if self._shapes:
            corner = self._area[0] + piece.row, self._area[1] + piece.column
            known = burn(self._shapes, *corner, height, width, BRUSH)[0] != NOTHING
            self._take_some(piece, np.argwhere(known & free))
            free &= ~known
        self._candidates.append(self._places(piece, self._draw(piece, free)))

    def candidates(self):
        """All candidates."""
        return Places.joined(self._candidates)

    def labeled(self):
        """Some of the labeled pixels, None if there are no labels."""
        if not self._labeled:
            return None
        places = Places.joined(self._labeled)
        some = self._chance.permutation(len(places))[:_MOST_LABELED]
        return Places(*(part[some] for part in vars(places).values()))

    def _take_some(self, piece, inside):
        some = self._chance.permutation(len(inside))[:_LABELED_OF_PIECE]
        self._labeled.append(self._places(piece, inside[some]))

    def _draw(self, piece, free):
        """The least decided of some pixels of every cell (n, 2), rows and columns of the piece."""
        rows, columns = (
            self._chance.integers(0, self._cell, (_DRAWN, *self._cells(piece)))
            + (np.arange(count) * self._cell).reshape(shape)
            for count, shape in zip(self._cells(piece), ((-1, 1), (1, -1)), strict=True)
        )
        inside = (rows < free.shape[0]) & (columns < free.shape[1])
        rows, columns = np.where(inside, rows, 0), np.where(inside, columns, 0)
        doubts = np.where(inside & free[rows, columns], 0.0, -1.0)
        chances = piece.values[: self._classes, rows, columns]
        doubts = np.where(doubts < 0, -1.0, doubt(np.nan_to_num(chances)))
        best = doubts.argmax(0)[None]
        found = np.take_along_axis(doubts, best, 0)[0] >= 0
        places = [np.take_along_axis(part, best, 0)[0][found] for part in (rows, columns)]
        return np.stack(places, 1)

    def _cells(self, piece):
        return tuple(-(-size // self._cell) for size in piece.values.shape[1:])

    def _places(self, piece, inside):
        values = piece.values[:, inside[:, 0], inside[:, 1]].T
        corner = self._area[0] + piece.row, self._area[1] + piece.column
        return Places(inside + corner, values[:, : self._classes], values[:, self._classes :])


def doubt(chances):
    """How undecided probabilities (class, ...) are: 1 minus the lead of the first over the second."""
    if len(chances) < 2:
        return 1 - chances[0]
    first, second = np.sort(chances, axis=0)[:-3:-1]
    return 1 - (first - second)


def choose(candidates, labeled, trust, count, distance):
    """Choose the places to label, the most instructive first.

    Parameters
    ----------
    candidates : Places
    labeled : Places or None
        What is labeled beside the ground that the model was trained on.
    trust : Trust
        Of the model.
    count : int
    distance : float
        Least distance of two places, and from labeled ones, in pixels.

    Returns
    -------
    chosen : int array, shape (n,)
        Numbers of candidates; fewer than `count` if no more are far enough from each other.
    doubts, unlike : float arrays, shape (n,)
        How undecided the model is there, and the dissimilarity from all labeled ground.
    """
    doubts = doubt(candidates.chances.T)
    places = torch.from_numpy(np.ascontiguousarray(candidates.coordinates))
    apart = nearest(places, trust.reference.float().cpu())
    free = np.ones(len(candidates), bool)
    if labeled is not None and len(labeled):
        apart = torch.minimum(apart, nearest(places, torch.from_numpy(labeled.coordinates)))
        gap, _ = cKDTree(labeled.positions).query(candidates.positions)
        free = gap >= distance
    unlike = (apart / trust.mean_distance).numpy()
    left, chosen = unlike.copy(), []
    for _ in range(min(count, len(candidates))):
        scores = np.where(free, (_LEAST_DOUBT + doubts) * left, -1.0)
        best = int(scores.argmax())
        if scores[best] < 0:
            break
        chosen.append(best)
        steps = np.linalg.norm(candidates.coordinates - candidates.coordinates[best], axis=1)
        left = np.minimum(left, steps / trust.mean_distance)
        gaps = np.linalg.norm(candidates.positions - candidates.positions[best], axis=1)
        free &= gaps >= max(distance, 1)
    chosen = np.array(chosen, int)
    return chosen, doubts[chosen], unlike[chosen]
