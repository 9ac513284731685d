"""How far on the ground labels resemble each other."""

import numpy as np
from scipy.spatial.distance import pdist, squareform

_MOST_PIXELS = 2500
_BINS = 24
_LEFT = 0.2  # share of the resemblance of neighbors that counts as none


def resemblance_range(pixels, seed):
    """The distance beyond which two labeled pixels hardly tell more of each other than chance.

    Neighboring pixels are more often of one class than pixels drawn at random. The range is where
    a fifth of this excess is left, as in a variogram of the classes' indicators.

    Parameters
    ----------
    pixels : ground.Pixels
    seed : int

    Returns
    -------
    float
        In pixels; 1 where neighbors resemble each other no more than chance.

    References
    ----------
    Roberts et al. 2017, doi:10.1111/ecog.02881 (blocks larger than the autocorrelation's range).
    """
    chance = np.random.default_rng(seed)
    some = pixels.take(chance.permutation(len(pixels))[:_MOST_PIXELS])
    places = np.stack([some.rows, some.columns], axis=1).astype(float)
    distances = squareform(pdist(places))
    upper = np.triu_indices(len(places), 1)
    distances, same = distances[upper], (some.labels[:, None] == some.labels[None])[upper]
    if not len(distances):
        return 1.0
    edges = _edges(distances)
    bins = np.digitize(distances, edges) - 1
    counts = np.bincount(bins, minlength=_BINS)[:_BINS]
    shares = np.bincount(bins, same, minlength=_BINS)[:_BINS] / np.maximum(counts, 1)
    held = counts >= 30
    excess = (shares - same.mean())[held]
    return _where_it_ends(excess, edges[:-1][held], edges[1:][held])


def _edges(distances):
    """Bins that hold about as many pairs each, up to half of the largest distance."""
    near = distances[distances <= max(distances.max() / 2, 1.0)]
    edges = np.quantile(near, np.linspace(0, 1, _BINS + 1) ** 2)
    return np.maximum.accumulate(edges) + np.arange(_BINS + 1) * 1e-9


def _where_it_ends(excess, low, high):
    if not len(excess) or excess[0] <= 0.02:
        return 1.0
    ended = np.flatnonzero(excess <= _LEFT * excess[0])
    place = int(ended[0]) if len(ended) else len(excess) - 1
    return float(max((low[place] + high[place]) / 2, 1.0))
