"""Train a classifier of whole images, with honest scores and a report."""

from dataclasses import replace

import numpy as np

from .. import model_file
from ..classification_report import write_classification_report
from ..classification_scores import scores
from ..device import choose_device, describe
from ..fine_tuning import choose_start
from ..fits import Fits
from ..image_folders import find_samples
from ..linear_probe import probe, probe_features
from ..samples import describe_samples, load_samples
from ..seen_before import IMAGES, image_marks, judge_start
from ..training_result import make_card, make_result, prediction_table
from ..validation import plan_validation
from ..vectors import write_features

_WARNINGS_TOLD = 10
_LARGEST_OF_FEW, _LARGEST_OF_MANY = 160, 128  # pixels
_MANY_IMAGES = 2500


def run(job, progress):
    """Train, validate, and write the model, its report and the validation predictions.

    Returns
    -------
    dict
        MODEL, REPORT, PREDICTIONS, ACCURACY, MACRO_F1, KAPPA, ECE.
    """
    device = choose_device(job.device)
    start = choose_start(job)
    if start.name != job.network and job.start_from == "model":
        progress.note(f"The network is that of the model: {start.name}.")
    samples = _read_samples(job, start, progress.part(0.0, 0.06))
    plan = plan_validation(job, samples)
    begun = _judge_start(job, samples, plan)
    _say_plan(progress, plan, samples, device)
    probed = _probe(job, start, samples, plan, device, progress.part(0.06, 0.1))
    fits = Fits(job, start, samples, plan, device, progress.started)
    tested = fits.test_all(progress.part(0.1, fits.tested_share))
    shipped = fits.ship(tested, progress.part(fits.tested_share, 0.99))
    result = make_result(job, samples, plan, tested, probed, shipped, device, begun)
    numbers = scores(result)
    _say_scores(progress, numbers)
    card = make_card(job, start, samples, shipped, numbers)
    return _write(job, card, shipped, result, numbers)


def _read_samples(job, start, progress):
    found = find_samples(job.input)
    found, descriptions, left_out = describe_samples(found, progress.part(0.0, 0.3))
    side = job.image_size or start.patch or automatic_size(descriptions)
    progress.note(
        f"{len(found.paths):,} images of {len(found.class_names)} classes, {descriptions[0].bands} "
        f"band(s) of {descriptions[0].dtype}, resized to {side} pixels."
    )
    return load_samples(found, descriptions, side, progress.part(0.3, 1.0), left_out)


def automatic_size(descriptions):
    """The side that images are resized to, from the shorter sides of the images.

    Small chips are enlarged by a half, because a pretrained network sees little in 64 pixels;
    large images are reduced to what a CPU can train on, more so if they are many. With the same epochs
    128 pixels did better than 160 and 192 on the 3,065 images of HiRISE, and 160 better than 128 on
    788 of limestone.
    """
    side = float(np.median([min(d.width, d.height) for d in descriptions]))
    wished = 1.5 * side if side <= 96 else side
    most = _LARGEST_OF_FEW if len(descriptions) < _MANY_IMAGES else _LARGEST_OF_MANY
    return int(min(max(round(wished / 32) * 32, 64), most))


def _judge_start(job, samples, plan):
    """What the model that training starts from had seen; the plan says so too."""
    begun = judge_start(job, IMAGES, image_marks(samples.root, samples.paths))
    plan.sentence += begun["split"]
    plan.warnings[:0] = filter(None, [begun["warning"]])
    return begun


def _say_plan(progress, plan, samples, device):
    warnings = [*plan.warnings, *samples.left_out]
    for text in warnings[:_WARNINGS_TOLD]:
        progress.warning(text)
    if len(warnings) > _WARNINGS_TOLD:
        progress.warning(f"{len(warnings) - _WARNINGS_TOLD} more warnings are in the report.")
    progress.note(plan.sentence)
    progress.note(f"Training on {describe(device)}.")


def _probe(job, start, samples, plan, device, progress):
    """Probabilities of the linear probe for all scored images, fold after fold."""
    if start.backbone is None:
        start = choose_start(replace(job, start_from="bundled", network="mobilenet_v2"))
    features = probe_features(start, samples, device, progress)
    classes = len(samples.class_names)
    return np.concatenate(
        [
            probe(features, samples.labels, train, test, classes, job.seed)
            for train, test in plan.splits
        ]
    )


def _say_scores(progress, numbers):
    baselines = numbers["baselines"]
    progress.note(
        f"Accuracy {numbers['accuracy']:.3f}, macro F1 {numbers['macro_f1']:.3f}, macro recall "
        f"{numbers['macro_recall']:.3f}, kappa {numbers['kappa']:.3f}, calibration error "
        f"{numbers['ece']:.3f}. Beside it: linear probe "
        f"{baselines['linear_probe']['accuracy']:.3f}, majority class "
        f"{baselines['majority_class']['accuracy']:.3f}."
    )


def _write(job, card, shipped, result, numbers):
    """Write what was asked for; the model first, for it is what took the time."""
    outputs = {name.upper(): numbers[name] for name in ("accuracy", "macro_f1", "kappa", "ece")}
    if job.model:
        model_file.save(job.model, card, shipped.network)
    if job.predictions:
        columns, features = prediction_table(card, result)
        write_features(job.predictions, features, columns)
    if job.report:
        write_classification_report(job.report, result)
    written = {name: getattr(job, name) for name in ("predictions", "report", "model")}
    return outputs | {name.upper(): path for name, path in written.items() if path}
