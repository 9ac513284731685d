"""What a training of a pixel classifier gave: for its report and for its card."""

import platform

import numpy as np
import torch
from scipy.special import softmax

from ...jobs.colors import class_colors
from ...jobs.declare import declared
from ...jobs.label_classes import BACKGROUND
from ...jobs.model_card import PIXELS, ModelCard
from ...jobs.train_pixel_classifier import SMALLEST_PATCH
from ..device import describe
from ..metrics.classification import expected_calibration_error
from ..rasters import shown_name
from ..refitting import tell_shipped
from ..seen_before import LABELS, LEARNED_FROM, label_marks, learned_from
from .result import PixelResult
from .trust import block_weights, measure_trust, trust_features

_SETTINGS = (
    "network", "start_from", "background", "patch_size", "epochs", "minutes", "learning_rate",
    "l2", "augment", "balance", "loss", "validation", "block_size", "folds", "line_width",
    "point_radius", "inner_buffer", "batch_size", "seed",
)  # fmt: skip
_BACKGROUND_COLOR = "#d9dde1"
_TRUSTED_PIXELS, _TRUSTED_WINDOWS = 8000, 30


def colors_of(names):
    """Colors of classes; background is a light gray."""
    if names[-1] == BACKGROUND:
        return [*class_colors(names[:-1]), _BACKGROUND_COLOR]
    return class_colors(names)


def make_result(job, labels, ground, plan, tested, baselines, shipped, pictures, stack, device):
    """Gather what the report needs.

    Parameters
    ----------
    job : TrainPixelClassifier
    labels : Labels
    ground : Ground
    plan : splits.Plan
    tested : list of fits.Tested
    baselines : dict of str to float array, shape (scored, classes)
    shipped : fitting.Fit
        The model that ships.
    pictures : pictures.Pictures
    stack : Stack
    device : torch.device

    Returns
    -------
    PixelResult
    """
    pairs = list(zip(plan.splits, tested, strict=True))
    truth = np.concatenate([s.test.labels[one.places] for s, one in pairs]).astype(np.int64)
    raw = np.concatenate([softmax(one.logits, 1) for one in tested])
    calibrated = np.concatenate([softmax(one.logits / one.fit.temperature, 1) for one in tested])
    names, classes = labels.class_names, len(labels.class_names)
    return PixelResult(
        class_names=names,
        colors=colors_of(names),
        counts=np.bincount(ground.pixels.labels, minlength=classes),
        label_counts=np.bincount(labels.values, minlength=classes),
        truth=truth,
        probabilities=calibrated,
        uncalibrated_ece=expected_calibration_error(truth, raw),
        baselines=baselines,
        groups=np.concatenate([s.groups[one.places] for s, one in pairs]),
        units=np.concatenate([s.test.units[one.places] for s, one in pairs]),
        folds=np.concatenate([np.full(len(one.places), n) for n, one in enumerate(tested)]),
        history=[one.fit.history for one in tested],
        runs=[f"part {n}" for n in range(1, len(tested) + 1)] if plan.refit else ["training"],
        split=tell_shipped(plan, tested, shipped),
        settings=_settings(job, shipped, device),
        training_summary=_summary(stack, ground),
        pictures=pictures,
        warnings=[*plan.warnings, *labels.left_out, *ground.notes],
        title=f"Pixel classifier of {stack.name}",
        subtitle=f"{job.network}, {len(stack.bands)} bands, {len(labels.features):,} labels of "
        f"{classes} classes",
    )


def _settings(job, shipped, device):
    """What was asked, in the dialog's words, and what automatic settings came to."""
    labels = {part.name: part.label for part in declared(job)}
    asked = [(labels[name], _shown(getattr(job, name))) for name in _SETTINGS]
    return [
        *asked,
        ("Epochs run", len(shipped.history)),
        ("Learning rate used", shipped.learning_rate),
        ("Temperature", round(shipped.temperature, 3)),
        ("Computed on", describe(device)),
    ]


def _shown(value):
    return "none" if value in ("", None) else value


