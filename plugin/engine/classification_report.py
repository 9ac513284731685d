"""The report on a trained image classifier."""

import os

import numpy as np

from .classification_figures import draw_confusion, draw_learning_curves, draw_trust
from .classification_pictures import contact_sheet, surest_mistakes, thumbnail
from .classification_scores import ClassificationResult, confusion_of, scores
from .classification_verdict import (
    cautions,
    doubt,
    grade,
    headline,
    interval,
    mistakes,
    percent,
    sentences,
)
from .markup import Bar, Swatch
from .metrics.classification import class_scores, roc_curves, wilson_interval
from .report import METHOD, NUMBERS, PICTURES, Report

__all__ = ["ClassificationResult", "scores", "write_classification_report"]
_WIDE = 200
_MOST_WARNINGS = 8
_MEANING = (
    "The scores come from images that took no part in training the network that scored them. "
    "They hold for images like these: the same sensor, preparation, region and season, and the "
    "same kinds of ground. On other images expect less, and check some by eye. Intervals count "
    "every scored image as independent; where images are alike, the truth is less certain."
)


def write_classification_report(path, result):
    """Write the report on a classifier as one HTML file.

    Parameters
    ----------
    path : str
    result : ClassificationResult

    Raises
    ------
    JobError
        If it cannot be written.
    """
    numbers = scores(result)
    report = Report(result.title, result.subtitle, result.class_names)
    said = headline(result, numbers), *sentences(result, numbers)
    report.verdict(*said, is_doubt=bool(doubt(numbers)))
    _add_warnings(report, [*cautions(result), *result.warnings])
    _add_mistakes(report, result)
    _add_confusion(report, result)
    _add_trust(report, result, numbers)
    _add_images(report, result)
    _add_scores(report, result, numbers)
    _add_classes(report, result)
    _add_frequent(report, result)
    _add_history(report, result)
    _add_method(report, result, numbers)
    report.write(path)


def _add_warnings(report, texts):
    for text in texts[:_MOST_WARNINGS]:
        report.warning(text)
    if len(texts) > _MOST_WARNINGS:
        report.warning(f"{len(texts) - _MOST_WARNINGS:,} more are in the log of the training.")


def _add_images(report, result):
    counts = np.bincount(result.labels, minlength=len(result.class_names))
    kept = np.bincount(result.truth, minlength=len(result.class_names))
    report.section(
        "What it was trained on",
        PICTURES,
        f"{len(result.paths):,} images of {len(result.class_names)} classes; "
        f"{len(result.scored):,} of them were scored.",
    )
    labels = np.asarray(result.labels)
    rows = [
        [
            Swatch(result.colors[place], name),
            f"{counts[place]:,}",
            f"{kept[place]:,}",
            contact_sheet(result, np.flatnonzero(labels == place)),
        ]
        for place, name in enumerate(result.class_names)
    ]
    report.table(["Class", "Images", "Scored", "Some of them"], rows)


def _add_mistakes(report, result):
    wrong = int(np.sum(result.predicted != result.truth))
    shown = result.thumbnails is not None and wrong > 0
    report.section("Its surest mistakes", PICTURES if shown else NUMBERS)
    if wrong == 0:
        report.paragraph("None: every scored image was classified correctly.")
        return
    report.paragraph(
        f"{wrong:,} of {len(result.scored):,} scored images were classified wrongly. These were "
        "so with the highest confidence, at most four of a kind. Look at their labels first: "
        "some may be in the wrong folder, or show two classes."
    )
    chosen = surest_mistakes(result)
    rows = [_mistake(result, place) for place in chosen]
    if not shown:
        report.table(["Image", "Labeled", "Predicted", "Confidence"], rows)
        return
    images = [thumbnail(result, np.asarray(result.scored)[place], _WIDE) for place in chosen]
    report.pictures([(image, _caption(row)) for image, row in zip(images, rows)], _WIDE)


def _mistake(result, place):
    name = os.path.basename(result.paths[int(np.asarray(result.scored)[place])])
    true, said = result.truth[place], result.predicted[place]
    sureness = percent(result.probabilities[place, said])
    return name, result.class_names[true], result.class_names[said], sureness


def _caption(row):
    return "labeled {1}\npredicted {2}, {3}\n{0}".format(*row)


