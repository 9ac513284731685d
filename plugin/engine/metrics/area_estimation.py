"""Accuracy and area from a sample of a map, with 95 % intervals that the design allows.

Counting pixels of a map gives biased areas: a class that is mapped too often counts too much.
The reference sample says how often, and corrects it. The sample must have been drawn by chance:
simple random or systematic over the map, or a number of places in every mapped class.

References
----------
Olofsson et al. 2014, Good practices for estimating area and assessing accuracy of land change,
doi:10.1016/j.rse.2014.02.015. The equations named below are theirs.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

Z_95 = float(norm.ppf(0.975))


class AreaEstimates(NamedTuple):
    """What a sample tells of a map; a standard error is NaN where a class has one place only.

    Attributes
    ----------
    proportions : ndarray, shape (classes, classes)
        Estimated share of the area by true class (row) and mapped class (column).
    accuracy, accuracy_se : float
        Overall accuracy and its standard error.
    users, users_se : ndarray, shape (classes,)
        User's accuracy of each mapped class; NaN where it has no place in the sample.
    producers, producers_se : ndarray, shape (classes,)
        Producer's accuracy of each true class; NaN where none was found.
    shares, shares_se : ndarray, shape (classes,)
        Share of the area that each class truly has.
    """

    proportions: np.ndarray
    accuracy: float
    accuracy_se: float
    users: np.ndarray
    users_se: np.ndarray
    producers: np.ndarray
    producers_se: np.ndarray
    shares: np.ndarray
    shares_se: np.ndarray


def estimate_areas(confusion, mapped):
    """Estimate accuracies and areas from a confusion matrix and the mapped areas.

    The strata are the mapped classes. For a simple random or systematic sample this is the
    post-stratified estimator, which the paper advises too.

    Parameters
    ----------
    confusion : ndarray of int, shape (classes, classes)
        Places of the sample by true class (row) and mapped class (column).
    mapped : ndarray, shape (classes,)
        Mapped area of every class in any unit. A class without a place in the sample says nothing
        of its area, so that it is left out: the estimates hold for the rest of the map.

    Returns
    -------
    AreaEstimates

    Raises
    ------
    ValueError
        If no mapped class has a place in the sample.
    """
    counts = np.asarray(confusion, float).T  # the paper's: mapped class (row), true class (column)
    places = counts.sum(axis=1)
    area = np.where(places > 0, np.asarray(mapped, float), 0.0)
    if not area.sum() > 0:
        raise ValueError("no mapped class has a place in the sample")
    weights = area / area.sum()
    within = _divided(counts, places[:, None], empty=0.0)
    proportions = weights[:, None] * within
    shares = proportions.sum(axis=0)
    users = _divided(np.diag(counts), places)
    producers = _divided(np.diag(proportions), shares)
    freedom = np.where(places > 1, places - 1, np.nan)  # NaN: one place has no spread
    return AreaEstimates(
        proportions=proportions.T,
        accuracy=float(np.trace(proportions)),
        accuracy_se=_accuracy_error(weights, users, freedom),
        users=users,
        users_se=np.sqrt(users * (1 - users) / freedom),
        producers=producers,
        producers_se=_producer_errors(weights, within, producers, shares, freedom),
        shares=shares,
        shares_se=_share_errors(weights, within, freedom),
    )


def _divided(numbers, by, empty=np.nan):
    numbers, by = np.broadcast_arrays(np.asarray(numbers, float), by)
    return np.divide(numbers, by, out=np.full(numbers.shape, empty), where=by > 0)


def _variance_sum(weights, spread, freedom):
    """Sum of squared weights times the variance of every stratum; strata of no area count 0."""
    terms = np.zeros_like(weights)
    has = weights > 0
    terms[has] = weights[has] ** 2 * spread[has] / freedom[has]
    return float(terms.sum())


def _accuracy_error(weights, users, freedom):
    """Equation 5."""
    return float(np.sqrt(_variance_sum(weights, users * (1 - users), freedom)))


def _share_errors(weights, within, freedom):
    """Equation 10, a class after the other."""
    spread = within * (1 - within)
    return np.sqrt([_variance_sum(weights, column, freedom) for column in spread.T])


def _producer_errors(weights, within, producers, shares, freedom):
    """Equation 7, with the areas as shares of the map."""
    spread = within * (1 - within)
    errors = np.full(len(weights), np.nan)
    for j in np.flatnonzero(shares > 0):
        own = np.where(np.arange(len(weights)) == j, (1 - producers[j]) ** 2, producers[j] ** 2)
        errors[j] = np.sqrt(_variance_sum(weights, own * spread[:, j], freedom)) / shares[j]
    return errors


def sample_size(weights, users, target_error):
    """Places of a stratified sample for a wished standard error of the overall accuracy.

    Equation 13 for a map of many pixels.

    Parameters
    ----------
    weights : array, shape (classes,)
        Share of the map that each class has.
    users : array, shape (classes,)
        User's accuracies that are expected.
    target_error : float
        Standard error that is wished for, such as 0.01.

    Returns
    -------
    int
    """
    spread = np.sqrt(np.asarray(users, float) * (1 - np.asarray(users, float)))
    return int(np.ceil((np.asarray(weights, float) @ spread / target_error) ** 2 - 1e-9))
