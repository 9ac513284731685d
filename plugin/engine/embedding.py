"""The features of many images, and maps of them where alike lies near alike.

Features are kept in a file that the system pages if there are many, and the principal
components are then found some images at a time: memory does not grow with their number.

References
----------
Ross et al. 2008, Incremental learning for robust visual tracking (the incremental components),
doi:10.1007/s11263-007-0075-7; van der Maaten & Hinton 2008, Visualizing data using t-SNE, Journal
of Machine Learning Research 9.
"""

import tempfile
import threading

import numpy as np
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.manifold import TSNE

_IN_MEMORY_BYTES = 2**28
_AT_ONCE = 4096
_MOST_COMPONENTS = 50
MOST_TSNE = 5000
_WAIT_SECONDS = 0.2


class FeatureStore:
    """Room for the features of images; made when the first come in.

    Parameters
    ----------
    count : int
        Images at most.
    """

    def __init__(self, count):
        self._count, self._values, self._used = count, None, 0

    def add(self, features):
        """Add features (n, D)."""
        if self._values is None:
            self._values = _room((self._count, features.shape[1]))
        self._values[self._used : self._used + len(features)] = features
        self._used += len(features)

    def all(self):
        """The features, shape (N, D)."""
        return self._values[: self._used]


def _room(shape):
    if np.prod(shape, dtype=float) * 4 <= _IN_MEMORY_BYTES:
        return np.zeros(shape, np.float32)
    with tempfile.TemporaryFile(prefix="deep_geology_") as file:  # the map keeps it open
        return np.memmap(file, np.float32, "w+", shape=shape)


def principal_components(features, seed=0, check=lambda: None):
    """Principal components of features.

    Parameters
    ----------
    features : ndarray, shape (N, D)
    seed : int
    check : callable
        Called before every part of the work; may raise.

    Returns
    -------
    coordinates : ndarray of float32, shape (N, K)
        K is 50, or N or D if these are fewer. The sign of a component is such that its
        largest coordinate is positive, so that the same images give the same map.
    explained : ndarray, shape (K,)
        Share of the variance of every component.
    """
    count = min(_MOST_COMPONENTS, *features.shape)
    check()
    if features.nbytes <= _IN_MEMORY_BYTES:
        model = PCA(count, random_state=seed)
        coordinates = model.fit_transform(features).astype(np.float32)
    else:
        model = IncrementalPCA(count)
        for part in _parts(len(features), count):
            check()
            model.partial_fit(features[part])
        coordinates = np.zeros((len(features), count), np.float32)
        for part in _parts(len(features), count):
            check()
            coordinates[part] = model.transform(features[part])
    largest = coordinates[np.abs(coordinates).argmax(axis=0), np.arange(count)]
    explained = np.nan_to_num(model.explained_variance_ratio_)
    return coordinates * np.where(largest < 0, -1, 1).astype(np.float32), explained


def _parts(count, least):
    """Slices of about 4,096, none smaller than the components that are fitted."""
    starts = list(range(0, count, _AT_ONCE))
    if len(starts) > 1 and count - starts[-1] < least:
        starts.pop()
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], count], strict=True)]


def neighbor_map(coordinates, perplexity=30.0, seed=0, check=lambda: None):
    """t-SNE of principal components.

    Parameters
    ----------
    coordinates : ndarray, shape (N, K)
        At most 5,000 rows.
    perplexity : float
        Lowered to a third of the images if there are few.
    seed : int
    check : callable
        Called several times a second; may raise. The computation, which cannot be stopped, then
        ends by itself in the background, in less than a minute.

    Returns
    -------
    ndarray of float32, shape (N, 2)
    """
    limited = min(perplexity, max((len(coordinates) - 1) / 3, 1.0))
    model = TSNE(2, perplexity=limited, init="pca", random_state=seed)
    found = []

    def work():
        try:
            found.append(model.fit_transform(coordinates))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        check()
        thread.join(_WAIT_SECONDS)
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0].astype(np.float32)


def as_colors(coordinates):
    """The first three components as red, green and blue.

    Parameters
    ----------
    coordinates : ndarray, shape (N, K)

    Returns
    -------
    ndarray of uint8, shape (N, 3)
        1 to 255, from the 2nd to the 98th percentile of each component; 0 is left for no data.
    """
    three = np.zeros((len(coordinates), 3), np.float32)
    three[:, : min(coordinates.shape[1], 3)] = coordinates[:, :3]
    low, high = np.percentile(three, [2, 98], axis=0)
    share = (three - low) / np.maximum(high - low, 1e-12)
    share[:, high <= low] = 0.5
    return (1 + np.clip(share, 0, 1) * 254).round().astype(np.uint8)


def spread_out(points, count):
    """Numbers of points far from one another, the first near the middle of all.

    Parameters
    ----------
    points : ndarray, shape (N, 2)
    count : int

    Returns
    -------
    list of int
    """
    size = np.maximum(points.max(axis=0) - points.min(axis=0), 1e-12)
    scaled = (points - points.min(axis=0)) / size
    chosen = [int(np.argmin(((scaled - 0.5) ** 2).sum(axis=1)))]
    nearest = ((scaled - scaled[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((scaled - scaled[chosen[-1]]) ** 2).sum(axis=1))
    return chosen