def _add_scores(report, result, numbers):
    rows = [_score_row("This model", numbers)]
    probe = numbers["baselines"].get("linear_probe")
    if probe is not None:
        rows.append(_score_row("Linear probe on frozen features", probe))
    majority = numbers["baselines"]["majority_class"]
    rows.append(_score_row(f"Always “{majority['class']}” (largest class)", majority))
    report.section("Scores, beside simpler ways", NUMBERS)
    report.table(
        ["", "Accuracy", "95 % interval", "Macro F1", "Macro recall", "Kappa", "ECE"], rows
    )
    report.paragraph(
        "Accuracy counts images; macro F1 and macro recall count every class the same, however "
        "rare. Kappa is the agreement beyond chance (1 is perfect, 0 is guessing). ECE, the "
        "expected calibration error, is the mean distance between confidence and accuracy."
    )
    if numbers["folds"]:
        folds = numbers["folds"]
        report.paragraph(
            f"Over {folds['count']} folds the accuracy is {percent(folds['accuracy_mean'])} ± "
            f"{100 * folds['accuracy_sd']:.1f} percentage points (mean and standard deviation)."
        )


def _score_row(name, numbers):
    return [
        name,
        percent(numbers["accuracy"]),
        interval(numbers["accuracy_interval"]),
        f"{numbers['macro_f1']:.3f}",
        f"{numbers['macro_recall']:.3f}",
        f"{numbers['kappa']:.3f}",
        percent(numbers["ece"]) if "ece" in numbers else "–",
    ]


def _add_classes(report, result):
    confusion = confusion_of(result)
    each = class_scores(confusion)
    areas = [c.area if c else np.nan for c in roc_curves(result.truth, result.probabilities)]
    rows = []
    for place, name in enumerate(result.class_names):
        support = int(each.support[place])
        found = wilson_interval(int(confusion[place, place]), support)
        rows.append(
            [
                Swatch(result.colors[place], name),
                support,
                percent(each.precision[place]),
                percent(each.recall[place]),
                interval(found) if support else "–",
                _three(areas[place]),
                Bar(each.f1[place], _three(each.f1[place])),
                grade(each.f1[place]),
            ]
        )
    report.section(
        "Class by class",
        NUMBERS,
        "Precision: of the images called so, how many are. Recall: of the images that are, how "
        "many were found, with its interval. F1 is their balance: good from 0.90, fair from 0.75.",
    )
    heads = ["Class", "Scored", "Precision", "Recall", "95 % interval", "ROC area", "F1", ""]
    report.table(heads, rows)


def _three(value):
    return "–" if np.isnan(value) else f"{value:.3f}"


def _add_confusion(report, result):
    report.section("What it confuses", PICTURES).figure(
        draw_confusion(confusion_of(result), result.class_names),
        "Rows are true classes, columns are predicted ones; the darker, the larger the share of "
        "the true class. Blue is right, orange is wrong.",
        "Confusion matrix",
    )


def _add_frequent(report, result):
    rows = [[*names, count, percent(share)] for *names, count, share in mistakes(result)[:8]]
    if rows:
        heads = ["True class", "Predicted as", "Images", "Of the true class"]
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
        "Left: the closer to the upper left corner, the better a class is told from the rest; "
        "the hardest classes are named. Right: of the images with a confidence, the share that "
        "is right; on the dotted line confidence is exactly right. Larger dots hold more images.",
        "ROC curves and reliability of the confidence",
    )


def _add_history(report, result):
    if not any(result.history):
        return
    report.section("How it learned", METHOD).figure(
        draw_learning_curves(result.history, result.runs),
        _named_runs(result.runs),
        "Learning curves",
    )


def _named_runs(runs, most=12):
    if len(runs) < 2:
        return ""
    more = f" and {len(runs) - most} more" if len(runs) > most else ""
    return f"Runs: {', '.join(runs[:most])}{more}."


def _add_method(report, result, numbers):
    report.section("How it was scored", METHOD, result.split)
    report.paragraph(_MEANING)
    if result.training_summary:
        report.section("Training data", METHOD).facts(result.training_summary)
    if result.settings:
        report.section("Settings", METHOD).facts(result.settings)
