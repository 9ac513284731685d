"""The rasters of a map: classes, confidence, probabilities, trust."""

import os
from contextlib import ExitStack, contextmanager

import numpy as np

from ...jobs.errors import JobError
from ...jobs.model_card import class_names
from ..rasters import new_raster

KINDS = ("output", "confidence", "probabilities", "trust")
# The name under which the threshold of the dissimilarity stands in the raster's metadata.
APPLICABLE = "APPLICABLE_UP_TO"


class Maps:
    """Rasters that are being written; `open_maps` makes them.

    Attributes
    ----------
    counts : int array, shape (class,)
        Pixels that got every class so far.
    without_data, outside : int
        Pixels that hold no data, and those outside of the area of applicability.
    """

    def __init__(self, card, rasters, limit):
        self._card, self._rasters, self._limit = card, rasters, limit
        self._values = np.array([entry["value"] for entry in card.classes])
        self.counts = np.zeros(len(self._values), np.int64)
        self.without_data = self.outside = 0

    def write(self, piece):
        """Write a piece of the predictor's channels."""
        count = len(self._values)
        chances = piece.values[:count]
        known = ~np.isnan(chances[0])
        best = np.where(known, chances, 0).argmax(0)
        self.counts += np.bincount(best[known], minlength=count)
        self.without_data += int((~known).sum())
        parts = {
            "output": lambda: np.where(known, self._values[best], 0)[None],
            "confidence": lambda: chances.max(0)[None],
            "probabilities": lambda: chances,
            "trust": lambda: piece.values[count:],
        }
        for kind, raster in self._rasters.items():
            raster.write(parts[kind](), piece.row, piece.column)
        if "trust" in self._rasters:
            self.outside += int((piece.values[count] > self._limit).sum())


@contextmanager
def open_maps(places, card, grid, inputs, tags, limit=None):
    """Begin the rasters of a map; they appear at the end, if nothing went wrong.

    Parameters
    ----------
    places : dict
        Path by kind, see `KINDS`; those without a path are not made.
    card : ModelCard
    grid : Grid
    inputs : sequence of str
        Files that must not be written over.
    tags : dict of str
    limit : float, optional
        The largest dissimilarity inside the area of applicability.

    Yields
    ------
    Maps

    Raises
    ------
    JobError
        If two places are the same, or one cannot be written.
    """
    _refuse_same(places)
    with ExitStack() as whole:
        rasters = {
            kind: whole.enter_context(_open(kind, path, card, grid, inputs, tags, limit))
            for kind, path in places.items()
            if path
        }
        yield Maps(card, rasters, limit)


def _open(kind, path, card, grid, inputs, tags, limit):
    known = {"inputs": inputs, "tags": tags}
    if kind == "output":
        largest = max(entry["value"] for entry in card.classes)
        dtype = "uint8" if largest < 255 else "uint16"
        return new_raster(path, grid, dtype, ["class"], 0, card.classes, **known)
    names = {
        "confidence": ["confidence"],
        "probabilities": class_names(card),
        "trust": ["dissimilarity index"],
    }[kind]
    if kind == "trust":
        known["tags"] = {**tags, APPLICABLE: f"{limit:.6g}"}
    return new_raster(path, grid, "float32", names, np.nan, **known)


def _refuse_same(places):
    seen = {}
    for kind, path in places.items():
        whole = os.path.abspath(path) if path else None
        if whole in seen:
            raise JobError(
                f"{seen[whole].upper()} and {kind.upper()} are the same file.",
                "Choose another name for one of them.",
            )
        if whole:
            seen[whole] = kind