def _summary(stack, ground):
    grid = stack.grid
    crs = grid.crs.to_string() if grid.crs else "not known"
    return [
        ("Rasters", ", ".join(map(shown_name, stack.paths))),
        ("Bands", ", ".join(stack.names)),
        ("Data type", stack.dtype),
        ("Grid", f"{grid.width:,} x {grid.height:,} pixels"),
        ("Coordinate reference system", crs if len(crs) < 60 else "not in a list of codes"),
        ("Ground sample distance", f"{stack.gsd:.3g} m" if stack.gsd else "not known"),
        ("Labeled pixels", f"{len(ground.pixels):,}"),
        ("Alignment", "\n".join(stack.notes) or "none needed"),
    ]


def _patch(job, grid):
    """Side of a patch as asked for, or as much of it as the rasters have room for."""
    least = min(grid.width, grid.height)
    return min(job.patch_size, least // SMALLEST_PATCH * SMALLEST_PATCH or least)


def make_card(job, start, labels, ground, stack, shipped, numbers, trust):
    """Write the card of the model that ships; see `make_result` for the arguments."""
    names, network = labels.class_names, shipped.network
    counts = np.bincount(ground.pixels.labels, minlength=len(names)).tolist()
    return ModelCard(
        task=PIXELS,
        network=start.name,
        arguments={"bands": len(stack.bands), "classes": len(names), "spread": start.spread},
        bands=[{"name": name, "unit": ""} for name in stack.names],
        dtype=stack.dtype,
        normalization={name: shipped.numbers[name] for name in ("mean", "sd")},
        gsd=stack.gsd,
        classes=[
            {"value": value, "name": name, "color": color}
            for value, (name, color) in enumerate(zip(names, colors_of(names), strict=True), 1)
        ],
        patch=_patch(job, stack.grid),
        halo=network.receptive_radius,
        stride=network.stride,
        temperature=shipped.temperature,
        trust=trust.card(),
        training={
            "pixels": len(ground.pixels),
            "labels": len(labels.features),
            "counts": dict(zip(names, counts, strict=True)),
            "rasters": [shown_name(path) for path in stack.paths],
            "crs": stack.grid.crs.to_string()[:2000] if stack.grid.crs else "",
            "extent": _extent(stack.grid),
            "start_from": job.start_from,
            "epochs": len(shipped.history),
            LEARNED_FROM: learned_from(job, LABELS, label_marks(job.labels, job.class_field)),
        },
        scores=numbers,
        license=start.license,
        citation=start.citation,
        seed=job.seed,
        versions={"python": platform.python_version(), "torch": str(torch.__version__)},
    )


def _extent(grid):
    ring = np.array(grid.outline())
    return [float(v) for v in (*ring.min(axis=0), *ring.max(axis=0))]


def measure_trust_of(seer, ground, plan, bands, seed, progress):
    """Where the model that ships may be trusted: from features at some of its training pixels.

    Parameters
    ----------
    seer : scoring.Seer
        With the network that ships.
    ground : Ground
    plan : splits.Plan
    bands : int
    seed : int
    progress : Progress

    Returns
    -------
    trust.Trust
    """
    chance = np.random.default_rng([seed, 11])
    chosen = _some_of_each_class(ground.pixels.labels, chance)
    some, parts, places = ground.pixels.take(chosen), [], []
    windows = seer.windows(some, seed, _TRUSTED_WINDOWS)
    for window, features in seer.look(windows, _describe, progress):
        mine = some.take(window.pixels)
        parts.append(features[:, mine.rows - window.row, mine.columns - window.column].T)
        places.append(chosen[window.pixels])
    features, places = np.concatenate(parts), np.concatenate(places)
    weights = block_weights(seer.network, bands, features.shape[1])
    return measure_trust(features, plan.folds[places], weights, seed)


def _describe(network, images, inside):
    return trust_features(network, images)[0][(slice(None), *inside)].cpu().numpy()


def _some_of_each_class(labels, chance):
    classes = np.unique(labels)
    each = _TRUSTED_PIXELS // len(classes)
    chosen = [chance.permutation(np.flatnonzero(labels == label))[:each] for label in classes]
    return np.sort(np.concatenate(chosen))
