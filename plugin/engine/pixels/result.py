"""What was measured of a pixel classifier, and the scores that follow from it."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from ...jobs.label_classes import BACKGROUND
from ..metrics import classification as metric

_DRAWS = 500
_AUC_DRAWS = 200
_MOST_RANKED = 20_000


@dataclass(frozen=True)
class PixelResult:
    """What the training of a pixel classifier gave.

    Attributes
    ----------
    class_names, colors : list of str
        Of every class, in the network's order; colors as ``"#rrggbb"``.
    counts : int array, shape (classes,)
        Labeled pixels of every class.
    label_counts : int array, shape (classes,)
        Labels (polygons, lines, points) of every class.
    truth : int array, shape (m,)
        Class of every scored pixel; none of them trained the network that scored it.
    probabilities : float array, shape (m, classes)
        Calibrated.
    uncalibrated_ece : float
    baselines : dict of str to float array, shape (m, classes)
        Probabilities of simpler ways, for the same pixels, fitted to the same others.
    groups : int array, shape (m,)
        What is not split: block or label of every scored pixel.
    units : int array, shape (m,)
        Label that every scored pixel belongs to.
    folds : int array, shape (m,)
    history : list of list of dict
    runs : list of str
    split : str
        A sentence: how the labels were split.
    settings, training_summary : list of (str, object)
    pictures : object
        What is drawn of the ground; see `pictures.Pictures`.
    warnings : list of str
    title, subtitle : str
    """

    class_names: list
    colors: list
    counts: np.ndarray
    label_counts: np.ndarray
    truth: np.ndarray
    probabilities: np.ndarray
    uncalibrated_ece: float
    baselines: dict
    groups: np.ndarray
    units: np.ndarray
    folds: np.ndarray
    history: list
    runs: list
    split: str
    settings: list
    training_summary: list
    pictures: object
    warnings: list
    title: str
    subtitle: str

    @property
    def predicted(self):
        """Predicted class of every scored pixel, (m,) int."""
        return np.argmax(self.probabilities, axis=1)

    @property
    def is_presence_only(self):
        """Whether one of the classes is background by chance."""
        return self.class_names[-1] == BACKGROUND


def scores(result):
    """The scores of a result, as plain finite numbers that JSON can hold.

    Returns
    -------
    dict
        accuracy, macro_f1, macro_recall, mean_iou, kappa, auc (None where it is not defined), ece,
        uncalibrated_ece, scored (pixels), groups, intervals (95 %, of accuracy, macro_f1 and auc,
        by drawing whole blocks or labels), validation (the sentence on the split), baselines (by
        name their scores, named as here, and ``difference``: the interval of how much better the
        network is by `main_score`), and main_score.
    """
    mine = _scores_of(result, result.probabilities)
    main = "auc" if result.is_presence_only and mine["auc"] is not None else "macro_f1"
    drawn = _Drawn(result, main)
    own = drawn.of(result.probabilities)
    mine["intervals"] = {name: _interval(values) for name, values in own.items()}
    baselines = {"majority_class": _majority(result)}
    for name, probabilities in result.baselines.items():
        theirs = drawn.of(probabilities)
        baselines[name] = {
            **_scores_of(result, probabilities),
            "difference": _interval(own[main] - theirs[main]),
        }
    return {
        **mine,
        "uncalibrated_ece": float(result.uncalibrated_ece),
        "scored": len(result.truth),
        "groups": len(np.unique(result.groups)),
        "validation": result.split,
        "baselines": baselines,
        "main_score": main,
    }


def _scores_of(result, probabilities):
    said = probabilities.argmax(axis=1)
    return {
        **_of_labels(result.truth, said, len(result.class_names)),
        "auc": mean_auc(result.truth, probabilities),
        "ece": metric.expected_calibration_error(result.truth, probabilities),
    }


def _of_labels(truth, said, classes):
    confusion = metric.confusion_matrix(truth, said, classes)
    return {
        "accuracy": metric.accuracy(truth, said),
        "macro_f1": metric.macro_f1(confusion),
        "macro_recall": metric.macro_recall(confusion),
        "mean_iou": float(np.nanmean(overlap(confusion))),
        "kappa": metric.cohen_kappa(confusion),
    }


def _majority(result):
    classes = len(result.class_names)
    guess = metric.majority_class(result.truth, classes)
    said = np.full(len(result.truth), guess)
    return {**_of_labels(result.truth, said, classes), "class": result.class_names[guess]}


def overlap(confusion):
    """Intersection over union of every class; NaN for a class without a pixel."""
    right, support = np.diag(confusion), confusion.sum(axis=1)
    either = support + confusion.sum(axis=0) - right
    nowhere = np.full(len(confusion), np.nan)
    return np.divide(right, either, out=nowhere, where=support > 0)


def mean_auc(truth, probabilities):
    """Area under the ROC curve, the mean over classes one against the rest; None without one."""
    curves = [curve for curve in metric.roc_curves(truth, probabilities) if curve is not None]
    return float(np.mean([curve.area for curve in curves])) if curves else None


class _Drawn:
    """Scores when whole groups are drawn with replacement, the same draws for all classifiers."""

    def __init__(self, result, main):
        self._truth, self._main = result.truth, main
        self._classes = len(result.class_names)
        self._groups = np.unique(result.groups, return_inverse=True)[1]
        count = int(self._groups.max()) + 1
        chance = np.random.default_rng(0)
        self._draws = chance.multinomial(count, np.full(count, 1 / count), size=_DRAWS)
        self._ranked = chance.permutation(len(result.truth))[:_MOST_RANKED]

    def of(self, probabilities):
        """Accuracy, macro F1 and, where it is the main score, AUC of every draw."""
        said = probabilities.argmax(axis=1)
        confusions = np.zeros((self._groups.max() + 1, self._classes, self._classes))
        np.add.at(confusions, (self._groups, self._truth, said), 1)
        drawn = np.tensordot(self._draws, confusions, axes=1)
        right, support = np.einsum("dcc->dc", drawn), drawn.sum(axis=2)
        named = drawn.sum(axis=1)
        f1 = np.where(support > 0, 2 * right / np.maximum(support + named, 1), np.nan)
        values = {
            "accuracy": right.sum(axis=1) / np.maximum(support.sum(axis=1), 1),
            "macro_f1": np.nanmean(f1, axis=1),
        }
        if self._main == "auc":
            values["auc"] = self._areas(probabilities)
        return values

    def _areas(self, probabilities):
        some, areas = self._ranked, []
        for draw in self._draws[:_AUC_DRAWS]:
            weights = draw[self._groups[some]]
            held = weights > 0
            areas.append(_weighted_auc(self._truth[some][held], probabilities[some][held], weights[held]))  # fmt: skip
        return np.array(areas)


def _weighted_auc(truth, probabilities, weights):
    areas = []
    for place in range(probabilities.shape[1]):
        mine = truth == place
        if mine.any() and not mine.all():
            areas.append(roc_auc_score(mine, probabilities[:, place], sample_weight=weights))
    return np.mean(areas) if areas else np.nan


def _interval(values):
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return [float(low), float(high)]


def presence_scores(result):
    """What the success-rate curve of presence-only labels needs.

    Returns
    -------
    presence : float array, shape (labels,)
        Mean favorability (one minus the background's probability) of every label of presence.
    area : float array, shape (places,)
        That of every place of the background, which stands for the area.
    """
    favorable = 1 - result.probabilities[:, -1]
    units, places = np.unique(result.units, return_inverse=True)
    means = np.bincount(places, favorable) / np.bincount(places)
    background = np.zeros(len(units), bool)
    background[places] = result.truth == len(result.class_names) - 1
    return means[~background], means[background]
