"""Train a classifier of whole images, with honest scores and a report."""

import os
import platform
import time
from dataclasses import replace

import numpy as np
import torch
from scipy.special import softmax

from ...jobs.errors import JobError
from ...jobs.model_card import CLASSIFICATION, ModelCard
from .. import model_file
from ..classification_report import write_classification_report
from ..classification_scores import ClassificationResult, scores
from ..colors import class_colors
from ..device import choose_device, describe
from ..fine_tuning import BUNDLED, choose_start, fit_classifier, make_recipe
from ..linear_probe import probe, probe_features
from ..metrics.classification import expected_calibration_error, fit_temperature
from ..samples import describe_samples, find_samples, load_samples
from ..training import Images, predict
from ..validation import plan_validation
from ..vectors import write_table

_SPREAD_SHOWN = 2.5


def run(job, progress):
    """Train, validate, and write the model, its report and the validation predictions.

    Returns
    -------
    dict
        MODEL, REPORT, PREDICTIONS, ACCURACY, MACRO_F1, KAPPA, ECE.
    """
    started = time.monotonic()
    device = choose_device(job.device)
    progress.note(f"Training on {describe(device)}.")
    start = choose_start(job)
    samples = _read_samples(job, start, progress.part(0.0, 0.08))
    plan = plan_validation(job, samples)
    for text in [*plan.warnings, *samples.left_out[:10]]:
        progress.warning(text)
    progress.note(plan.sentence)
    probed = _probe(job, start, samples, plan, device, progress.part(0.08, 0.12))
    fits = _Fits(job, start, samples, plan, device, started)
    tested = [
        fits.test(fold, progress.part(*fits.span(fold))) for fold in range(len(plan.splits))
    ]
    shipped = fits.ship(tested, progress.part(*fits.span(len(plan.splits))))
    result = _result(job, samples, plan, tested, probed, shipped, device)
    numbers = scores(result)
    _say_scores(progress, numbers)
    card = _card(job, start, samples, shipped, numbers)
    return _write(job, card, shipped, result, numbers)


def _read_samples(job, start, progress):
    found = find_samples(job.input)
    found, descriptions, left_out = describe_samples(found, progress.part(0.0, 0.3))
    side = job.image_size or start.patch or automatic_size(descriptions)
    progress.note(
        f"{len(found.paths)} images of {len(found.class_names)} classes, "
        f"{descriptions[0].bands} band(s) of {descriptions[0].dtype}, resized to {side} pixels."
    )
    return load_samples(found, descriptions, max(side, 32), progress.part(0.3, 1.0), left_out)


def automatic_size(descriptions):
    """The side that images are resized to, from the shorter sides of the images.

    Small chips are enlarged, because a pretrained network sees little in 64 pixels; large
    images are reduced to what a CPU can train on.
    """
    side = float(np.median([min(d.width, d.height) for d in descriptions]))
    wished = 2 * side if side <= 64 else side
    return int(min(max(round(wished / 32) * 32, 64), 160))


def _probe(job, start, samples, plan, device, progress):
    """Probabilities of the linear probe for all scored images, fold after fold."""
    if start.backbone is None:
        start = choose_start(replace(job, start_from="bundled", network="mobilenet_v2"))
    progress(0.0, "Features for the linear probe")
    needed = np.arange(len(samples))
    features = probe_features(start, samples, needed, device, progress)
    return np.concatenate(
        [
            probe(features, samples.labels, train, test, len(samples.class_names), job.seed)
            for train, test in plan.splits
        ]
    )


class _Fits:
    """The fits of one job: one for each split, and one on all images if the plan asks."""

    def __init__(self, job, start, samples, plan, device, started):
        self.job, self.start, self.samples = job, start, samples
        self.plan, self.device, self.started = plan, device, started
        self.count = len(plan.splits) + plan.refit

    def span(self, fold):
        """Part of the whole progress that a fit takes."""
        width = 0.86 / self.count
        return 0.12 + min(fold, self.count - 1) * width, 0.12 + min(fold + 1, self.count) * width

    def test(self, fold, progress):
        """Fit one split and predict its test images."""
        train, test = self.plan.splits[fold]
        fitted = self._fit(train, fold, progress, watch=True)
        images = Images(self.samples.values, self.samples.labels, test)
        logits = predict(fitted.network, images, fitted.numbers, self.device, progress)
        return fitted, test, logits.numpy().astype(np.float64)

    def ship(self, tested, progress):
        """The model that ships: the tested one, or one fitted on all images.

        A refitted network is calibrated with the pooled logits of the networks that were tested,
        which it resembles.
        """
        if not self.plan.refit:
            return tested[0][0]
        everything = np.arange(len(self.samples))
        fitted = self._fit(everything, len(tested), progress, watch=False)
        logits = np.concatenate([logits for _, _, logits in tested])
        labels = np.concatenate([self.samples.labels[test] for _, test, _ in tested])
        return replace(fitted, temperature=fit_temperature(logits, labels))

    def _fit(self, indices, fold, progress, watch):
        recipe = make_recipe(self.job, self.start, len(indices), self._seconds(fold))
        return fit_classifier(
            self.start,
            self.samples,
            indices,
            self.plan.groups,
            recipe,
            self.job.dropout,
            self.device,
            progress,
            watch,
        )

    def _seconds(self, fold):
        if not self.job.minutes:
            return 0.0
        left = 60 * self.job.minutes - (time.monotonic() - self.started)
        return max(1.0, 0.97 * left / (self.count - fold))


