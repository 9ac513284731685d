"""The report on a trained pixel classifier."""

import numpy as np

from ..accuracy_figures import draw_success_rate
from ..classification_figures import draw_confusion, draw_trust
from ..classification_scores import confusion_of
from ..classification_verdict import grade, interval, mistakes, percent
from ..markup import Bar, Swatch
from ..metrics.classification import class_scores, roc_curves
from ..metrics.success_rate import success_rate
from ..report import METHOD, NUMBERS, PICTURES, Report
from .figures import draw_history, draw_labels
from .pictures import crop_pictures
from .result import overlap, presence_scores
from .verdict import baseline_title, cautions, doubt, headline, sentences

_MOST_WARNINGS = 8
_MEANING = (
    "The scores come from labeled pixels that took no part in training the network that scored "
    "them. They hold for ground like this, seen by the same sensors: elsewhere expect less. "
    "Labels were not drawn at random over the map, so the scores say how well the labeled kinds "
    "of ground are told apart, not which share of the map is right: for that, check the map with "
    "Assess accuracy. Intervals come from drawing whole blocks or labels with replacement."
)


def write_pixel_report(path, result, numbers):
    """Write the report on a pixel classifier as one HTML file.

    Parameters
    ----------
    path : str
    result : PixelResult
    numbers : dict
        As `result.scores` gives them.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = Report(result.title, result.subtitle, result.class_names)
    said = headline(result, numbers), *sentences(result, numbers)
    report.verdict(*said, is_doubt=bool(doubt(result, numbers)))
    for text in [*cautions(result), *result.warnings][:_MOST_WARNINGS]:
        report.warning(text)
    _add_maps(report, result)
    if result.is_presence_only:
        _add_success_rate(report, result)
    _add_confusion(report, result)
    _add_trust(report, result, numbers)
    _add_labels(report, result)
    _add_scores(report, result, numbers)
    _add_classes(report, result)
    _add_frequent(report, result)
    _add_history(report, result)
    report.section("How it was scored", METHOD, result.split).paragraph(_MEANING)
    report.section("Training data", METHOD).facts(result.training_summary)
    report.section("Settings", METHOD).facts(result.settings)
    report.write(path)


def _add_labels(report, result):
    scored = np.bincount(result.truth, minlength=len(result.class_names))
    rows = [
        [Swatch(color, name), int(labels), int(pixels), int(scores)]
        for name, color, labels, pixels, scores in zip(
            result.class_names, result.colors, result.label_counts, result.counts, scored,
            strict=True,
        )
    ]  # fmt: skip
    heads = ["Class", "Labels", "Labeled pixels", "Scored pixels"]
    report.section("Labels and scored pixels", NUMBERS).table(heads, rows)
    report.section("What it was trained on", PICTURES).figure(
        draw_labels(result.pictures, result.class_names, result.colors),
        "Left: the labels. Right: the part of the validation in which each was tested; lines are "
        "the borders of the blocks.",
        "Maps of the labels and of the parts of the validation",
    )


def _add_maps(report, result):
    if not result.pictures.crops:
        return
    report.section(
        "What it makes of the ground",
        PICTURES,
        "At every labeled pixel the map shows the answer of a network that saw no label there; "
        "where nothing is labeled, the mean of all networks.",
    )
    heads = ["Ground", "Labels", "Out-of-fold map", "Confidence"]
    if result.is_presence_only:
        heads = ["Ground", "Labels", "Out-of-fold favorability"]
    rows = [
        crop_pictures(crop, result.colors, result.is_presence_only)
        for crop in result.pictures.crops
    ]
    report.table(heads, rows)
    report.paragraph("Colors from dark violet (0) over green to yellow (1).")


def _add_scores(report, result, numbers):
    rows = [_score_row("This network", numbers)]
    for name, entry in numbers["baselines"].items():
        if name != "majority_class":
            rows.append(_score_row(baseline_title(name), entry))
    majority = numbers["baselines"]["majority_class"]
    rows.append(_score_row(f"Always “{majority['class']}” (largest class)", majority))
    report.section("Scores, beside simpler ways", NUMBERS)
    heads = ["", "Accuracy", "Macro F1", "Macro recall", "Mean IoU", "Kappa", "ROC area", "ECE"]
    report.table(heads, rows)
    spans = ", ".join(
        f"{_WORDS[name]} {_span(name, values)}" for name, values in numbers["intervals"].items()
    )
    report.paragraph(
        f"95 % intervals of this network: {spans}. Macro F1, macro recall and mean IoU "
        "(intersection over union) count every class the same, however rare. Kappa is the agreement "
        "beyond chance. ECE is the mean distance between confidence and accuracy."
    )


_WORDS = {"accuracy": "accuracy", "macro_f1": "macro F1", "auc": "ROC area"}


def _span(name, values):
    return interval(values) if name == "accuracy" else f"{values[0]:.3f} to {values[1]:.3f}"


def _score_row(name, numbers):
    return [
        name,
        percent(numbers["accuracy"]),
        *(f"{numbers[key]:.3f}" for key in ("macro_f1", "macro_recall", "mean_iou", "kappa")),
        f"{numbers['auc']:.3f}" if numbers.get("auc") is not None else "–",
        percent(numbers["ece"]) if "ece" in numbers else "–",
    ]


def _add_success_rate(report, result):
    presence, area = presence_scores(result)
    if not len(presence) or not len(area):
        return
    levels = np.unique(presence)
    below = np.array([(area < level).sum() for level in levels])
    equal = np.array([(area == level).sum() for level in levels])
    curve = success_rate(presence, levels, below, equal, len(area) - below - equal)
    report.section(
        "Success rate: area against captured labels",
        PICTURES,
        f"The most favorable 10 % of the ground hold {percent(curve.captured_at(0.1))} of the "
        f"{len(presence):,} labels of presence, 20 % hold {percent(curve.captured_at(0.2))}. The "
        f"area is estimated from {len(area):,} places of the background.",
    )
    report.figure(
        draw_success_rate(curve),
        "A map that knows nothing follows the dotted line.",
        "Success-rate curve",
    )


def _add_classes(report, result):
    confusion = confusion_of(result)
    each, shared = class_scores(confusion), overlap(confusion)
    areas = [c.area if c else np.nan for c in roc_curves(result.truth, result.probabilities)]
    rows = []
    for place, name in enumerate(result.class_names):
        rows.append(
            [
                Swatch(result.colors[place], name),
                int(each.support[place]),
                percent(each.precision[place]),
                percent(each.recall[place]),
                _three(shared[place]),
                _three(areas[place]),
                Bar(each.f1[place], _three(each.f1[place])),
                grade(each.f1[place]),
            ]
        )
    report.section(
        "Class by class",
        NUMBERS,
        "Precision: of the pixels called so, how many are. Recall: of the pixels that are, how many "
        "were found. IoU: what both have in common, of all that either holds. F1 is the balance of "
        "precision and recall: good from 0.90, fair from 0.75.",
    )
    report.table(["Class", "Scored", "Precision", "Recall", "IoU", "ROC area", "F1", ""], rows)


def _three(value):
    return "–" if np.isnan(value) else f"{value:.3f}"


def _add_confusion(report, result):
    report.section("What it confuses", PICTURES)
    report.figure(
        draw_confusion(confusion_of(result), result.class_names),
        "Rows are true classes, columns are predicted ones, in pixels; the darker, the larger the "
        "share of the true class. Blue is right, orange is wrong.",
        "Confusion matrix",
    )


def _add_frequent(report, result):
    rows = [[*names, count, percent(share)] for *names, count, share in mistakes(result)[:8]]
    if rows:
        heads = ["True class", "Predicted as", "Pixels", "Of the true class"]
        report.section("Its most frequent mistakes", NUMBERS).table(heads, rows)


def _add_trust(report, result, numbers):
    report.section(
        "How far its confidence can be trusted",
        PICTURES,
        f"Expected calibration error {percent(numbers['ece'])} after calibration, "
        f"{percent(numbers['uncalibrated_ece'])} before.",
    )
    curves = roc_curves(result.truth, result.probabilities)
    report.figure(
        draw_trust(curves, result.class_names, result.truth, result.probabilities),
        "Left: the closer to the upper left corner, the better a class is told from the rest. Right: "
        "of the pixels with a confidence, the share that is right; on the dotted line confidence is "
        "exactly right. Larger dots hold more pixels.",
        "ROC curves and reliability of the confidence",
    )


def _add_history(report, result):
    if any(result.history):
        report.section("How it learned", METHOD)
        report.figure(draw_history(result.history, result.runs), "", "Learning curves")
