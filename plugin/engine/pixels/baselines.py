"""What every network must beat: a random forest and a logistic regression on single pixels."""

import os
import time
import warnings

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOREST, REGRESSION = "random_forest", "logistic_regression"
TITLES = {
    FOREST: "Random forest on the values of single pixels",
    REGRESSION: "Logistic regression on the values of single pixels",
}
_MOST_PIXELS = 15_000
_TREES, _TREES_AT_ONCE = 150, 15
_MOST_STEPS, _STEPS = 1000, 100


def baseline(kind, values, labels, test, classes, seed, seconds=0.0):
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
    seconds : float
        After which a forest gets no more trees, and a regression no more steps; 0 for none.

    Returns
    -------
    probabilities : float array, shape (m, classes)
    is_whole : bool
        Whether the time was enough.
    """
    some = np.random.default_rng(seed).permutation(len(values))[:_MOST_PIXELS]
    rare = [np.flatnonzero(labels == label)[:50] for label in np.unique(labels)]
    some = np.unique(np.concatenate([some, *rare]))
    fit = _regression if kind == REGRESSION else _forest
    model, is_whole = fit(values[some], labels[some], seed, seconds)
    probabilities = np.zeros((len(test), classes))
    if len(test):
        probabilities[:, model.classes_] = model.predict_proba(test)
    return probabilities, is_whole


def _regression(values, labels, seed, seconds):
    """A logistic regression, going on some steps at a time."""
    regression = LogisticRegression(max_iter=_STEPS, warm_start=True)
    model, started = make_pipeline(StandardScaler(), regression), time.monotonic()
    for _ in range(_MOST_STEPS // _STEPS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it goes on
            model.fit(values, labels)
        if regression.n_iter_.max() < _STEPS:
            return model, True
        if seconds and time.monotonic() - started > seconds:
            return model, False
    return model, True


def _forest(values, labels, seed, seconds):
    """A random forest, growing some trees at a time."""
    threads, started = max(1, min(4, os.cpu_count() or 1)), time.monotonic()
    model = RandomForestClassifier(
        min_samples_leaf=2, n_jobs=threads, random_state=seed, warm_start=True
    )
    for trees in range(_TREES_AT_ONCE, _TREES + 1, _TREES_AT_ONCE):
        model.set_params(n_estimators=trees).fit(values, labels)
        if trees < _TREES and seconds and time.monotonic() - started > seconds:
            return model, False
    return model, True
