"""The report of an assessment of an upscaled raster or a model."""

from ..report import METHOD, Report
from .judging import CORRECTED
from .report_sections import (
    add_consistency,
    add_pictures,
    add_scores,
    add_texture,
    headline,
    said_gain,
)

_FACTS = (
    "The coarse raster was made from the reference: averaged to pixels of the given factor after "
    "a Gaussian of the given blur. A result that was made of another coarse raster is not held to "
    "this one."
)


def write_assessment(path, judged, subject, facts, warnings=()):
    """Write the report as one HTML file.

    Parameters
    ----------
    path : str
    judged : Judged
    subject : str
        What is judged, such as ``"upscaled.tif"``.
    facts : list of (str, str)
    warnings : sequence of str

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = Report("Upscaling assessed", subject)
    report.verdict(*_verdict(judged))
    for text in warnings:
        report.warning(text)
    add_pictures(report, judged, shown(judged))
    add_scores(report, judged)
    add_texture(report, judged)
    add_consistency(report, judged)
    report.section("How it was judged", METHOD, _FACTS).facts(facts)
    report.write(path)


def shown(judged):
    """The pictures of a crop: coarse, interpolated, results, truth."""
    return list(judged.crops[0].images) if judged.crops else []


def _verdict(judged):
    scores = judged.scores(judged.main)
    more = [
        f"Over {judged.plainly}: {said_gain(judged, judged.main)}; PSNR {scores['psnr']:.2f} dB, SSIM {scores['ssim']:.3f}.",
        f"Of the detail that is wanted or was made, {scores['improvement']:.0%} is right, "
        f"{scores['omission']:.0%} is missing and {scores['hallucination']:.0%} is invented.",
    ]
    if CORRECTED in judged.tables:
        more.insert(
            1,
            "Over back-projection, which learns nothing: "
            f"{said_gain(judged, judged.main, CORRECTED)}.",
        )
    return headline(judged), *more
