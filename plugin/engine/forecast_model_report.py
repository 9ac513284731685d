"""One page on a model file that forecasts: of what, learned from when, how well it did."""

from ..jobs.model_card import SEISMIC
from .model_report import begin_page, text
from .report import METHOD, NUMBERS

_TRAINING = (
    ("series", "Series"),
    ("catalog", "Catalog"),
    ("dates", "Dates"),
    ("first", "First step"),
    ("last", "Last step"),
    ("steps", "Steps of the series"),
    ("start", "Training starts"),
    ("train_end", "Training ends"),
    ("validation_end", "Validation ends"),
    ("test_end", "Test ends"),
    ("target_magnitude", "Target magnitude"),
    ("completeness", "Magnitude of completeness"),
    ("b_value", "b-value"),
    ("window_days", "Window in days"),
    ("reference", "Best reference"),
    ("ships", "It forecasts with"),
    ("variants", "Variants"),
    ("split", "Split"),
)
_MOST_NUMBERS = 200


def write_forecast_model_report(path, card, weights, name):
    """Write the page; see `model_report.write_model_report`."""
    report = begin_page(card, name)
    report.verdict(_purpose(card), _decision(card), _openings(card))
    training = card.training
    report.section("What it learned from", METHOD).facts(
        [(label, text(training[key])) for key, label in _TRAINING if key in training]
    )
    numbers = list(_numbers(card.scores))[:_MOST_NUMBERS]
    if numbers:
        report.section("How well it did", NUMBERS).facts(numbers)
    report.section("How it was made", METHOD).facts([
        ("Network", text(card.network)),
        *((text(key).replace("_", " ").capitalize(), text(value))
          for key, value in card.arguments.items()),
        ("Seed", str(card.seed)),
        ("Made with", ", ".join(f"{n} {text(v)}" for n, v in card.versions.items())),
    ])  # fmt: skip
    report.section("The file", METHOD).facts([
        ("Name", name),
        ("Size", f"{weights.size / 1e6:.1f} MB"),
        ("Numbers in it", f"{weights.numbers:,}"),
        ("License", card.license or "not stated"),
        ("Citation", card.citation or "not stated"),
    ])  # fmt: skip
    report.write(path)


def _purpose(card):
    if card.task == SEISMIC:
        magnitude = card.training.get("target_magnitude")
        return f"Forecasts rates of earthquakes of M{text(magnitude)} or larger."
    ahead = card.arguments.get("steps")
    thing = card.bands[0]["name"] if card.bands else "a series of grids"
    return f"Forecasts {text(thing)}, up to {text(ahead)} step{'s' * (ahead != 1)} ahead."


def _decision(card):
    if card.training.get("ships") == "reference":
        return "The network did not improve on the reference; the reference is used."
    return "In validation the network beat its reference; the network is used."


def _openings(card):
    """How often the test period of a seismic forecast was looked at."""
    if card.task != SEISMIC:
        return ""
    logged = card.training.get("test_openings")
    count = len(logged) if isinstance(logged, list) else 0
    times = {0: "has not been opened", 1: "was opened once"}.get(count, f"was opened {count} times")
    return f"A test period {times}."


def _numbers(value, path=()):
    """(name, text) of every entry of nested scores."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers(part, (*path, text(key).replace("_", " ")))
    elif isinstance(value, list):
        yield ": ".join(path), ", ".join(_one(part) for part in value[:20])
    else:
        yield ": ".join(path), _one(value)


def _one(value):
    if value is None:
        return "–"
    is_real = isinstance(value, float)
    return f"{value:.4g}" if is_real else text(value)