def _result(job, samples, plan, tested, probed, shipped, device):
    scored = np.concatenate([test for _, test, _ in tested])
    calibrated = np.concatenate([softmax(z / f.temperature, 1) for f, _, z in tested])
    raw = np.concatenate([softmax(logits, 1) for _, _, logits in tested])
    names = [f"fold {i}" for i in range(1, len(tested) + 1)] if plan.refit else ["training"]
    folds = np.concatenate([np.full(len(test), i) for i, (_, test, _) in enumerate(tested)])
    return ClassificationResult(
        class_names=samples.class_names,
        colors=class_colors(len(samples.class_names)),
        paths=samples.paths,
        labels=samples.labels,
        scored=scored,
        probabilities=calibrated,
        uncalibrated_ece=expected_calibration_error(samples.labels[scored], raw),
        probe_probabilities=probed,
        history=[fitted.history for fitted, _, _ in tested],
        runs=names,
        split=plan.sentence,
        folds=folds if plan.refit else None,
        settings=_settings(job, shipped, device),
        training_summary=_summary(samples),
        thumbnails=lambda index: _thumbnail(samples, shipped.numbers, index),
        warnings=[*plan.warnings, *samples.left_out],
        title=f"Image classifier of {os.path.basename(os.path.normpath(job.input))}",
        subtitle=f"{job.network}, {len(samples)} images, {len(samples.class_names)} classes",
    )


def _settings(job, shipped, device):
    asked = [(name, getattr(job, name)) for name in _SHOWN_SETTINGS]
    done = [
        ("epochs run", len(shipped.history)),
        ("best epoch", shipped.best_epoch),
        ("temperature", round(shipped.temperature, 3)),
        ("device", describe(device)),
    ]
    return asked + done


_SHOWN_SETTINGS = (
    "network", "start_from", "fine_tune", "image_size", "epochs", "minutes", "learning_rate",
    "l1", "l2", "dropout", "augment", "balance", "validation", "groups", "batch_size", "seed",
)  # fmt: skip


def _summary(samples):
    side = samples.values.shape[-1]
    return [
        ("images", len(samples)),
        ("bands", ", ".join(band["name"] for band in samples.bands)),
        ("data type", samples.dtype),
        ("shorter side", f"{samples.sides.min()} to {samples.sides.max()} pixels, seen at {side}"),
        ("ground sample distance", f"{samples.gsd:.3g} m" if samples.gsd else "not known"),
    ]


def _thumbnail(samples, numbers, index):
    """An image as (row, column, 3) uint8, its bands stretched around their training mean."""
    image = np.asarray(samples.values[index], dtype=np.float32)
    bands = [0, 1, 2] if len(image) >= 3 else [0, 0, 0]
    mean, sd = (np.array(numbers[name])[bands, None, None] for name in ("mean", "sd"))
    spread = np.nan_to_num((image[bands] - mean) / sd)
    spread = spread / max(float(np.abs(spread).std()) * _SPREAD_SHOWN * 2, 1e-6) + 0.5
    return (np.clip(spread, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)


def _say_scores(progress, numbers):
    majority = numbers["baselines"]["majority_class"]["accuracy"]
    linear = numbers["baselines"]["linear_probe"]["accuracy"]
    progress.note(
        f"Accuracy {numbers['accuracy']:.3f}, macro F1 {numbers['macro_f1']:.3f}, kappa "
        f"{numbers['kappa']:.3f}, calibration error {numbers['ece']:.3f}; linear probe "
        f"{linear:.3f}, majority class {majority:.3f}."
    )


def _card(job, start, samples, shipped, numbers):
    sides = samples.sides
    counts = np.bincount(samples.labels, minlength=len(samples.class_names))
    return ModelCard(
        task=CLASSIFICATION,
        network=start.name,
        arguments={
            "bands": len(samples.bands),
            "classes": len(samples.class_names),
            "spread": start.spread,
        },
        bands=samples.bands,
        dtype=samples.dtype,
        normalization=shipped.numbers,
        gsd=samples.gsd,
        classes=[
            {"value": value, "name": name, "color": color}
            for value, (name, color) in enumerate(
                zip(samples.class_names, class_colors(len(samples.class_names)), strict=True), 1
            )
        ],
        patch=samples.values.shape[-1],
        chip=int(sides[0]) if sides.min() == sides.max() else 0,
        temperature=shipped.temperature,
        training={
            "images": len(samples),
            "counts": dict(zip(samples.class_names, counts.tolist(), strict=True)),
            "folder": os.path.basename(os.path.normpath(job.input)),
            "start_from": job.start_from,
            "epochs": len(shipped.history),
        },
        scores=numbers,
        license=start.license,
        citation=start.citation,
        seed=job.seed,
        versions={"python": platform.python_version(), "torch": str(torch.__version__)},
    )


def _write(job, card, shipped, result, numbers):
    outputs = {
        "ACCURACY": numbers["accuracy"],
        "MACRO_F1": numbers["macro_f1"],
        "KAPPA": numbers["kappa"],
        "ECE": numbers["ece"],
    }
    if job.predictions:
        write_table(job.predictions, *_predictions(result))
        outputs["PREDICTIONS"] = job.predictions
    if job.report:
        write_classification_report(job.report, result)
        outputs["REPORT"] = job.report
    if job.model:
        model_file.save(job.model, card, shipped.network)
        outputs["MODEL"] = job.model
    return outputs


def _predictions(result):
    """Columns and rows of the table of scored images."""
    columns = [("path", "text"), ("class", "text"), ("predicted", "text"), ("confidence", "real")]
    columns += [(f"p_{name}", "real") for name in result.class_names]
    rows = [
        [
            result.paths[index],
            result.class_names[result.labels[index]],
            result.class_names[int(chances.argmax())],
            float(chances.max()),
            *map(float, chances),
        ]
        for index, chances in zip(result.scored, result.probabilities, strict=True)
    ]
    return columns, rows
