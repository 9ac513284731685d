"""The baseline that every fine-tuned classifier must beat: a linear probe on frozen features."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from . import networks
from .fine_tuning import make_network
from .normalization import measure
from .training import Images, predict

_MOST_TRAINING_IMAGES = 4000


def probe_features(start, samples, device, progress):
    """Features of all samples from the frozen network that training starts from.

    They are normalized over all samples, which can only help this baseline.

    Returns
    -------
    numpy.ndarray of float32, shape (N, D)
    """
    indices = np.arange(len(samples))
    network = make_network(start, samples, 0.0)
    network.head = torch.nn.Identity()
    networks.freeze(network)
    network = network.eval().to(device, memory_format=torch.channels_last)
    numbers = measure(samples.values, indices, start.spread)
    images = Images(samples.values, samples.labels, indices)
    return predict(network, images, numbers, device, progress).numpy()


def probe(features, labels, train, test, classes, seed):
    """Fit a logistic regression on the features of training images and score the test images.

    Parameters
    ----------
    features : numpy.ndarray, shape (N, D)
    labels : numpy.ndarray of int, shape (N,)
    train, test : numpy.ndarray of int
        At most 4,000 training images are used, chosen at random.
    classes : int
    seed : int

    Returns
    -------
    numpy.ndarray, shape (len(test), classes)
        Probabilities.
    """
    if len(train) > _MOST_TRAINING_IMAGES:
        train = np.random.default_rng(seed).choice(train, _MOST_TRAINING_IMAGES, replace=False)
    regression = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    regression.fit(features[train], labels[train])
    probabilities = np.zeros((len(test), classes))
    probabilities[:, regression.classes_] = regression.predict_proba(features[test])
    return probabilities
