"""How far two sets of images are apart, and how near single images are to a set.

References
----------
Karras et al. 2018, arXiv:1710.10196 (sliced Wasserstein distance on a Laplacian pyramid);
Binkowski et al. 2018, arXiv:1801.01401 (kernel distance of features).
"""

import numpy as np
from scipy.ndimage import convolve1d
from scipy.spatial.distance import cdist, pdist
from scipy.stats import rankdata

_PATCH = 7
_PATCHES_EACH = 64
_DIRECTIONS = 256
_COARSEST = 16
_KERNEL = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16


def sliced_wasserstein(first, second, seed=0):
    """Distance between the patches of two sets of images, for every scale.

    The images are taken apart into a Laplacian pyramid; from every level patches of 7 x 7 pixels are drawn,
    standardized by the first set, and compared along random directions. Small images have few levels.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (N, band, side, side)
        The same number of images in each set, or the distance favors neither.
    seed : int
        Of the patches and directions.

    Returns
    -------
    dict of int to float
        Distance by the side of the level in pixels, in standard deviations of the first set's patches.
    """
    pyramids = [_pyramid(np.asarray(images, np.float32)) for images in (first, second)]
    return {
        level.shape[-1]: _level_distance(level, other, seed)
        for level, other in zip(*pyramids, strict=True)
    }


def mean_distance(levels):
    """The mean over the scales of what `sliced_wasserstein` gave."""
    return float(np.mean(list(levels.values())))


def _level_distance(first, second, seed):
    chance = np.random.default_rng(seed)
    one, two = _patches(first, chance), _patches(second, chance)
    bands = first.shape[1]
    middle = one.mean((0, 2), keepdims=True)
    spread = one.std((0, 2), keepdims=True) + 1e-8
    one, two = (((part - middle) / spread).reshape(len(part), -1) for part in (one, two))
    directions = chance.normal(size=(bands * _PATCH**2, _DIRECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    return float(np.mean(_wasserstein(one @ directions, two @ directions)))


def _wasserstein(one, two):
    """Distance of the distributions in every column, also if they differ in length."""
    share = (np.arange(max(len(one), len(two))) + 0.5) / max(len(one), len(two))
    ranked = [np.sort(part, axis=0) for part in (one, two)]
    quantiles = [part[(share * len(part)).astype(int)] for part in ranked]
    return np.abs(quantiles[0] - quantiles[1]).mean(0)


def _patches(images, chance):
    """Patches (n, band, 49) from places by chance in every image."""
    count, _, side, _ = images.shape
    rows, columns = chance.integers(0, side - _PATCH + 1, (2, count, _PATCHES_EACH, 1, 1))
    row, column = np.mgrid[:_PATCH, :_PATCH]
    image = np.arange(count)[:, None, None, None]
    found = images.transpose(0, 2, 3, 1)[image, rows + row, columns + column]
    return found.reshape(count * _PATCHES_EACH, _PATCH**2, -1).transpose(0, 2, 1)


def _pyramid(images):
    """Details of every scale, and what is left at the coarsest."""
    levels = []
    while images.shape[-1] // 2 >= _COARSEST:
        smaller = _smoothed(images)[..., ::2, ::2]
        levels.append(images - _enlarged(smaller, images.shape[-1]))
        images = smaller
    return [*levels, images]


def _smoothed(images):
    for axis in (-1, -2):
        images = convolve1d(images, _KERNEL, axis=axis, mode="mirror")
    return images


def _enlarged(images, side):
    spread = np.zeros((*images.shape[:-2], side, side), np.float32)
    spread[..., ::2, ::2] = 4 * images
    return _smoothed(spread)


def kernel_distance(first, second):
    """Squared distance of two sets of features with a cubic kernel; 0 is expected for one source.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (N, D) and (M, D)
        At least two each.

    Returns
    -------
    float
        Without bias, so it may be a little below 0.
    """
    size = first.shape[1]
    within = []
    for part in (first, second):
        kernel = (part.astype(np.float64) @ part.T / size + 1) ** 3
        within.append((kernel.sum() - np.trace(kernel)) / (len(part) * (len(part) - 1)))
    across = (first.astype(np.float64) @ second.T / size + 1) ** 3
    return float(sum(within) - 2 * across.mean())


def mean_pairwise(features):
    """Mean distance between all pairs of features; 0 if there are fewer than two."""
    return float(pdist(features).mean()) if len(features) > 1 else 0.0


def nearest(features, others):
    """Distance to the nearest of others, and which it is, for every feature.

    Returns
    -------
    distances : numpy.ndarray, shape (N,)
    places : numpy.ndarray of int, shape (N,)
    """
    distances = cdist(features, others)
    return distances.min(1), distances.argmin(1)


def share_nearer(made, held):
    """How often a made image is nearer to the training images than a held-out one.

    Parameters
    ----------
    made, held : numpy.ndarray
        Distances to the nearest training image.

    Returns
    -------
    float
        Probability for a random pair, ties counted half: 0.5 if both are equally near.
    """
    ranks = rankdata(np.concatenate([made, held]))
    above = ranks[: len(made)].sum() - len(made) * (len(made) + 1) / 2
    return float(1 - above / (len(made) * len(held)))
