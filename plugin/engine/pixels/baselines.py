"""What every network must beat: a random forest and a logistic regression on single pixels."""

import os

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOREST, REGRESSION = "random_forest", "logistic_regression"
TITLES = {
    FOREST: "Random forest on the values of single pixels",
    REGRESSION: "Logistic regression on the values of single pixels",
}
_MOST_PIXELS = 15_000
_TREES = 150


def baseline(kind, values, labels, test, classes, seed):
    """Fit a baseline to training pixels and score test pixels.

    Parameters
    ----------
    kind : {"random_forest", "logistic_regression"}
    values : float32 array, shape (n, band)
        Of the pixels that train; at most 15,000 are used, chosen at random.
    labels : int array, shape (n,)
    test : float32 array, shape (m, band)
    classes : int
    seed : int

    Returns
    -------
    float array, shape (m, classes)
        Probabilities.
    """
    some = np.random.default_rng(seed).permutation(len(values))[:_MOST_PIXELS]
    rare = [np.flatnonzero(labels == label)[:50] for label in np.unique(labels)]
    some = np.unique(np.concatenate([some, *rare]))
    model = _make(kind, seed).fit(values[some], labels[some])
    probabilities = np.zeros((len(test), classes))
    if len(test):
        probabilities[:, model.classes_] = model.predict_proba(test)
    return probabilities


def _make(kind, seed):
    if kind == REGRESSION:
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    threads = max(1, min(4, os.cpu_count() or 1))
    return RandomForestClassifier(_TREES, min_samples_leaf=2, n_jobs=threads, random_state=seed)
