"""Scores of object detection: how many objects are found, and how much of what is found is one.

Average precision is that of COCO (cocodataset.org, "Detection Evaluation"): detections are
matched to objects from the surest on, each object once; precision is made monotone and averaged
over 101 recalls.

References
----------
Lin et al. 2014, doi:10.1007/978-3-319-10602-1_48 (COCO); Everingham et al. 2010,
doi:10.1007/s11263-009-0275-4 (average precision).
"""

from dataclasses import dataclass

import numpy as np

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
MOST = 100


@dataclass(frozen=True)
class Objects:
    """Boxes in one image, found or true.

    Attributes
    ----------
    boxes : float array, shape (n, 4)
        Left, top, right, bottom.
    labels : int array, shape (n,)
    scores : float array, shape (n,), or None
        Confidence of what was found; None for the truth.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray = None

    def of(self, label):
        """Those of one class."""
        mine = self.labels == label
        scores = None if self.scores is None else self.scores[mine]
        return Objects(self.boxes[mine], self.labels[mine], scores)


def areas(boxes):
    """Areas (n,) of boxes (n, 4); an empty box has none."""
    return np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None)


def intersections(first, second):
    """Areas (n, m) that boxes (n, 4) share with boxes (m, 4)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.clip(high - low, 0, None).prod(axis=2)


def overlaps(first, second):
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4).

    >>> overlaps(np.array([[0, 0, 2, 2.0]]), np.array([[0, 1, 2, 3.0], [5, 5, 6, 6]]))
    array([[0.33333333, 0.        ]])
    """
    shared = intersections(first, second)
    union = areas(first)[:, None] + areas(second)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def match(found, truth, threshold=0.5):
    """Match what was found in one image to its objects, the surest first, each object once.

    Parameters
    ----------
    found, truth : Objects
        Of one class.
    threshold : float
        Least intersection over union.

    Returns
    -------
    int array, shape (found,)
        Number of the object, -1 for a false detection.
    """
    shared = overlaps(found.boxes, truth.boxes)
    free, matched = np.ones(len(truth.boxes), bool), np.full(len(found.boxes), -1)
    for place in np.argsort(-found.scores, kind="stable"):
        fits = np.where(free, shared[place], -1.0)
        # COCO gives an object that fits as well as an earlier one the preference.
        best = len(fits) - 1 - int(np.argmax(fits[::-1])) if len(fits) else 0
        if len(fits) and fits[best] >= min(threshold, 1 - 1e-10):
            matched[place], free[best] = best, False
    return matched


@dataclass(frozen=True)
class Curve:
    """Precision and recall of one class as the least confidence falls.

    Attributes
    ----------
    scores, precision, recall : float arrays, shape (n,)
        Confidence, falling, and what all detections down to it reach.
    objects : int
        True ones.
    """

    scores: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    objects: int

    @property
    def average_precision(self):
        """Mean precision at 101 recalls, NaN without objects."""
        if not self.objects:
            return np.nan
        highest = np.maximum.accumulate(self.precision[::-1])[::-1]
        places = np.searchsorted(self.recall, RECALLS, side="left")
        return float(np.append(highest, 0.0)[np.minimum(places, len(highest))].mean())

    def best_f1(self):
        """Confidence with the highest F1, and precision, recall and F1 there; NaN if there is none.

        Returns
        -------
        score, precision, recall, f1 : float
        """
        total = self.precision + self.recall
        if not len(total) or not self.objects or total.max() == 0:
            return (np.nan,) * 4
        f1 = np.divide(2 * self.precision * self.recall, total, where=total > 0, out=0 * total)
        best = int(np.argmax(f1))
        return tuple(float(v[best]) for v in (self.scores, self.precision, self.recall, f1))


def curve(found, truth, label=None, threshold=0.5, most=MOST):
    """Precision and recall over images.

    Parameters
    ----------
    found, truth : list of Objects
        Of every image.
    label : int, optional
        The class; None counts all classes together, each matched in itself.
    threshold : float
        Least intersection over union.
    most : int
        Detections of a class that count in one image, the surest.

    Returns
    -------
    Curve
    """
    labels = _labels(found, truth) if label is None else [label]
    scores, right, objects = [np.zeros(0)], [np.zeros(0, bool)], 0
    for one in labels:
        for seen, true in zip(found, truth, strict=True):
            mine, wanted = _surest(seen.of(one), most), true.of(one)
            scores.append(mine.scores)
            right.append(match(mine, wanted, threshold) >= 0)
            objects += len(wanted.boxes)
    scores, right = np.concatenate(scores), np.concatenate(right)
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    precision = hits / np.arange(1, len(hits) + 1)
    return Curve(scores[order], precision, hits / max(objects, 1), objects)


def average_precisions(found, truth, classes, thresholds=THRESHOLDS, most=MOST):
    """Average precision of every class at every threshold.

    Returns
    -------
    float array, shape (threshold, class)
        NaN where a class has no objects; its mean over the others is COCO's mAP.
    """
    return np.array(
        [
            [curve(found, truth, c, t, most).average_precision for c in range(classes)]
            for t in thresholds
        ]
    )


def mean_average_precision(found, truth, classes, most=MOST):
    """COCO's two numbers: mAP at an overlap of 0.5, and over 0.5, 0.55, ... 0.95.

    Returns
    -------
    map50, map : float
        NaN if there are no objects.
    """
    table = average_precisions(found, truth, classes, most=most)
    known = ~np.isnan(table[0])
    return (float(table[0, known].mean()), float(table[:, known].mean())) if known.any() else (
        np.nan, np.nan,
    )  # fmt: skip


def _surest(objects, most):
    order = np.argsort(-objects.scores, kind="stable")[:most]
    return Objects(objects.boxes[order], objects.labels[order], objects.scores[order])


def _labels(found, truth):
    return np.unique(np.concatenate([np.zeros(0, int), *(o.labels for o in [*found, *truth])]))
