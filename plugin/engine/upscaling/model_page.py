"""One page on a model file of upscaling: what it does, learned from what, how well it did."""

import math

from ..model_report import begin_page, text
from ..report import METHOD, NUMBERS

_SCORES = (("psnr", "PSNR (dB)"), ("ssim", "SSIM"), ("rmse", "RMSE"), ("sam", "SAM (°)"),
           ("hf_ratio", "Fine texture"), ("consistency_mae", "Consistency"))  # fmt: skip
_METHODS = (("cubic", "Cubic interpolation"), ("generator", "Generator"),
            ("texture", "Generator, full texture"))  # fmt: skip


def write_upscaler_page(path, card, weights, name):
    """Write the page; see `model_report.write_model_report`."""
    report = begin_page(card, name)
    report.verdict(_purpose(card), _success(card.scores), _texture(card))
    _add_scores(report, card.scores)
    training, known = card.training, card.arguments
    report.section("How it was made", METHOD).facts([
        ("Network", f"{text(known.get('width', '?'))} channels, {text(known.get('blocks', '?'))} blocks"),
        ("Began from", text(training.get("start", "–"))),
        ("What that had learned from", text(training.get("before") or "–")),
        ("Learned from", text(training.get("data", "–"))),
        ("Rasters or images", text(training.get("count", "–"))),
        ("Blur of the coarse rasters", _range(training.get("blur"), "")),
        ("Pixels that it suits", _range(training.get("gsd"), " m")),
        ("Adversarial stage", text(training.get("adversarial", "–"))),
        ("Seed", str(card.seed)),
        ("Made with", text(", ".join(f"{k} {v}" for k, v in card.versions.items()) or "–")),
    ])  # fmt: skip
    report.section("The file", METHOD).facts([
        ("Name", name),
        ("Size", f"{weights.size / 1e6:.1f} MB"),
        ("Weights", f"{weights.numbers:,} numbers of type {', '.join(weights.types)}"),
        ("License", text(card.license or "not stated")),
        ("Citation", text(card.citation or "not stated")),
    ])  # fmt: skip
    report.write(path)


def _purpose(card):
    if card.network != "upscaler":
        return "Estimates the blur of the sensor that made a raster."
    factor = card.arguments.get("factor")
    what = (
        "Sharpens rasters at the same size"
        if factor == 1
        else f"Makes rasters {factor} times finer"
    )
    if not card.bands:
        return f"{what}, each band by itself: any raster will do."
    names = ", ".join(text(band["name"]) for band in card.bands[:32])
    return f"{what}, with {len(card.bands)} bands: {names}."


def _success(scores):
    gained = scores.get("psnr_gain")
    if not isinstance(gained, (int, float)) or not math.isfinite(gained):
        return ""
    return f"{gained:+.2f} dB over cubic interpolation on ground that took no part in its training."


def _texture(card):
    if card.network != "upscaler":
        return ""
    if card.arguments.get("detail"):
        return "It has texture, as much of it as is asked for."
    return "It has no texture, only the faithful generator."


def _add_scores(report, scores):
    rows = [
        [label, *(_number(scores[key].get(score)) for score, _ in _SCORES)]
        for key, label in _METHODS
        if isinstance(scores.get(key), dict)
    ]
    if rows:
        report.section("How well it did", NUMBERS, text(scores.get("validated", "")))
        report.table(["Method", *(label for _, label in _SCORES)], rows)


def _number(value):
    return f"{value:.3f}" if isinstance(value, (int, float)) else "–"


def _range(ends, unit):
    if not isinstance(ends, list) or len(ends) != 2:
        return "–"
    return " to ".join(f"{v:.3g}" if isinstance(v, (int, float)) else text(v) for v in ends) + unit
