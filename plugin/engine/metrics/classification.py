"""How well classes are predicted, and how far their probabilities can be trusted.

Everywhere below `labels` and `predicted` are (n,) whole numbers that count classes from 0;
`probabilities` and `logits` are (n, classes); a confusion matrix is (true class, predicted
class).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import binomtest, norm
from sklearn import metrics

CALIBRATION_BINS = 15
TEMPERATURES = (0.25, 10.0)


class ClassScores(NamedTuple):
    """Scores of every class, each (classes,); NaN where a score is not defined."""

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


class RocCurve(NamedTuple):
    """One class against all others: rates along the curve, and the area under it."""

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    area: float


class Reliability(NamedTuple):
    """Per bin of confidence, each (bins,): means are NaN where `count` is 0."""

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray


def accuracy(labels, predicted):
    """Share of the images whose class is right, in 0..1."""
    return float(np.mean(np.asarray(labels) == np.asarray(predicted)))


def wilson_interval(right, total, confidence=0.95):
    """Interval of a share of `right` in `total` independent trials.

    Unlike the plain normal interval it stays within 0..1 and does not shrink to nothing when
    everything is right, which small sets need.

    Returns
    -------
    low, high : float
        0 and 1 when `total` is 0.

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953
    """
    if total == 0:
        return 0.0, 1.0
    z = norm.ppf(0.5 + confidence / 2)
    share = right / total
    center = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(share * (1 - share) / total + (z / total / 2) ** 2)
    return float(max(0.0, center - half)), float(min(1.0, center + half))


def confusion_matrix(labels, predicted, classes):
    """Count images by true class (row) and predicted class (column).

    Returns
    -------
    ndarray of int, shape (classes, classes)
    """
    return metrics.confusion_matrix(labels, predicted, labels=np.arange(classes))


def class_scores(confusion):
    """Precision, recall, F1 and number of images of every class.

    Recall and F1 of a class with no image, and precision of a class that was never
    predicted, are NaN.
    """
    right, support, named = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    nowhere = np.full(len(confusion), np.nan)
    return ClassScores(
        precision=np.divide(right, named, out=nowhere.copy(), where=named > 0),
        recall=np.divide(right, support, out=nowhere.copy(), where=support > 0),
        f1=np.divide(2 * right, support + named, out=nowhere.copy(), where=support > 0),
        support=support,
    )


def macro_f1(confusion):
    """Mean F1 of the classes that have an image: every class counts the same."""
    return float(np.nanmean(class_scores(confusion).f1))


def macro_recall(confusion):
    """Mean recall of the classes that have an image; also called balanced accuracy."""
    return float(np.nanmean(class_scores(confusion).recall))


def cohen_kappa(confusion):
    """Agreement beyond chance, 1 at best.

    0 where chance alone must agree (one class in the labels, and only it predicted): such
    labels cannot show more than chance.

    References
    ----------
    Cohen 1960, doi:10.1177/001316446002000104
    """
    total = confusion.sum()
    observed = np.trace(confusion) / total
    chance = float(confusion.sum(axis=0) @ confusion.sum(axis=1)) / total**2
    return 0.0 if chance == 1 else float((observed - chance) / (1 - chance))


def roc_curves(labels, probabilities):
    """One-versus-rest ROC curve of every class.

    Returns
    -------
    list of RocCurve or None
        None for a class that has no image, or all of them.
    """
    labels = np.asarray(labels)
    return [_roc_curve(labels == c, probabilities[:, c]) for c in range(probabilities.shape[1])]


def _roc_curve(truth, score):
    if truth.all() or not truth.any():
        return None
    false_positive_rate, true_positive_rate, _ = metrics.roc_curve(truth, score)
    area = metrics.auc(false_positive_rate, true_positive_rate)
    return RocCurve(false_positive_rate, true_positive_rate, float(area))


def reliability_curve(labels, probabilities, bins=CALIBRATION_BINS):
    """Mean confidence and accuracy in equal-width bins of the top class's probability."""
    confidence = np.max(probabilities, axis=1)
    right = np.argmax(probabilities, axis=1) == np.asarray(labels)
    # A bin holds its upper edge (Guo et al. 2017), so that confidence 1 is in the last one.
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    empty = np.full(bins, np.nan)
    means = [
        np.divide(np.bincount(place, value, bins), count, out=empty.copy(), where=count > 0)
        for value in (confidence, right)
    ]
    return Reliability(*means, count)


def expected_calibration_error(labels, probabilities, bins=CALIBRATION_BINS):
    """Mean distance of confidence from accuracy over the bins, weighted by their images.

    References
    ----------
    Guo et al. 2017, On calibration of modern neural networks, arXiv:1706.04599
    """
    curve = reliability_curve(labels, probabilities, bins)
    gap = np.abs(curve.confidence - curve.accuracy)
    return float(np.nansum(gap * curve.count) / curve.count.sum())


def majority_class(labels, classes):
    """The class with the most images (the first of equals): what a guesser always says."""
    return int(np.argmax(np.bincount(labels, minlength=classes)))


def paired_p_value(first_right, second_right):
    """Chance of a difference at least this large if both classifiers were equally good.

    Parameters
    ----------
    first_right, second_right : array of bool, shape (n,)
        Whether each classifier is right on each image.

    References
    ----------
    McNemar 1947, doi:10.1007/BF02295996 (in its exact form)
    """
    first_right, second_right = np.asarray(first_right), np.asarray(second_right)
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(second_right & ~first_right))
    if only_first + only_second == 0:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)


def fit_temperature(logits, labels):
    """The number that logits are divided by, so that probabilities mean what they say.

    It minimizes the negative log-likelihood of held-out images. Two guards serve small sets.
    The target of the right class is (n + 1) / (n + 2) and not 1, as in Platt scaling: when
    every image is right the likelihood alone would ask for a temperature of 0, hence for
    certainty that n images cannot give. And the result is clamped to 0.25..10, outside of
    which a set has always been too small or too odd to believe.

    Parameters
    ----------
    logits : ndarray of float, shape (n, classes)
        Of images that did not train the network.
    labels : ndarray of int, shape (n,)

    Returns
    -------
    float
        1 when there is no image.

    Raises
    ------
    ValueError
        If a logit is not finite.

    References
    ----------
    Guo et al. 2017, arXiv:1706.04599; Platt 1999, Probabilistic outputs for SVMs
    """
    logits = np.asarray(logits, dtype=np.float64)
    if len(logits) == 0:
        return 1.0
    if not np.isfinite(logits).all():
        raise ValueError("Logits hold values that are not finite.")
    target = _softened(np.asarray(labels), logits.shape[1])

    def loss(log_temperature):
        return -np.mean(np.sum(target * log_softmax(logits / np.exp(log_temperature), 1), axis=1))

    best = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.clip(np.exp(best.x), *TEMPERATURES))


def _softened(labels, classes):
    count = len(labels)
    others = max(classes - 1, 1)
    target = np.full((count, classes), 1 / (count + 2) / others)
    target[np.arange(count), labels] = (count + 1) / (count + 2)
    return target
