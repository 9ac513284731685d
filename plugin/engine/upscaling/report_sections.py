"""What the reports on upscaling share: pictures, scores, spectra, and what they mean."""

import numpy as np

from ..report import NUMBERS, PICTURES
from ..wording import word
from .figures import (
    draw_bars,
    draw_consistency,
    draw_crops,
    draw_curve,
    draw_detail,
    draw_spectrum,
)
from .judging import CORRECTED, TEXTURED

_ERRORS = (
    ("rmse", "RMSE"), ("bias", "Bias"), ("psnr", "PSNR (dB)"), ("ssim", "SSIM"),
    ("sam", "SAM (°)"), ("ergas", "ERGAS"), ("shift", "Shift (px)"),
)  # fmt: skip
_DETAIL = (
    ("hf_ratio", "Fine texture"), ("improvement", "Detail found"), ("omission", "Missed"),
    ("hallucination", "Invented"), ("consistency_mae", "Consistency, mean"),
    ("consistency_max", "Largest"),
)  # fmt: skip
_LITTLE = 0.01  # of an error: less can be seen by nobody
_MEANING = (
    "Back-projection is cubic interpolation, corrected until it is the coarse raster again; it "
    "learns nothing. Every method got the same coarse raster and is compared with the same truth. PSNR and SSIM: "
    "higher is better; RMSE, bias, spectral angle (SAM), ERGAS and shift: nearer to 0 is better. "
    "Fine texture is the energy above the finest frequency of the coarse raster, of the truth's: 1 "
    "is as much. Consistency is the error of the result made coarse again, in the raster's unit."
)


def add_pictures(report, judged, shown):
    """Before and after, first of all: people look."""
    report.section(
        "Before and after",
        PICTURES,
        "The best, the median and the worst of the squares that were judged, and one drawn by "
        "chance; none twice. Colors are stretched alike in a row.",
    )
    report.figure(
        draw_crops(judged.crops, shown, judged.main),
        f'Error: absolute difference of "{word(judged.main)}" from the truth, white where it is a '
        "quarter of the row's contrast.",
        "Squares of the coarse raster, of the results and of the truth",
    )


def add_scores(report, judged, unit=""):
    """The table of the scores of every method, and their bars."""
    report.section("Scores, beside methods that learn nothing", NUMBERS, _MEANING)
    names = list(judged.tables)
    for columns in (_ERRORS, _DETAIL):
        rows = [
            [name, *(_number(judged.scores(name)[key], key) for key, _ in columns)]
            for name in names
        ]
        report.table(["Method", *(label for _, label in columns)], rows)
    pieces = len(judged.places)
    report.paragraph(
        f"{pieces} square{'s' * (pieces > 1)}; PSNR and SSIM for a range of the values of "
        f"{judged.peak:g}{f' {unit}' if unit else ''}, mean over the bands; coarse raster of blur "
        f"{judged.blur:.2g}."
    )
    report.section("How near to the truth", PICTURES).figure(
        draw_bars(judged),
        "Lines are 95 % intervals from a bootstrap over squares."
        if pieces > 2
        else "There are too few squares for intervals.",
        "PSNR and SSIM of every method",
    )


def _number(value, key):
    if not np.isfinite(value):
        return "–"
    if key == "psnr":
        return f"{value:.2f}"
    if key in ("improvement", "omission", "hallucination"):
        return f"{value:.0%}"
    return f"{value:.3f}" if key in ("ssim", "shift", "hf_ratio", "sam") else f"{value:.3g}"


def add_texture(report, judged):
    """What truth costs, the spectrum, and which detail is true."""
    report.section(
        "Texture: how much, and how true",
        PICTURES,
        "Detail beyond the coarse raster cannot be measured, only inferred. What was found points "
        "where the truth does; what was invented does not, or goes beyond it.",
    )
    names = [name for name in judged.tables if name != judged.base]
    names = [name for name in names if name in (CORRECTED, judged.main, TEXTURED)]
    report.figure(
        draw_detail(judged, names),
        f"Detail against {judged.plainly}: found (improvement), missed "
        "(omission), invented (hallucination).",
        "Shares of detail found, missed and invented",
    )
    if len(judged.curve) > 1:
        report.figure(
            draw_curve(judged),
            "Numbers are the setting Texture. To the left below: nothing gained; above: truer; to "
            "the right: more texture.",
            "PSNR against fine texture",
        )
    report.figure(
        draw_spectrum(judged, [judged.base, *names]),
        "Energy by frequency. The dotted line is the finest frequency of the coarse raster: what "
        "is to its right was added."
        if judged.factor > 1
        else "Energy by frequency.",
        "Power spectra of truth and results",
    )


def add_consistency(report, judged):
    """Whether the result, made coarse again, is the coarse raster."""
    scores = judged.scores(judged.main)
    report.section(
        "Held to the measurements",
        PICTURES,
        f"In the squares that were judged the result, made coarse again, differs from the coarse "
        f"raster by {scores['consistency_mae']:.3g} in the mean and by "
        f"{scores['consistency_max']:.3g} at most.",
    )
    report.figure(
        draw_consistency(judged),
        "Left: pixels of the coarse raster; on the line the result says the same. Right: what "
        "the means of the bands are off.",
        "Coarse raster against the result made coarse again",
    )


def said_gain(judged, name, other=None):
    """A gain in words: ``+1.43 dB (95 % interval 1.21 to 1.66)``."""
    gained, (low, high) = judged.gain(name, other)
    between = f" (95 % interval {low:+.2f} to {high:+.2f})" if np.isfinite(low) else ""
    return f"{gained:+.2f} dB{between}"


def headline(judged):
    """The result in one sentence: errors in parts of those of methods that learn nothing."""
    gained, (low, _) = judged.gain(judged.main)
    if gained <= 0:
        return f"No better than {judged.plainly}: its error is {-_saved(gained):.0%} larger."
    if np.isfinite(low) and low <= 0:
        return f"Not shown to be nearer to the truth than {judged.plainly}."
    start = f"Nearer to the truth than {judged.plainly}: its error is {_saved(gained):.0%} smaller"
    if CORRECTED not in judged.tables:
        return start + "."
    gained, (low, _) = judged.gain(judged.main, CORRECTED)
    if low <= 0 or _saved(gained) < _LITTLE:
        return start + ", but hardly smaller than that of back-projection, which learns nothing."
    return start + f", and {_saved(gained):.0%} smaller than that of back-projection."


def _saved(gained):
    """The share of an error that a gain in dB saves."""
    return 1 - 10 ** (-gained / 20)
