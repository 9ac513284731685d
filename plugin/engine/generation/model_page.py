"""One page on a model file that makes images: of what, learned from what, how good they are."""

from ..model_report import begin_page, text
from ..report import METHOD, NUMBERS

_SCORES = (
    ("distance", "Distance to real images"),
    ("distance_of_real", "The same of real images that trained"),
    ("distance_of_scrambled", "The same of scrambled images"),
    ("variety", "Variety (real: 1)"),
    ("copies", "Share that counts as copies (new images: about 0.05)"),
)


def write_generator_page(path, card, weights, name):
    """Write the page; see `model_report.write_model_report`."""
    training, scores = card.training, card.scores
    report = begin_page(card, name)
    size = f"{card.patch} x {card.patch} pixels"
    report.verdict(
        f"Makes images of {size} and {len(card.bands)} band{'s' * (len(card.bands) != 1)}.",
        _on_classes(card),
        f"It learned from {text(training.get('images', '?'))} images.",
    )
    numbers = [(label, _number(scores[key])) for key, label in _SCORES if key in scores]
    if numbers:
        said = text(scores.get("validation", ""))
        report.section("How good its images are", NUMBERS, said).facts(numbers)
    _add_classifier(report, scores.get("classifier"))
    report.section("What it makes", METHOD).facts([
        ("Classes", ", ".join(text(entry["name"]) for entry in card.classes[:100]) or "none"),
        ("Bands", ", ".join(text(band["name"]) for band in card.bands[:100])),
        ("Data type", text(card.dtype)),
    ])  # fmt: skip
    report.section("The file", METHOD).facts([
        ("Name", name),
        ("Size", f"{weights.size / 1e6:.1f} MB"),
        ("Weights", f"{weights.numbers:,} numbers of type {', '.join(weights.types)}"),
        ("Steps of the training", text(training.get("steps", "–"))),
        ("Seed", str(card.seed)),
        ("Made with", text(", ".join(f"{k} {v}" for k, v in card.versions.items()) or "–")),
    ])  # fmt: skip
    report.write(path)


def _on_classes(card):
    return f"It knows {len(card.classes)} classes." if card.classes else "It knows no classes."


def _number(value):
    return f"{value:.3f}" if isinstance(value, float) else text(value)


def _add_classifier(report, use):
    if not isinstance(use, dict):
        return
    report.section(
        "Whether a classifier gains",
        NUMBERS,
        "Accuracy of a linear probe on real images that neither it nor the generator had seen.",
    )
    report.facts([(text(key).replace("_", " "), _number(value)) for key, value in use.items()])
