"""Train a generator of images, and tell whether what it makes is new and of use."""

import numpy as np
import torch

from ..device import choose_device, describe
from ..generation.collection import read_collection
from ..generation.features import Eye
from ..generation.generator import make_card, save_generator
from ..generation.guard import WATCHED, Guard
from ..generation.learning import Lesson, Pool, teach
from ..generation.report import write_generator_report
from ..generation.scoring import card_scores, score
from ..generation.verdict import headline, sentences
from ..networks.image_generator import ImageGenerator

_WARNINGS_TOLD = 10
_REAL_WATCHED = 128
# By side: features of a pixel at the finest level, and images in a step on a CPU.
_SIZES = {64: (16, 16), 128: (12, 8), 256: (8, 8)}
_ON_A_CARD = 2  # times wider, and four times as many images in a step


def run(job, progress):
    """Train a generator, score it on images that it never saw, write the model and its report.

    Returns
    -------
    dict
        MODEL, REPORT, DISTANCE, and GAIN if there are classes.

    Raises
    ------
    JobError
        If there are fewer than 50 different images, or they are not alike.
    Stopped
        If the user cancels.
    """
    device = choose_device(job.device)
    collection = read_collection(job.input, int(job.size), job.seed, progress.part(0.0, 0.05))
    _say_collection(progress, collection, device)
    eye = Eye(len(collection.samples.bands), device)
    lesson = make_lesson(job, device)
    network = _network(collection, lesson)
    pool = Pool(
        lambda rows: collection.values(collection.training[rows]),
        collection.labels[collection.training],
        collection.side,
    )
    guard = _guard(eye, collection, job.seed)
    taught = teach(network, pool, guard, lesson, device, progress.part(0.05, 0.85))
    _say_turns(progress, taught)
    scores = score(taught.network, collection, eye, job.seed, progress.part(0.85, 0.99))
    for sentence in (headline(scores), *sentences(scores, taught)[:3]):
        progress.note(sentence)
    card = make_card(job, collection, taught, lesson.width, card_scores(scores, collection))
    return _write(job, card, collection, taught, scores, device)


def make_lesson(job, device):
    """How long and with how large networks a job trains."""
    width, batch_size = _SIZES[int(job.size)]
    if device.type != "cpu":
        width, batch_size = _ON_A_CARD * width, 4 * batch_size
    known = {"batch_size": batch_size, "width": width, "seed": job.seed}
    if job.steps:
        return Lesson(0.0, steps=job.steps, **known)
    return Lesson(60 * job.minutes, **known)


def _network(collection, lesson):
    bands, classes = len(collection.samples.bands), max(len(collection.class_names), 1)
    torch.manual_seed(lesson.seed)
    return ImageGenerator(bands, collection.side, classes, lesson.width)


def _guard(eye, collection, seed):
    chance = np.random.default_rng(seed)
    rows = chance.permutation(collection.training)[:_REAL_WATCHED]
    labels = chance.choice(collection.labels[collection.training], WATCHED)
    return Guard(eye, collection.centers(rows), labels)


def _say_collection(progress, collection, device):
    samples = collection.samples
    for text in collection.warnings[:_WARNINGS_TOLD]:
        progress.warning(text)
    if len(collection.warnings) > _WARNINGS_TOLD:
        progress.warning(f"{len(collection.warnings) - _WARNINGS_TOLD} more are in the report.")
    classes = f" of {len(collection.class_names)} classes" if collection.class_names else ""
    bands = f"{len(samples.bands)} band{'s' * (len(samples.bands) != 1)}"
    progress.note(
        f"{len(samples):,} images{classes}, {bands} of {samples.dtype}, made "
        f"at {collection.side} pixels. {collection.split.sentence}"
    )
    progress.note(f"Training on {describe(device)}.")


def _say_turns(progress, taught):
    for turn in taught.rollbacks:
        progress.warning(
            f"At step {turn['step']:,} the training went back to its last good state: "
            f"{turn['reason']}."
        )
    if taught.stopped:
        progress.warning(taught.stopped)
    progress.note(f"{taught.steps:,} steps; the generator is that of step {taught.best_step:,}.")


def _write(job, card, collection, taught, scores, device):
    """Write what was asked for; the model first, for it is what took the time."""
    outputs = {"DISTANCE": scores.distance}
    if scores.usefulness is not None:
        outputs["GAIN"] = scores.usefulness.gain
    if job.model:
        save_generator(job.model, card, taught.network)
        outputs["MODEL"] = job.model
    if job.report:
        write_generator_report(job.report, job, collection, taught, scores, device)
        outputs["REPORT"] = job.report
    return outputs
