"""What a training of a detector gave: its numbers, its card and its table."""

import os
import platform
from dataclasses import dataclass, field

import numpy as np
import torch
from rasterio.crs import CRS

from ...jobs.colors import class_colors
from ...jobs.declare import declared
from ...jobs.model_card import DETECTION, ModelCard
from ..device import describe
from ..metrics.detection import curve, match, mean_average_precision
from ..vectors import Feature
from .fitting import MOST_FOUND
from .measures import COLUMNS, measures

_SETTINGS = (
    "network", "start_from", "patch_size", "epochs", "minutes", "learning_rate", "augment",
    "validation", "batch_size", "seed",
)  # fmt: skip
_UNSURE = 0.5  # where no confidence is better than another


@dataclass
class Scored:
    """A unit that was scored.

    Attributes
    ----------
    scene : Scene
    unit : Unit
    found, truth, untrained : Objects
        In pixels of the scene.
    """

    scene: object
    unit: object
    found: object
    truth: object
    untrained: object


@dataclass
class DetectionResult:
    """All that the report on a detector needs.

    Attributes
    ----------
    title, subtitle : str
    class_names, colors : list of str
    scored : list of Scored
    history : list of list of dict
    split, shipped : str
        How scores were measured, and what the model that ships learned from.
    settings, summary : list of (str, object)
    warnings : list of str
    unit : str
        Of the sizes: ``"pixels"``, or of the map.
    """

    title: str
    subtitle: str
    class_names: list
    colors: list
    scored: list
    history: list
    split: str
    shipped: str
    settings: list = field(default_factory=list)
    summary: list = field(default_factory=list)
    warnings: list = field(default_factory=list)

    @property
    def found(self):
        return [one.found for one in self.scored]

    @property
    def truth(self):
        return [one.truth for one in self.scored]


def gather(tested, scored):
    """The scored units of all folds.

    Parameters
    ----------
    tested : list of fitting.Tested
    scored : (Collection, list of Unit)
    """
    collection, units = scored
    return [
        Scored(collection.scenes[units[place].scene], units[place], *objects)
        for one in tested
        for place, *objects in zip(one.units, one.found, one.truth, one.untrained, strict=True)
    ]


def scores(result):
    """The numbers of a result, as they go into the card.

    Returns
    -------
    dict
        map50, map, confidence (that gives the best F1), precision, recall and f1 there, scored
        units and boxes, the untrained detector's map50 and map, and every class's map50.
    """
    classes, truth = len(result.class_names), result.truth
    map50, mean = mean_average_precision(result.found, truth, classes, MOST_FOUND)
    untrained = [one.untrained for one in result.scored]
    base = mean_average_precision(untrained, truth, classes, MOST_FOUND)
    pooled = curve(result.found, truth, most=MOST_FOUND)
    confidence, precision, recall, f1 = pooled.best_f1()
    each = [curve(result.found, truth, c, most=MOST_FOUND) for c in range(classes)]
    return {
        "map50": _number(map50),
        "map": _number(mean),
        "confidence": _UNSURE if np.isnan(confidence) else round(confidence, 4),
        "precision": _number(precision),
        "recall": _number(recall),
        "f1": _number(f1),
        "scored": len(result.scored),
        "boxes": pooled.objects,
        "baselines": {"untrained": {"map50": _number(base[0]), "map": _number(base[1])}},
        "classes": {
            name: {"boxes": one.objects, "ap50": _number(one.average_precision)}
            for name, one in zip(result.class_names, each, strict=True)
        },
        "split": result.split,
        "shipped": result.shipped,
    }


def _number(value):
    return 0.0 if np.isnan(value) else float(value)


def at_confidence(objects, least):
    """Those objects that are sure enough."""
    keep = objects.scores >= least
    return type(objects)(objects.boxes[keep], objects.labels[keep], objects.scores[keep])


def outcome(one, least):
    """What came of a scored unit at a confidence.

    Returns
    -------
    found : Objects
        Sure enough.
    right : bool array, shape (found,)
    missed : bool array, shape (truth,)
    """
    found = at_confidence(one.found, least)
    right = np.zeros(len(found.boxes), bool)
    missed = np.ones(len(one.truth.boxes), bool)
    for label in np.union1d(found.labels, one.truth.labels):
        mine, wanted = (
            np.flatnonzero(found.labels == label),
            np.flatnonzero(one.truth.labels == label),
        )
        pairs = match(found.of(label), one.truth.of(label))
        right[mine] = pairs >= 0
        missed[wanted[pairs[pairs >= 0]]] = False
    return found, right, missed


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
        },
        scores=numbers,
        license=start.license,
        citation=start.citation,
        seed=job.seed,
        versions={"python": platform.python_version(), "torch": str(torch.__version__)},
    )


def table(result, least):
    """Columns, features and CRS of what was found and missed where it was scored."""
    crs = shared_crs([one.scene for one in result.scored])
    features = []
    for one in result.scored:
        found, right, missed = outcome(one, least)
        for box, label, score, good in zip(
            found.boxes, found.labels, found.scores, right, strict=True
        ):
            kind = "right" if good else "false"
            features.append(_row(result, one.scene, box, label, float(score), kind, crs))
        for place in np.flatnonzero(missed):
            truth = one.truth
            row = _row(result, one.scene, truth.boxes[place], truth.labels[place], None, "missed",
                       crs)  # fmt: skip
            features.append(row)
    numbered = [Feature(i, f.geometry, f.properties) for i, f in enumerate(features, 1)]
    return [*COLUMNS, ("outcome", "text"), ("path", "text")], numbered, crs


def _row(result, scene, box, label, score, kind, crs):
    known = measures(scene, box, in_pixels=crs is None and bool(scene.crs))
    properties = {
        "class": result.class_names[int(label)], "confidence": score, **known.sizes,
        "outcome": kind, "path": os.path.abspath(scene.path),
    }  # fmt: skip
    return Feature(0, known.outline, properties)


def shared_crs(scenes):
    """The CRS that all scenes have, or None: then boxes are given in pixels."""
    texts = {scene.crs for scene in scenes}
    text = texts.pop() if len(texts) == 1 else ""
    return CRS.from_wkt(text) if text else None
