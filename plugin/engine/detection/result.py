"""What a training of a detector gave: its numbers, its card and its table."""

import os
from dataclasses import dataclass, field

import numpy as np
from rasterio.crs import CRS

from ..metrics.detection import curve, match, mean_average_precision
from ..vectors import Feature
from .fitting import MOST_FOUND
from .measures import COLUMNS, measures

_UNSURE = 0.5  # where no confidence is better than another


@dataclass
class Scored:
    """A unit that was scored.

    Attributes
    ----------
    scene : Scene
    unit : Unit
    found, truth, untrained : Objects
        In pixels of the scene; the last is None where an untrained detector was not asked.
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
    asked = [one for one in result.scored if one.untrained is not None]
    sides = [one.untrained for one in asked], [one.truth for one in asked]
    base = mean_average_precision(*sides, classes, MOST_FOUND)
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
        "baselines": {
            "untrained": {
                "map50": _number(base[0]),
                "map": _number(base[1]),
                "scored": len(asked),
            }
        },
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
