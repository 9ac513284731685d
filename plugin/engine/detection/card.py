"""What a model and its report say of the training: the card, the settings, the data."""

import platform

import numpy as np
import torch

from ...jobs.colors import class_colors
from ...jobs.declare import declared
from ...jobs.model_card import DETECTION, ModelCard
from ..device import describe
from ..seen_before import LEARNED_FROM, learned_from, scene_marks

_SETTINGS = (
    "network", "start_from", "patch_size", "epochs", "minutes", "learning_rate", "augment",
    "validation", "batch_size", "seed",
)  # fmt: skip


def settings(job, fit, patch, overlap, device):
    """What was asked, in the dialog's words, and what automatic settings came to."""
    labels = {part.name: part.label for part in declared(job)}
    asked = [(labels[name], _shown(getattr(job, name))) for name in _SETTINGS]
    return [
        *asked,
        ("Patch used", f"{patch} pixels"),
        ("Overlap of windows", f"{overlap} pixels"),
        ("Epochs run", len(fit.history)),
        ("Epoch kept", fit.best_epoch),
        ("Epochs that it went on with what chose the epoch", fit.more_epochs),
        ("Patches in a step", fit.recipe.batch_size),
        ("Learning rate used", fit.recipe.learning_rate),
        ("Computed on", describe(device)),
    ]


def _shown(value):
    return "none" if value in ("", None) else value


def summary(collection, units):
    """The training data in a few lines."""
    spans = collection.boxes[:, 2:] - collection.boxes[:, :2]
    low, middle, high = np.percentile(np.sqrt(spans.prod(axis=1)), [5, 50, 95])
    kind = "Rasters" if collection.is_raster else "Images"
    gsd = collection.gsd
    return [
        (kind, len(collection.scenes)),
        ("Blocks of ground" if collection.is_raster else "Images with boxes",
         len(units) if collection.is_raster
         else sum(len(scene.boxes) > 0 for scene in collection.scenes)),
        ("Boxes", len(collection.boxes)),
        ("Size of objects", f"{low:.0f} to {high:.0f} pixels (5 to 95 %), middle {middle:.0f}"),
        ("Bands", ", ".join(band["name"] for band in collection.bands)),
        ("Data type", collection.dtype),
        ("Ground sample distance", f"{gsd:.3g} m" if gsd else "not known"),
    ]  # fmt: skip


def make_card(job, start, collection, fit, patch, overlap, numbers):
    """The card of the model that ships."""
    counts = np.bincount(collection.labels, minlength=len(collection.class_names)).tolist()
    colors = class_colors(collection.class_names)
    return ModelCard(
        task=DETECTION,
        network=start.network,
        arguments={
            "bands": len(collection.bands),
            "classes": len(collection.class_names),
            "spread": start.spread,
            "overlap": overlap,
            "confidence": numbers["confidence"],
        },
        bands=collection.bands,
        dtype=collection.dtype,
        normalization={name: fit.numbers[name] for name in ("mean", "sd")},
        gsd=collection.gsd,
        classes=[
            {"value": value, "name": name, "color": color}
            for value, (name, color) in enumerate(
                zip(collection.class_names, colors, strict=True), 1
            )
        ],
        patch=patch,
        training={
            "scenes": len(collection.scenes),
            "boxes": len(collection.boxes),
            "counts": dict(zip(collection.class_names, counts, strict=True)),
            "source": collection.source,
            "start_from": job.start_from,
            "epochs": len(fit.history),
            LEARNED_FROM: learned_from(job, *scene_marks(job, collection)),
        },
        scores=numbers,
        license=start.license,
        citation=start.citation,
        seed=job.seed,
        versions={"python": platform.python_version(), "torch": str(torch.__version__)},
    )
