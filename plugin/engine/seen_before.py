"""What a model learned from, as its card keeps it, and whether what scores it is new to it.

A label is known again by the middle of the box around it in longitude and latitude, so in whatever
file and CRS it comes (on a local grid or another planet: in the same CRS); an image by its size and
its beginning. A card keeps a bounded number of these marks: of many those that are the smallest, by
which a part of other labels is known again as well.
"""

import hashlib
import json
import os
from itertools import chain

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform

from ..jobs.model_card import read_card
from .vectors import parsed, pieces

LABELS, IMAGES = "labels", "images"
# The name under which they stand in a card's summary of the training, and in a map's metadata.
LEARNED_FROM = "learned_from"
# What `judge_start` says of a training that starts from no model of the user's.
FRESH = {"warning": "", "split": "", "doubt": ""}
SOME = 0.05  # of what scores: more of it seen before, and the scores say nothing of what is new

_MOST_MARKS = 256
_STEP, _OFFSET = 1e-6, 0.38  # degrees, and off the round numbers that people write
_BEGINNING = 2**16  # bytes
_DEGREES = CRS.from_user_input("OGC:CRS84")


def label_marks(path, class_field=""):
    """Marks of the labels in a GeoJSON file.

    Parameters
    ----------
    path : str
    class_field : str
        Only features with a value there are labels; empty if all are.

    Returns
    -------
    set of str
    """
    features, crs = parsed(path)
    found = [
        [place[:2] for place in _outline(*piece)]
        for feature in features
        if not class_field or feature.properties.get(class_field) not in (None, "")
        for piece in pieces(feature.geometry)
        if _outline(*piece)
    ]
    if not found:
        return set()
    places = np.array(list(chain(*found)), float)
    places = _in_degrees(places, crs) if crs else places
    starts = np.cumsum([0, *map(len, found[:-1])])
    corners = (edge.reduceat(places, starts) for edge in (np.minimum, np.maximum))
    middles = sum(corners) / 2
    middles = middles[np.isfinite(middles).all(axis=1)]
    steps = np.floor(middles / _STEP + _OFFSET).astype(np.int64)
    return {_mark(f"{east} {north}".encode()) for east, north in steps.tolist()}


def _in_degrees(places, crs):
    """Places in longitude and latitude; as they are on a local grid or another planet."""
    try:
        return np.stack(transform(crs, _DEGREES, *places.T), axis=1)
    except Exception:  # GDAL's own errors have no public parent
        return places


def _outline(kind, coordinates):
    return {"Point": [coordinates], "Polygon": coordinates[0]}.get(kind, coordinates)


def scene_marks(job, collection):
    """Whether the boxes of a detector's training are labels on a map or in images, and their marks.

    Parameters
    ----------
    job : TrainObjectDetector
    collection : detection.collection.Collection

    Returns
    -------
    kind : str
    marks : set of str
        Of all labels, or of all images.
    """
    if collection.is_raster:
        return LABELS, label_marks(job.boxes, job.class_field)
    return IMAGES, image_marks("", [scene.path for scene in collection.scenes])


def image_marks(folder, names):
    """Marks of the image files of these names in a folder; a set of str."""
    return {_mark(_beginning(os.path.join(folder, name))) for name in names}


def _beginning(path):
    with open(path, "rb") as file:
        return b"%d " % os.path.getsize(path) + file.read(_BEGINNING)


def _mark(content):
    return hashlib.blake2b(content, digest_size=5).hexdigest()


def learned_from(job, kind, marks):
    """What a card keeps of what its model learned from, with that of the model that it started from.

    Parameters
    ----------
    job : object
        A training, with `start_from` and `base_model`.
    kind : str
        `LABELS` or `IMAGES`.
    marks : set of str

    Returns
    -------
    dict
        ``kinds``, ``marks``, ``whole``: whether these are all, and ``is_told``: whether the models
        that it came from said what they had learned from.
    """
    nothing = {"kinds": [], "marks": [], "whole": True, "is_told": True}
    before = _of_start(job) if job.start_from == "model" else nothing
    is_told, before = bool(before) and before["is_told"], before or nothing
    every = sorted({*marks, *before["marks"]})
    return {
        "kinds": sorted({kind, *before["kinds"]}),
        "whole": before["whole"] and len(every) <= _MOST_MARKS,
        "is_told": is_told,
        "marks": every[:_MOST_MARKS],
    }


def _of_start(job):
    return read_card(job.base_model).training.get(LEARNED_FROM)


def share_seen(known, kind, marks):
    """How much of what scores a model it had learned from.

    Parameters
    ----------
    known : dict
        As `learned_from` gives it; empty if the model does not say.
    kind : str
    marks : set of str
        Of what scores.

    Returns
    -------
    float or None
        None if it cannot be told.
    """
    if not known or kind not in known["kinds"]:
        return None
    told = set(known["marks"])
    comparable = marks if known["whole"] else {mark for mark in marks if mark <= max(told)}
    share = len(comparable & told) / len(comparable) if comparable else 0.0
    return share if comparable and (known["is_told"] or share >= SOME) else None


def as_tags(card):
    """What the maps of a model say in their metadata of what it learned from."""
    known = card.training.get(LEARNED_FROM)
    return {LEARNED_FROM.upper(): json.dumps(known)} if known else {}


def from_tags(tags):
    """What `as_tags` wrote; empty if a raster has no such thing."""
    return json.loads(tags.get(LEARNED_FROM.upper(), "{}"))


def judge_start(job, kind, marks):
    """What the model that a training starts from means for its scores.

    Parameters
    ----------
    job : object
        A training, with `start_from` and `base_model`.
    kind : str
    marks : set of str
        Of what scores.

    Returns
    -------
    dict of str
        ``warning``, for the log and the report; ``split``, what follows the sentence on the split;
        ``doubt``, what speaks against the scores as a whole, empty if it is not sure that they are
        of what is not new. All empty unless it starts from a model.
    """
    if job.start_from != "model":
        return FRESH.copy()
    share = share_seen(_of_start(job), kind, marks)
    if share is None or share < SOME:
        return {"warning": _may_have_seen(), "split": " " + _perhaps_before(), "doubt": ""}
    return {"warning": _has_seen(share), "split": " " + _before(share), "doubt": _doubt()}


def _may_have_seen():
    return (
        "Training started from a model. If that model learned from any of what is scored here, the "
        "scores are too good."
    )


def _perhaps_before():
    return "The model that it started from may have seen them before."


def _has_seen(share):
    return (
        f"The model that training started from had learned from {100 * share:.0f} % of what is scored "
        "here: the scores say how well it is remembered, not how well new ground is told."
    )


def _before(share):
    return f"The model that it started from had learned from {100 * share:.0f} % of them."


def _doubt():
    return (
        "Not shown to be good: it started from a model that had learned from what is scored here."
    )
