"""What a training of an image classifier gave: for its report, its table and its card."""

import os
import platform

import numpy as np
import torch
from scipy.special import softmax

from ..jobs.colors import class_colors
from ..jobs.declare import declared
from ..jobs.model_card import CLASSIFICATION, ModelCard
from .classification import attributes, columns
from .classification_scores import ClassificationResult
from .device import describe
from .metrics.classification import expected_calibration_error
from .refitting import tell_shipped
from .seen_before import IMAGES, LEARNED_FROM, image_marks, learned_from
from .vectors import Feature

_SPREADS_SHOWN = 2.5
_SETTINGS = (
    "network", "start_from", "fine_tune", "image_size", "epochs", "minutes", "learning_rate",
    "l1", "l2", "dropout", "augment", "balance", "validation", "groups", "refit", "batch_size", "seed",
)  # fmt: skip


def make_result(job, samples, plan, tested, probed, shipped, device, begun):
    """Gather what the report needs.

    Parameters
    ----------
    job : TrainImageClassifier
    samples : Samples
    plan : validation.Plan
    tested : list of fits.Tested
    probed : numpy.ndarray, shape (scored, classes)
        Probabilities of the linear probe.
    shipped : fine_tuning.Fit
        The model that ships.
    device : torch.device
    begun : dict of str
        What the model that training started from means for the scores; see
        `seen_before.judge_start`.

    Returns
    -------
    ClassificationResult
    """
    scored = np.concatenate([one.indices for one in tested])
    folds = np.concatenate([np.full(len(one.indices), fold) for fold, one in enumerate(tested)])
    raw = np.concatenate([softmax(one.logits, 1) for one in tested])
    calibrated = np.concatenate([softmax(one.logits / one.fit.temperature, 1) for one in tested])
    return ClassificationResult(
        class_names=samples.class_names,
        colors=class_colors(samples.class_names),
        paths=samples.paths,
        labels=samples.labels,
        scored=scored,
        probabilities=calibrated,
        uncalibrated_ece=expected_calibration_error(samples.labels[scored], raw),
        probe_probabilities=probed,
        history=[one.fit.history for one in tested],
        runs=_runs(tested),
        split=tell_shipped(plan, tested, shipped),
        folds=folds if len(tested) > 1 else None,
        settings=_settings(job, shipped, device),
        training_summary=_summary(samples),
        thumbnails=lambda index: thumbnail(samples, shipped.numbers, index),
        warnings=[*plan.warnings, *samples.left_out],
        start=begun,
        title=f"Image classifier of {os.path.basename(os.path.normpath(job.input))}",
        subtitle=f"{job.network}, {len(samples)} images, {len(samples.class_names)} classes",
    )


def _runs(tested):
    folds = range(1, len(tested) + 1)
    return [f"fold {fold}" for fold in folds] if len(tested) > 1 else ["training"]


def _settings(job, shipped, device):
    """What was asked, in the dialog's words, and what automatic settings came to."""
    labels = {part.name: part.label for part in declared(job)}
    asked = [(labels[name], _shown(getattr(job, name))) for name in _SETTINGS]
    return [
        *asked,
        ("Epochs run", len(shipped.history)),
        ("Epoch kept", shipped.best_epoch),
        ("Learning rate used", shipped.learning_rate),
        ("Temperature", round(shipped.temperature, 3)),
        ("Computed on", describe(device)),
    ]


def _shown(value):
    return "none" if value in ("", None) else value


def _summary(samples):
    low, high, seen = samples.sides.min(), samples.sides.max(), samples.values.shape[-1]
    sides = f"{low}" if low == high else f"{low} to {high}"
    return [
        ("Images", len(samples)),
        ("Bands", ", ".join(band["name"] for band in samples.bands)),
        ("Data type", samples.dtype),
        ("Shorter side", f"{sides} pixels, resized to {seen}"),
        ("Ground sample distance", f"{samples.gsd:.3g} m" if samples.gsd else "not known"),
    ]


def thumbnail(samples, numbers, index):
    """Show an image as (row, column, 3) uint8.

    Eight-bit images are shown as they are; other values are stretched around their
    training mean, alike for all images.
    """
    image = np.asarray(samples.values[index], dtype=np.float32)
    bands = [0, 1, 2] if len(image) >= 3 else [0, 0, 0]
    shown = np.nan_to_num(image[bands])
    if samples.dtype != "uint8":
        mean, sd = (np.array(numbers[name])[bands, None, None] for name in ("mean", "sd"))
        reach = _SPREADS_SHOWN * numbers.get("spread", 1.0)
        shown = ((image[bands] - mean) / sd / reach + 1) * 127.5
    return np.clip(np.nan_to_num(shown), 0, 255).astype(np.uint8).transpose(1, 2, 0)


def make_card(job, start, samples, shipped, scores):
    """Write the card of the model that ships; see `make_result` for the arguments."""
    sides = samples.sides
    counts = np.bincount(samples.labels, minlength=len(samples.class_names)).tolist()
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
        normalization={name: shipped.numbers[name] for name in ("mean", "sd")},
        gsd=samples.gsd,
        classes=_classes(samples.class_names),
        patch=samples.values.shape[-1],
        chip=int(sides[0]) if sides.min() == sides.max() else 0,
        temperature=shipped.temperature,
        training={
            "images": len(samples),
            "counts": dict(zip(samples.class_names, counts, strict=True)),
            "folder": os.path.basename(os.path.normpath(job.input)),
            "start_from": job.start_from,
            "epochs": len(shipped.history),
            LEARNED_FROM: learned_from(job, IMAGES, image_marks(samples.root, samples.paths)),
        },
        scores=scores,
        license=start.license,
        citation=start.citation,
        seed=job.seed,
        versions={"python": platform.python_version(), "torch": str(torch.__version__)},
    )


def _classes(names):
    return [
        {"value": value, "name": name, "color": color}
        for value, (name, color) in enumerate(zip(names, class_colors(names), strict=True), start=1)
    ]


def prediction_table(card, result):
    """Columns and features of the table of scored images: true class, then what was said.

    Returns
    -------
    columns : list of (str, str)
    features : list of Feature, without geometry
    """
    head = [("path", "text"), ("label", "text"), ("correct", "integer")]
    features = []
    for number, (index, chances) in enumerate(
        zip(result.scored, result.probabilities, strict=True), 1
    ):
        label = int(result.labels[index])
        row = {
            "path": result.paths[index],
            "label": result.class_names[label],
            "correct": int(label == int(np.argmax(chances))),
            **attributes(card, chances),
        }
        features.append(Feature(number, None, row))
    return [*head, *columns(card)], features
