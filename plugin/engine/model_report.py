"""One page on a model file: what it tells apart, what it needs, how well it did."""

import math
import os

from ..jobs.errors import JobError
from ..jobs.model_card import DETECTION, PIXELS
from .classification_verdict import interval, percent
from .markup import Swatch
from .report import METHOD, NUMBERS, Report

_MOST_ROWS = 1000
_LONGEST = 500
_FACTS = (
    ("images", "Images"),
    ("folder", "Folder"),
    ("source", "Source"),
    ("boxes", "Boxes"),
    ("extent", "Extent"),
    ("crs", "CRS"),
    ("dates", "Dates"),
    ("start_from", "Started from"),
    ("epochs", "Epochs"),
)
_SCALED = (
    "These bands, in this order. Values are scaled to their mean and standard deviation in the "
    "training data."
)
_COUNTED = {PIXELS: "Labeled pixels", DETECTION: "Boxes"}
_BASELINES = (
    ("linear_probe", "Linear probe on frozen features"),
    ("majority_class", "Always the largest class"),
)


def check_content(card, name):
    """Refuse a card whose classes or bands are not what the card's form says.

    Raises
    ------
    JobError
    """
    for part, entries in (("classes", card.classes), ("bands", card.bands)):
        if not all(isinstance(e, dict) and isinstance(e.get("name"), str) for e in entries):
            raise JobError(
                f'The card of model "{name}" is damaged: its {part} have no names.',
                "Train the model again, or copy it again.",
            )


def write_model_report(path, card, weights, name):
    """Write the page.

    Parameters
    ----------
    path : str
    card : ModelCard
        Checked by `check_content`.
    weights : Weights
        From `read_weights`.
    name : str
        The model's file name.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = begin_page(card, name)
    report.verdict(_purpose(card), _success(card), _need(card))
    _add_scores(report, card.scores)
    _add_classes(report, card)
    _add_bands(report, card)
    _add_making(report, card)
    _add_file(report, card, weights, name)
    report.write(path)


def begin_page(card, name):
    """The page of a model file, with its title; the names of its classes and bands stay."""
    title = os.path.splitext(name)[0]
    names = [text(entry["name"]) for entry in (*card.classes, *card.bands)]
    return Report(title, f"Model for {text(card.task)}", [title, *names])


def text(value):
    """Any value of a card as a text of bounded length."""
    shown = str(value)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


def _count(value):
    """A count as a whole number where it is one, so that it is written as such."""
    return value if type(value) is int and abs(value) < 10**15 else text(value)


def _number(value):
    """A finite number, or None: a card may hold anything."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _counted(count, word, many):
    return f"{count:,} {word if count == 1 else many}"


def _purpose(card):
    bands = _counted(len(card.bands), "band", "bands")
    if not card.classes:
        return f"A network for {text(card.task)} from {bands}."
    if card.task == DETECTION:
        return f"Finds objects of {_counted(len(card.classes), 'class', 'classes')} in {bands}."
    return f"Tells {_counted(len(card.classes), 'class', 'classes')} apart from {bands}."


def _success(card):
    scores = card.scores
    accuracy, scored = _number(scores.get("accuracy")), _number(scores.get("scored"))
    found, boxes = _number(scores.get("map50")), _number(scores.get("boxes"))
    if found is not None:
        on = f" on {boxes:,.0f} objects" if boxes else ""
        return f"mAP50 is {found:.3f}{on} that took no part in training."
    if accuracy is None:
        return "The file does not say how well it does."
    things = "labeled pixels" if card.task == PIXELS else "images"
    where = f" of {scored:,.0f} {things}" if scored else ""
    return f"{percent(accuracy)}{where} that took no part in training were classified correctly."


def _need(card):
    names = ", ".join(text(band["name"]) for band in card.bands[:12])
    more = f" and {len(card.bands) - 12} more" if len(card.bands) > 12 else ""
    size = _number(card.gsd)
    ground = f", {size:g} m a pixel" if size else ""
    return f"It needs {names}{more}, as {text(card.dtype)}{ground}." if names else ""


