"""The report on a trained object detector."""

import numpy as np

from ..classification_verdict import percent, quoted
from ..markup import Bar, Swatch
from ..report import METHOD, NUMBERS, PICTURES, Report
from . import pictures
from .figures import draw_learning, draw_precision, draw_sizes

_FEW = 50
_MOST_WARNINGS = 8
_MEANING = (
    "The scores hold for images like these: the same sensor, scale, region and light. Elsewhere "
    "expect less, and check some by eye. A found box counts as right if it shares at least half "
    "of the union with a drawn box of its class; every drawn box counts once. Objects that nobody "
    "drew count as false when they are found."
)


def write_detection_report(path, result, numbers):
    """Write the report on a detector as one HTML file.

    Parameters
    ----------
    path : str
    result : DetectionResult
    numbers : dict
        As `result.scores` gives them.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = Report(result.title, result.subtitle, result.class_names)
    report.verdict(_headline(numbers), *_sentences(numbers), is_doubt=bool(doubt(numbers)))
    for text in [*_cautions(numbers), *result.warnings][:_MOST_WARNINGS]:
        report.warning(text)
    _add_sheet(report, result, numbers)
    _add_errors(report, result, numbers)
    _add_scores(report, result, numbers)
    _add_choice(report, result, numbers)
    _add_sizes(report, result, numbers)
    _add_history(report, result)
    _add_method(report, result)
    report.write(path)


def doubt(numbers):
    """What speaks against the detector as a whole; empty if nothing does."""
    if numbers["start"]["doubt"]:
        return numbers["start"]["doubt"]
    if numbers["map50"] <= max(0.02, 2 * numbers["baselines"]["untrained"]["map50"]):
        return "Not shown to be better than a detector that has learned nothing."
    return ""


def _headline(numbers):
    return doubt(numbers) or (
        f"Finds {percent(numbers['recall'], 0)} of the objects, and {percent(numbers['precision'], 0)} "
        "of what it finds is one."
    )


def _sentences(numbers):
    base = numbers["baselines"]["untrained"]
    return [
        numbers["start"]["warning"],
        f"mAP50 is {numbers['map50']:.3f} and mAP {numbers['map']:.3f} (COCO's definitions; 1 is "
        f"perfect) on {numbers['boxes']:,} objects that took no part in training; a detector that "
        f"has not learned reaches {base['map50']:.3f} and {base['map']:.3f}{_of_some(numbers)}.",
        f"The headline is for objects of which it is at least {numbers['confidence']:.2f} sure. "
        "This least confidence gives the best balance on these same objects, so both shares are "
        "a little flattering; a lower one finds more and more wrongly.",
    ]


def _of_some(numbers):
    """Where an untrained detector was asked, if MINUTES left no time for all."""
    asked = numbers["baselines"]["untrained"]["scored"]
    if asked == numbers["scored"]:
        return ""
    return f" on {asked:,} of the {numbers['scored']:,} scored parts, for which there was time"


def _cautions(numbers):
    if numbers["boxes"] >= _FEW:
        return []
    return [
        f"Only {numbers['boxes']} objects were scored: the scores are rough. Draw more boxes, or "
        "use cross-validation, which scores them all."
    ]


def _add_sheet(report, result, numbers):
    report.section(
        "What it found where it was scored",
        PICTURES,
        "Blue: found and drawn. Orange: found, but not drawn. Yellow: drawn, but missed. From "
        "the picture with the most mistakes to that with the fewest.",
    )
    report.pictures(pictures.sheet(result, numbers["confidence"], width=370), 370)


def _add_scores(report, result, numbers):
    base = numbers["baselines"]["untrained"]
    report.section("Scores, beside a detector that has not learned", NUMBERS)
    heads = ["", "mAP50", "mAP", "Recall", "Precision", "F1"]
    own = [f"{numbers[name]:.3f}" for name in ("map50", "map", "recall", "precision", "f1")]
    untrained = [f"{base['map50']:.3f}", f"{base['map']:.3f}", "–", "–", "–"]
    report.table(heads, [["This model", *own], ["Untrained detector", *untrained]])
    rows = [
        [Swatch(color, name), one["boxes"], Bar(one["ap50"], f"{one['ap50']:.3f}")]
        for (name, one), color in zip(numbers["classes"].items(), result.colors, strict=True)
    ]
    if len(rows) > 1:
        report.table(["Class", "Objects scored", "AP50"], rows)


def _add_choice(report, result, numbers):
    report.section("How sure it must be", PICTURES)
    report.figure(
        draw_precision(result, numbers["confidence"]),
        "Left: the farther to the upper right, the better. Right: what a least confidence means; "
        f"the dotted line is the choice of the model, {numbers['confidence']:.2f}.",
        "Precision, recall and F1",
    )


def _add_errors(report, result, numbers):
    false, missed = pictures.errors(result, numbers["confidence"])
    if not false and not missed:
        report.section("Its errors", NUMBERS, "None: every object was found, and nothing else.")
        return
    report.section(
        "Its errors", PICTURES, "Look at the boxes first: some may be missing or misplaced."
    )
    if false:
        report.paragraph("Found with the highest confidence, but not drawn:")
        report.pictures(false, 116)
    if missed:
        report.paragraph("The largest that were missed:")
        report.pictures(missed, 116)


def _add_sizes(report, result, numbers):
    if not numbers["boxes"]:
        return
    report.section("How large the objects are", PICTURES)
    report.figure(
        draw_sizes(result, numbers["confidence"]),
        "Gray: drawn. Blue: found, with their share.",
        "Objects by size",
    )


def _add_history(report, result):
    if any(result.history):
        report.section("How it learned", METHOD)
        report.figure(draw_learning(result.history), "", "Learning curves")


def _add_method(report, result):
    report.section("How it was scored", METHOD, result.split)
    report.paragraph(result.shipped)
    report.paragraph(_MEANING)
    report.section("Training data", METHOD).facts(result.summary)
    report.section("Settings", METHOD).facts(result.settings)


def headline_note(numbers, names):
    """The scores in one line for the log."""
    weakest = min(names, key=lambda name: numbers["classes"][name]["ap50"])
    of = f", weakest {quoted(weakest)}" if len(names) > 1 else ""
    base = numbers["baselines"]["untrained"]["map50"]
    return (
        f"mAP50 {numbers['map50']:.3f}, mAP {numbers['map']:.3f}{of}; untrained {base:.3f}. At a "
        f"confidence of {numbers['confidence']:.2f} recall is {np.round(numbers['recall'], 3)}, "
        f"precision {np.round(numbers['precision'], 3)}."
    )
