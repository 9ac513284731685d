"""The numbers of an assessment: accuracies and areas with 95 % intervals."""

import numpy as np

from .metrics.area_estimation import Z_95
from .metrics.classification import class_scores, cohen_kappa, macro_f1, wilson_interval


def numbers(assessment):
    """The numbers that the job gives back."""
    confusion, estimates = assessment.confusion, assessment.estimates
    return {
        "ACCURACY": float(np.trace(confusion) / confusion.sum()),
        "ADJUSTED_ACCURACY": estimates.accuracy if estimates else None,
        "MACRO_F1": macro_f1(confusion),
        "KAPPA": cohen_kappa(confusion),
        "AUC": None,
    }


def overall(assessment):
    """Overall accuracy with its 95 % interval, corrected for areas where the design allows it.

    Returns
    -------
    share, low, high : float
    """
    if assessment.estimates:
        known = assessment.estimates
        return (known.accuracy, *_around(known.accuracy, known.accuracy_se))
    right, total = int(np.trace(assessment.confusion)), assessment.total
    return (right / total, *wilson_interval(right, total))


def accuracies(assessment):
    """User's and producer's accuracies with 95 % intervals.

    Returns
    -------
    users, producers : ndarray, shape (classes, 3)
        Share, low, high; NaN where nothing is known.
    """
    if assessment.estimates:
        known = assessment.estimates
        users = [(u, *_around(u, e)) for u, e in zip(known.users, known.users_se, strict=True)]
        pairs = zip(known.producers, known.producers_se, strict=True)
        return np.array(users), np.array([(p, *_around(p, e)) for p, e in pairs])
    scores, right = class_scores(assessment.confusion), np.diag(assessment.confusion)
    named = assessment.confusion.sum(axis=0)
    return (
        np.array([_plain(*three) for three in zip(scores.precision, right, named, strict=True)]),
        np.array([_plain(*three) for three in zip(scores.recall, right, scores.support)]),
    )


def _plain(share, right, total):
    return (share, *wilson_interval(int(right), int(total))) if total else (np.nan,) * 3


def _around(share, error):
    half = Z_95 * error
    return max(share - half, 0.0), min(share + half, 1.0) if np.isfinite(half) else np.nan


def adjusted_areas(assessment):
    """Areas that the classes truly have, with 95 % intervals; None if the design allows none.

    Returns
    -------
    ndarray, shape (classes, 3), or None
        Area, low, high in the unit of the assessment.
    """
    known = assessment.estimates
    if known is None:
        return None
    sampled = assessment.areas[assessment.confusion.sum(axis=0) > 0].sum()
    half = Z_95 * known.shares_se
    low = np.where(np.isfinite(half), np.maximum(known.shares - half, 0.0), np.nan)
    return sampled * np.stack([known.shares, low, known.shares + half], axis=1)
