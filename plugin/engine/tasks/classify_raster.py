"""Slide an image classifier over a raster."""

import os
from contextlib import ExitStack
from functools import partial

import numpy as np

from ...jobs.errors import JobError
from .. import strips
from ..classification import check_raster, chosen_bands, patch_side, say_counts
from ..classifier import load_classifier
from ..prediction import bands_of, classify_cells
from ..rasters import Raster, new_raster
from ..windows import Cells

_FILLED = 0.95  # of the work, when all is written


def run(job, progress):
    """Classify a raster patch by patch.

    Cells of one stride tile the extent from its upper left pixel; a cell gets the class of the
    patch around its center, which is mirrored at the raster's border. A cell whose middle
    pixel, or more than half of whose patch, holds no data is 0.

    Returns
    -------
    dict
        OUTPUT and, if asked for, CONFIDENCE.

    Raises
    ------
    JobError
        If the model does not suit the raster, or the extent lies outside.
    """
    classifier = load_classifier(job.model, job.device, job.batch_size)
    card = classifier.card
    bands = chosen_bands(card, [job.input], job.bands, progress)
    with Raster(job.input, bands) as raster, ExitStack() as whole:
        check_raster(card, raster, progress)
        cells = _lay_out(raster, patch_side(card), job.stride, job.extent)
        _check_outputs(job)
        rasters = _open_outputs(whole, job, raster, cells, card, progress.part(_FILLED, 1.0))
        counts = _fill(classifier, raster, cells, rasters, progress.part(0.0, _FILLED))
    _say_what_came(card, counts, cells, raster, progress)
    outputs = {"OUTPUT": job.output, "CONFIDENCE": job.confidence}
    return {name: path for name, path in outputs.items() if path}


def _lay_out(raster, patch, stride, extent):
    window = (0, 0, raster.grid.height, raster.grid.width)
    if extent:
        window = raster.grid.window_of(extent)
        if 0 in window[2:]:
            raise JobError(
                f'The extent does not touch "{raster.name}".',
                "Draw it over the raster, in the raster's coordinate reference system.",
            )
    return Cells.over(window, stride or max(patch // 2, 1), patch)


def _check_outputs(job):
    paths = [os.path.abspath(path) for path in (job.output, job.confidence) if path]
    if len(set(paths)) < len(paths):
        raise JobError(
            "OUTPUT and CONFIDENCE are the same file.", "Choose another name for one of them."
        )


def _open_outputs(whole, job, raster, cells, card, progress):
    """Begin the two rasters, each None if it is not asked for."""
    part = raster.grid.part(cells.row, cells.column, cells.rows, cells.columns)
    grid = part.coarser(cells.stride, cells.rows, cells.columns)
    known = {"inputs": (job.input, job.model), "tags": _tags(job, cells)}
    first, second = progress.last_first(2)
    classes = confidence = None
    if job.output:
        largest = max(entry["value"] for entry in card.classes)
        dtype = "uint8" if largest < 255 else "uint16"
        maker = new_raster(
            job.output, grid, dtype, ["class"], 0, card.classes, progress=first, **known
        )
        classes = whole.enter_context(maker)
    if job.confidence:
        names, known["progress"] = ["confidence"], second
        maker = new_raster(job.confidence, grid, "float32", names, np.nan, **known)
        confidence = whole.enter_context(maker)
    return classes, confidence


def _tags(job, cells):
    return {
        "MODEL": os.path.basename(job.model),
        "SOURCE": os.path.basename(job.input),
        "PATCH": str(cells.patch),
        "STRIDE": str(cells.stride),
    }


def _fill(classifier, raster, cells, rasters, progress):
    """Write band after band; count the cells of every class."""
    result = _Result(classifier.card, rasters)
    bands = partial(classify_cells, classifier, raster, cells, progress)
    strips.fill(result, bands_of(cells), bands, progress, cells)
    strips.finish()
    return result.counts[:-1]


class _Result:
    """The rasters of classes and of confidence, each None if it is not asked for."""

    def __init__(self, card, rasters):
        self._classes, self._confidence = rasters
        self._values = np.array([entry["value"] for entry in card.classes] + [0])
        self.counts = np.zeros(len(self._values), np.int64)

    def prepare(self, band):
        """What will be written of a band of rows."""
        count = len(self._values)
        return {
            "row": band.row,
            "values": self._values[band.best][None],
            "confidence": band.confidence[None],
            "counts": np.bincount(band.best.ravel() % count, minlength=count),
        }

    def put(self, prepared):
        """Write what `prepare` gave."""
        self.counts += prepared["counts"]
        if self._classes:
            self._classes.write(prepared["values"], prepared["row"])
        if self._confidence:
            self._confidence.write(prepared["confidence"], prepared["row"])


def _say_what_came(card, counts, cells, raster, progress):
    total = cells.rows * cells.columns
    say_counts(card, counts, "cells", progress)
    if counts.sum() < total:
        progress.note(f"No data: {total - counts.sum():,} of {total:,} cells.")
    if not counts.any():
        progress.warning(f'"{raster.name}" holds no data there; every cell is nodata.')
