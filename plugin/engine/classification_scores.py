"""What was measured of a classifier, and the scores that follow from it."""

from dataclasses import dataclass, field

import numpy as np

from .metrics import classification as metric
from .seen_before import FRESH


@dataclass(frozen=True)
class ClassificationResult:
    """What the training of a classifier gave.

    Attributes
    ----------
    class_names, colors : list of str
        Of every class, in the network's order; colors as ``"#rrggbb"``.
    paths : list of str
        All n images.
    labels : ndarray of int, shape (n,)
        Class of every image, counted from 0.
    scored : ndarray of int, shape (m,)
        Which images were scored, by their place in `paths`; none of them trained the network
        that scored it.
    probabilities : ndarray of float, shape (m, classes)
        Calibrated.
    uncalibrated_ece : float
        Expected calibration error before calibration.
    probe_probabilities : ndarray of float, shape (m, classes), optional
        Of a linear probe on frozen features, scored on the same images.
    history : list of list of dict
        Per run its epochs: epoch (from 1), training_loss, validation_loss,
        validation_accuracy and learning_rate; a value may be missing or None.
    runs : list of str
        Names of the runs.
    split : str
        A sentence: how the images were split, by which groups, and counts.
    folds : ndarray of int, shape (m,), optional
        Fold in which each image was scored.
    settings, training_summary : list of (str, object)
    thumbnails : callable
        Place in `paths` -> (row, column, 3) uint8.
    warnings : list of str
    start : dict of str
        What the model that training started from means for the scores; see
        `seen_before.judge_start`.
    title, subtitle : str
        Of the report.
    """

    class_names: list
    colors: list
    paths: list
    labels: np.ndarray
    scored: np.ndarray
    probabilities: np.ndarray
    uncalibrated_ece: float
    probe_probabilities: np.ndarray = None
    history: list = ()
    runs: list = ()
    split: str = ""
    folds: np.ndarray = None
    settings: list = ()
    training_summary: list = ()
    thumbnails: object = None
    warnings: list = ()
    start: dict = field(default_factory=FRESH.copy)
    title: str = "Image classifier"
    subtitle: str = ""

    def __post_init__(self):
        classes, scored = len(self.class_names), len(self.scored)
        if scored == 0:
            raise ValueError("No image was scored.")
        for given in (self.probabilities, self.probe_probabilities):
            if given is not None and np.shape(given) != (scored, classes):
                raise ValueError(f"{np.shape(given)} probabilities for {scored} x {classes}.")
        if self.folds is not None and len(self.folds) != scored:
            raise ValueError(f"{len(self.folds)} folds for {scored} scored images.")
        if len(self.colors) != classes or len(self.labels) != len(self.paths):
            raise ValueError("Colors and classes, or labels and paths, differ in number.")

    @property
    def truth(self):
        """True class of every scored image, (m,) int."""
        return np.asarray(self.labels)[np.asarray(self.scored)]

    @property
    def predicted(self):
        """Predicted class of every scored image, (m,) int."""
        return np.argmax(self.probabilities, axis=1)


def confusion_of(result):
    """Confusion matrix of the scored images, (true, predicted)."""
    return metric.confusion_matrix(result.truth, result.predicted, len(result.class_names))


def scores(result):
    """The scores of a result, as plain finite numbers that JSON can hold.

    Returns
    -------
    dict
        accuracy, accuracy_interval (Wilson, 95 %), macro_f1, macro_recall, kappa, ece,
        uncalibrated_ece, scored (images), validation (the sentence on the split), baselines
        (majority_class and, where there is one, linear_probe: their scores, named as here) and
        folds (count, mean and sd of accuracy), None without cross-validation, and start (as the
        result has it).
    """
    probe = result.probe_probabilities
    baselines = {"majority_class": _majority(result)}
    if probe is not None:
        baselines["linear_probe"] = _probe(result, probe)
    return {
        **_of_labels(result.truth, result.predicted, len(result.class_names)),
        "ece": metric.expected_calibration_error(result.truth, result.probabilities),
        "uncalibrated_ece": float(result.uncalibrated_ece),
        "scored": len(result.scored),
        "validation": result.split,
        "baselines": baselines,
        "folds": _over_folds(result),
        "start": result.start,
    }


def _of_labels(truth, predicted, classes):
    confusion = metric.confusion_matrix(truth, predicted, classes)
    return {
        "accuracy": metric.accuracy(truth, predicted),
        "accuracy_interval": list(metric.wilson_interval(int(np.trace(confusion)), len(truth))),
        "macro_f1": metric.macro_f1(confusion),
        "macro_recall": metric.macro_recall(confusion),
        "kappa": metric.cohen_kappa(confusion),
    }


def _majority(result):
    classes = len(result.class_names)
    guess = metric.majority_class(result.labels, classes)
    said = np.full(len(result.scored), guess)
    return {**_of_labels(result.truth, said, classes), "class": result.class_names[guess]}


def _probe(result, probabilities):
    said = np.argmax(probabilities, axis=1)
    right, probe_right = result.predicted == result.truth, said == result.truth
    return {
        **_of_labels(result.truth, said, len(result.class_names)),
        "ece": metric.expected_calibration_error(result.truth, probabilities),
        "p_value": metric.paired_p_value(right, probe_right),
    }


def _over_folds(result):
    if result.folds is None or len(np.unique(result.folds)) < 2:
        return None
    folds = np.asarray(result.folds)
    right = result.predicted == result.truth
    means = [float(right[folds == fold].mean()) for fold in np.unique(folds)]
    return {
        "count": len(means),
        "accuracy_mean": float(np.mean(means)),
        "accuracy_sd": float(np.std(means, ddof=1)),
    }
