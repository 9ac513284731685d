"""The report of a training of an image generator."""

import os

import numpy as np

from ..device import describe
from ..report import METHOD, NUMBERS, PICTURES, Report
from ..schedule import minutes
from .figures import draw_copies, draw_distances, draw_learning, draw_use
from .pictures import enlarged, png, sheet, shown
from .verdict import headline, percent, points, sentences

_COLUMNS, _ACROSS = 8, 800  # pictures in a row, pixels of the page
_PAIRS = 12
_PAIR_SIDE = 128


def write_generator_report(path, job, collection, taught, scores, device):
    """Write the page: samples first, then whether they are copies, near, and of use.

    Parameters
    ----------
    path : str
    job : TrainImageGenerator
    collection : Collection
    taught : learning.Taught
    scores : scoring.Scores
    device : torch.device

    Raises
    ------
    JobError
        If it cannot be written.
    """
    name = os.path.basename(os.path.normpath(job.input))
    report = Report(
        f"Image generator of {name}",
        f"{len(collection.training):,} images of {collection.side} pixels, {taught.steps:,} steps",
        [name, *collection.class_names],
    )
    report.verdict(headline(scores), *sentences(scores, taught))
    for text in _warnings(collection, taught):
        report.warning(text)
    _add_samples(report, collection, scores)
    _add_copies(report, collection, scores)
    _add_use(report, scores)
    _add_distance(report, scores)
    _add_learning(report, taught)
    _add_facts(report, job, collection, taught, device)
    report.write(path)


def _warnings(collection, taught):
    turned = [
        f"At step {one['step']:,} the training went back to its last good state: {one['reason']}."
        for one in taught.rollbacks
    ]
    return [*([taught.stopped] if taught.stopped else turned), *collection.warnings]


def _add_samples(report, collection, scores):
    """Made images, a row per class, and real ones in the same order."""
    names = collection.class_names or [""]
    report.section(
        "Made images",
        PICTURES,
        "The first images that Generate images makes with seed 0 and all classes; none was chosen.",
    )
    for label, name in enumerate(names[:12]):
        made = shown(scores.images[np.flatnonzero(scores.labels == label)[:_COLUMNS]])
        rows = collection.held[collection.labels[collection.held] == label][:_COLUMNS]
        if not len(made):
            continue
        report.paragraph(f"{name}: made" if name else "Made")
        _add_row(report, made, f"Made images {name}")
        if len(rows):
            report.paragraph(f"{name}: real, kept from the generator" if name else "Real")
            _add_row(report, shown(collection.centers(rows)), f"Real images {name}")
    return report


def _add_row(report, pictures, caption):
    page = sheet(pictures, _COLUMNS)
    page = enlarged(page, pictures.shape[1] * max(1, 96 // pictures.shape[1]))
    report.pictures([(png(page), caption)], min(page.shape[1], _ACROSS))


def _add_copies(report, collection, scores):
    """Every made image beside the training image that is nearest to it, and the histogram."""
    copies = scores.copies
    report.section(
        "Are they copies?",
        PICTURES,
        f"Made images on the left, the nearest of all {copies.searched:,} training images (mirrored or "
        "not) on the right: the "
        f"{_PAIRS} pairs of {len(copies.made)} that are most alike. The rule: a made image that is nearer "
        f"than {percent(1 - copies.expected)} of the held-out real images counts as a copy.",
    )
    closest = np.argsort(copies.made)[:_PAIRS]
    made = shown(scores.images[closest])
    near = shown(collection.centers(scores.near[closest]))
    pairs = [sheet(np.stack(pair), 2) for pair in zip(made, near, strict=True)]
    shown_pairs = [
        (enlarged(pair, min(_PAIR_SIDE, 128)), f"distance {distance:.1f}")
        for pair, distance in zip(pairs, copies.made[closest], strict=True)
    ]
    report.pictures(shown_pairs, 250)
    report.figure(
        draw_copies(copies),
        f"{percent(copies.share)} of the made images lie left of the line; {percent(copies.expected)} of "
        "new ones would. A made "
        f"image is nearer to a training image than a held-out one with probability {copies.nearer:.2f}.",
    )


def _add_use(report, scores):
    use = scores.usefulness
    if use is None:
        return
    report.section(
        "What a classifier gains",
        NUMBERS,
        "A linear probe on the features of the bundled network learned from the real training "
        f"images, and from them with {use.made:,} made ones, {len(use.mixed)} times with other ones. All were "
        f"asked for the same {use.scored:,} real images, which neither generator nor classifier had seen.",
    )
    report.table(
        ["", "Accuracy", "Mean recall of the classes"],
        [
            ["Real images alone", percent(use.real, 1), percent(use.real_recall, 1)],
            [
                "With made images",
                percent(float(np.mean(use.mixed)), 1),
                percent(use.mixed_recall, 1),
            ],
            ["Always the largest class", percent(use.majority, 1), "–"],
        ],
    )
    low, high = use.interval
    report.section("Does a classifier gain?", PICTURES).figure(
        draw_use(use),
        f"The change is {points(use.gain)} points, 95 % interval {points(low)} to {points(high)} (bootstrap over "
        "held-out images, whole groups, and over sets of made images).",
    )


def _add_distance(report, scores):
    report.section(
        "How near are they?",
        PICTURES,
        "Sliced Wasserstein distance of patches of 7 x 7 pixels, from fine to coarse, to the held-out "
        "real images. Real training images are as near as can be expected; images with the same "
        "spectrum but no forms are what a generator must beat.",
    )
    report.figure(
        draw_distances(scores),
        f"Mean distance {scores.distance:.3f}. Kernel distance of features: {scores.kernel:.3f}, of "
        f"real training images {scores.kernel_floor:.3f}.",
    )


def _add_learning(report, taught):
    if not taught.history:
        return
    report.section("How it learned", METHOD)
    report.figure(
        draw_learning(taught),
        "Dotted: the step that was kept, where patches are nearest to those of training images, for a "
        "generator that is varied enough. "
        "The losses of the two do not fall: each makes the task of the other harder.",
    )


def _add_facts(report, job, collection, taught, device):
    samples = collection.samples
    spent = taught.history[-1]["seconds"] if taught.history else 0.0
    report.section("Data and settings", METHOD, collection.split.sentence).facts([
        ("Images", len(samples)),
        ("Classes", ", ".join(collection.class_names[:30]) or "none"),
        ("Bands", ", ".join(band["name"] for band in samples.bands)),
        ("Data type", samples.dtype),
        ("Shorter side", f"{samples.sides.min()} to {samples.sides.max()} pixels"),
        ("Made at", f"{collection.side} pixels"),
        ("Length", f"{job.steps:,} steps" if job.steps else f"{job.minutes:g} minutes"),
        ("Training took", f"{minutes(spent)}, {taught.steps:,} steps"),
        ("Step kept", taught.best_step),
        ("Seed", str(job.seed)),
        ("Computed on", describe(device)),
    ])  # fmt: skip
