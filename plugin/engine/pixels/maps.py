"""The rasters of a map: classes, confidence, probabilities, trust."""

import os
from contextlib import ExitStack, contextmanager

import numpy as np

from ...jobs.errors import JobError
from ...jobs.model_card import class_names
from ..progress import Silent
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
        self._dtype = _dtype(card)
        self.counts = np.zeros(len(self._values), np.int64)
        self.without_data = self.outside = 0

    def prepare(self, piece):
        """What will be written of a piece of the predictor's channels."""
        count = len(self._values)
        chances = piece.values[:count]
        known = ~np.isnan(chances[0])
        best, surest = most_probable(chances)
        parts = {
            "output": lambda: (self._values.astype(self._dtype)[best] * known)[None],
            "confidence": lambda: surest[None],
            "probabilities": lambda: chances,
            "trust": lambda: piece.values[count:],
        }
        return {
            "row": piece.row,
            "column": piece.column,
            "counts": np.bincount(best[known], minlength=count),
            "without_data": int((~known).sum()),
            "values": {kind: parts[kind]() for kind in self._rasters},
        }

    def put(self, prepared):
        """Write what `prepare` gave."""
        self.counts += prepared["counts"]
        self.without_data += prepared["without_data"]
        for kind, raster in self._rasters.items():
            raster.write(prepared["values"][kind], prepared["row"], prepared["column"])
        if "trust" in self._rasters:
            self.outside += int((prepared["values"]["trust"][0] > self._limit).sum())


def most_probable(chances):
    """The first of the most probable classes of every pixel, and its probability.

    Class by class: numpy's own search along the first axis takes ten times as long.

    Parameters
    ----------
    chances : float32 array, shape (class, row, column)
        NaN in all classes where a pixel holds no data.

    Returns
    -------
    best : uint16 array, shape (row, column)
        Counted from 0; 0 where there is no data.
    surest : float32 array, shape (row, column)
        NaN where there is no data.
    """
    best, surest = np.zeros(chances.shape[1:], np.uint16), chances[0].copy()
    for number, some in enumerate(chances[1:], 1):
        # A later class has the higher number, so the larger one is the one that was better last.
        np.maximum(best, (some > surest) * np.uint16(number), out=best)
        np.maximum(surest, some, out=surest)
    return best, surest


@contextmanager
def open_maps(places, card, grid, inputs, tags, limit=None, progress=None):
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
    progress : Progress, optional
        Of what is done when all is written.

    Yields
    ------
    Maps

    Raises
    ------
    JobError
        If two places are the same, or one cannot be written.
    """
    _refuse_same(places)
    wanted = {kind: path for kind, path in places.items() if path}
    shares = (progress or Silent()).last_first(len(wanted))
    with ExitStack() as whole:
        rasters = {}
        for (kind, path), share in zip(wanted.items(), shares, strict=True):
            known = {"inputs": inputs, "tags": tags, "progress": share}
            rasters[kind] = whole.enter_context(_open(kind, path, card, grid, limit, known))
        yield Maps(card, rasters, limit)


def _open(kind, path, card, grid, limit, known):
    if kind == "output":
        return new_raster(path, grid, _dtype(card), ["class"], 0, card.classes, **known)
    names = {
        "confidence": ["confidence"],
        "probabilities": class_names(card),
        "trust": ["dissimilarity index"],
    }[kind]
    if kind == "trust":
        known["tags"] = {**known["tags"], APPLICABLE: f"{limit:.6g}"}
    return new_raster(path, grid, "float32", names, np.nan, **known)


def _dtype(card):
    return "uint8" if max(entry["value"] for entry in card.classes) < 255 else "uint16"


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