def _add_classes(report, card):
    if not card.classes:
        return
    counts = card.training.get("counts")
    counts = counts if isinstance(counts, dict) else {}
    rows = [
        [
            text(entry.get("value", "")),
            Swatch(str(entry.get("color", "")), text(entry["name"])),
            _count(counts.get(entry["name"], "–")),
        ]
        for entry in card.classes[:_MOST_ROWS]
    ]
    hidden = len(card.classes) - len(rows)
    more = f"{hidden:,} more classes follow." if hidden else ""
    report.section("What it tells apart", NUMBERS, more)
    report.table(["Value", "Class", _COUNTED.get(card.task, "Training images")], rows)


def _add_bands(report, card):
    means, spreads = (_listed(card.normalization.get(key)) for key in ("mean", "sd"))
    rows = [
        [str(place), text(band["name"]), text(band.get("unit") or "–"), *numbers]
        for place, (band, *numbers) in enumerate(zip(card.bands, means, spreads), 1)
    ][:_MOST_ROWS]
    report.section("What it needs", NUMBERS, _SCALED)
    report.table(["Band", "Name", "Unit", "Mean", "Standard deviation"], rows)
    report.facts(
        [
            ("Data type", text(card.dtype)),
            ("Ground sample distance", _length(card.gsd)),
            ("Images were", _pixels(card.chip)),
            ("The network sees", _pixels(card.patch)),
        ]
    )


def _listed(values):
    """Numbers as texts, for as many bands as asked; a dash where there is none."""
    values = values if isinstance(values, list) else []
    for value in values:
        number = _number(value)
        yield "–" if number is None else f"{number:.4g}"
    while True:
        yield "–"


def _length(value):
    number = _number(value)
    return "not known" if number is None else f"{number:g} m"


def _pixels(side):
    return f"{side} × {side} pixels" if side > 0 else "of various sizes"


def _add_scores(report, scores):
    if _number(scores.get("accuracy")) is None:
        return
    baselines = scores.get("baselines")
    baselines = baselines if isinstance(baselines, dict) else {}
    rows = [_score_row("This model", scores)]
    for key, name in _BASELINES:
        if isinstance(baselines.get(key), dict):
            rows.append(_score_row(name, baselines[key]))
    report.section("How well it did", NUMBERS, text(scores.get("validation", "")))
    report.table(
        ["", "Accuracy", "95 % interval", "Macro F1", "Macro recall", "Kappa", "ECE"], rows
    )
    report.paragraph(
        "The scores hold for images like those it was trained on: the same sensor, preparation, "
        "region and season. On other images expect less, and check some by eye."
    )


def _score_row(name, scores):
    accuracy, ece = (_number(scores.get(key)) for key in ("accuracy", "ece"))
    plain = [_number(scores.get(key)) for key in ("macro_f1", "macro_recall", "kappa")]
    return [
        name,
        "–" if accuracy is None else percent(accuracy),
        _bounds(scores.get("accuracy_interval")),
        *("–" if value is None else f"{value:.3f}" for value in plain),
        "–" if ece is None else percent(ece),
    ]


def _bounds(value):
    numbers = [_number(v) for v in value] if isinstance(value, list) else []
    return interval(numbers) if len(numbers) == 2 and None not in numbers else "–"


def _add_making(report, card):
    known = [(label, _count(card.training[key])) for key, label in _FACTS if card.training.get(key)]
    report.section("How it was made", METHOD).facts(
        [
            ("Network", text(card.network)),
            *known,
            ("Temperature", next(_listed([card.temperature]))),
            ("Seed", str(card.seed)),
            ("Made with", text(", ".join(f"{k} {v}" for k, v in card.versions.items()) or "–")),
        ]
    )


def _add_file(report, card, weights, name):
    report.section("The file", METHOD).facts(
        [
            ("Name", name),
            ("Size", f"{weights.size / 1e6:.1f} MB"),
            ("Weights", f"{weights.numbers:,} numbers of type {', '.join(weights.types)}"),
            ("Format", str(card.format)),
            ("License", text(card.license or "not stated")),
            ("Citation", text(card.citation or "not stated")),
        ]
    )
