"""The report on a trained upscaler."""

import numpy as np

from ..report import METHOD, Report
from .figures import draw_learning, draw_places
from .judging import CORRECTED, TEXTURED
from .report_sections import (
    add_consistency,
    add_pictures,
    add_scores,
    add_texture,
    headline,
    said_gain,
)

_HELD_BACK = (
    "Scores come from blocks of the ground (whole images, if there are many) that no patch of the "
    "training touched and that decided nothing. Other blocks were watched during the training to "
    "tell when texture goes wrong. If images are crops of one scene, they are alike and the "
    "scores flatter."
)
_BEFORE = (
    "The training did not begin from nothing. What it began from had learned before from: {before}. If ground of "
    "yours is among that, the scores flatter."
)


def write_training_report(path, judged, learned, ground, facts, warnings, before=""):
    """Write the report as one HTML file.

    Parameters
    ----------
    path : str
    judged : Judged
    learned : Learned
    ground : list of tuple
        As `figures.draw_places` takes it.
    facts : list of (str, str)
    warnings : list of str
    before : str
        What the weights that it began with had learned from; empty if it began from nothing.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = Report(
        "Upscaler trained",
        f"{judged.factor} times finer" if judged.factor > 1 else "Sharper at the same size",
    )
    report.verdict(*_verdict(judged, learned, before))
    for text in warnings:
        report.warning(text)
    add_pictures(report, judged, list(judged.crops[0].images))
    add_scores(report, judged)
    add_texture(report, judged)
    add_consistency(report, judged)
    _add_learning(report, learned)
    report.section("How it was validated", METHOD, _HELD_BACK)
    if before:
        report.paragraph(_BEFORE.format(before=before))
    report.figure(draw_places(ground), "What the blocks of the ground were for.",
                  "Map of the validation blocks")  # fmt: skip
    report.section("Settings", METHOD).facts(facts)
    report.write(path)


def _verdict(judged, learned, before):
    scores = judged.scores(judged.main)
    base = judged.plainly
    unseen = "that this training" if before else "that it"
    more = [f"On ground {unseen} never saw: {said_gain(judged, judged.main)} over {base}."]
    if CORRECTED in judged.tables:
        more.append(
            f"{said_gain(judged, judged.main, CORRECTED)} over back-projection, which learns "
            "nothing."
        )
    more.append(f"SSIM {scores['ssim']:.3f}; fine texture {scores['hf_ratio']:.2f} of the truth's.")
    if TEXTURED in judged.tables:
        full = judged.scores(TEXTURED)
        more.append(
            f"With full texture {said_gain(judged, TEXTURED)}, fine texture "
            f"{full['hf_ratio']:.2f} of the truth's, {full['hallucination']:.0%} of the detail "
            "invented."
        )
    elif learned.tutored is None:
        more.append("There was no adversarial stage: the model has no texture.")
    return headline(judged), *more


def _add_learning(report, learned):
    tutored = learned.tutored
    said = f"{learned.steps:,} steps of the faithful generator"
    if tutored is not None:
        steps = tutored.history[-1]["step"] if tutored.history else 0
        said += f", {steps:,} of the one with texture"
        if not tutored.stopped:
            said += f", of which step {tutored.best_step:,} was chosen (green)"
    report.section("How it learned", METHOD, said + ".")
    for turn in tutored.rollbacks if tutored else ():
        report.paragraph(
            f"Step {turn['step']:,} of the texture: {turn['reason']}; back to the last good state, "
            "with half the adversarial weight (red)."
        )
    report.figure(
        draw_learning(learned.faithful, tutored),
        "Measured on the blocks that are watched, the blur not being told. Dashed: cubic "
        "interpolation.",
        "Learning curves",
    )


def training_warnings(judged, learned):
    """What the reader should know before using the model."""
    tutored = learned.tutored
    if tutored is not None and tutored.stopped:
        yield tutored.stopped[0].upper() + tutored.stopped[1:] + ". The faithful generator is used."
    gained, (low, _) = judged.gain(judged.main)
    if gained <= 0:
        yield (
            f"The model is not better than {judged.plainly} on ground that it never saw. Give it more time or more ground."
        )
    elif np.isfinite(low) and low <= 0:
        yield "The gain is within what chance between squares makes."
    if CORRECTED in judged.tables and judged.gain(judged.main, CORRECTED)[0] <= 0:
        yield (
            "Back-projection alone (in Upscale raster the method classical) is as good: it learns "
            "nothing and is faster."
        )
    if judged.left_out:
        yield f"{judged.left_out} squares with pixels without data were left out of the scores."
