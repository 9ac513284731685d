"""Find objects in a raster or in images."""

import math
import os
from collections import Counter
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...jobs.errors import JobError
from ...jobs.model_card import class_names
from .. import strips
from ..classification import (
    check_bands,
    chosen_bands,
    describe_for,
    say_counts,
    say_taken,
    warn_of_bands,
    warn_of_scale,
)
from ..detection.finder import Sighting, load_finder, usual_confidence
from ..detection.measures import COLUMNS, measures
from ..detection.result import shared_crs
from ..detection.scenes import ImageCache, image_scene, raster_scene
from ..image_folders import IMAGE_ENDINGS, image_files
from ..metrics.detection import Objects
from ..rasters import shown_name
from ..vectors import Feature, write_features

_NAMED = 10


def run(job, progress):
    """Find the objects, each once, and write a box for each.

    Returns
    -------
    dict
        OUTPUT.

    Raises
    ------
    JobError
        If the model does not suit, nothing can be read, or the extent lies outside.
    """
    card, finder = load_finder(job.model, job.device, job.batch_size)
    least = job.min_confidence or usual_confidence(card)
    is_folder = os.path.isdir(job.input)
    scenes = _images(job, card, progress) if is_folder else [_raster(job, card, progress)]
    area = _area(job, scenes[0]) if job.extent and not is_folder else None
    progress.note(f"Objects of which the model is at least {least:.2f} sure.")
    search = _Search(finder, job.merge_overlap, least)
    if is_folder:
        found, seen = search.images(scenes, progress)
    else:
        found, seen = search.raster(scenes[0], area, progress)
    counts = np.bincount(
        np.concatenate([some.labels for some in found]), minlength=len(card.classes)
    )
    say_counts(card, counts, "objects", progress)
    _say_nothing(counts, seen, job, progress)
    if not job.output:
        return {}
    crs = shared_crs(scenes)
    columns = [*COLUMNS, ("path", "text")] if is_folder else COLUMNS
    write_features(job.output, _rows(card, scenes, found, crs, is_folder), columns, crs)
    return {"OUTPUT": job.output}


def _say_nothing(counts, seen, job, progress):
    """Tell why nothing was found."""
    name = shown_name(job.input.rstrip(os.sep))
    if not seen:
        progress.warning(f'"{name}" holds no data there: there is nothing to search.')
    elif not counts.any():
        progress.warning("No object was found. A lower MIN_CONFIDENCE finds more.")


def _raster(job, card, progress):
    scene = raster_scene(job.input, chosen_bands(card, [job.input], job.bands, progress))
    raster = scene.source.raster
    check_bands(card, raster.name, raster.names)
    warn_of_bands(card, raster.name, raster.names, progress)
    warn_of_scale(card, raster.name, raster.gsd, progress)
    if raster.dtype != card.dtype:
        progress.warning(
            f'"{raster.name}" has values of type {raster.dtype}, the model was trained on '
            f"{card.dtype}: check that they have the same unit."
        )
    return scene


def _area(job, scene):
    row, column, height, width = scene.window_of(job.extent)
    if not height or not width:
        raise JobError(
            f'The extent does not touch "{scene.name}".',
            "Draw it over the raster, in the raster's coordinate reference system.",
        )
    return row, column, height, width


def _images(job, card, progress):
    """The images of a folder that the model can take; a warning for the others."""
    if job.bands or job.extent:
        progress.warning("BANDS and EXTENT are for rasters; images are taken whole.")
    paths = [os.path.join(job.input, name) for name in image_files(job.input)]
    if not paths:
        raise JobError(
            f'Folder "{job.input}" has no image.',
            f"Choose a folder with images ({', '.join(IMAGE_ENDINGS)}).",
        )
    cache, scenes, errors = ImageCache(2**20), [], []
    for path in paths:
        progress.check()
        try:
            known = _known_image(card, path)
            scenes.append(image_scene(path, cache, job.input, known.numbers)[0])
        except JobError as error:
            errors.append(error)
    if not scenes:
        raise errors[0]
    say_taken(card, [scene.source.numbers for scene in scenes], progress)
    _warn_of_one_scale(card, scenes, progress)
    for error in errors[:_NAMED]:
        progress.warning(f"Left out: {error.found}")
    if len(errors) > _NAMED:
        progress.warning(f"Left out: {len(errors) - _NAMED:,} more images.")
    return scenes


def _warn_of_one_scale(card, scenes, progress):
    """Name the image whose pixels differ most in size from those of the training."""
    known = [scene for scene in scenes if scene.gsd and card.gsd]
    if known:
        odd = max(known, key=lambda scene: abs(math.log(scene.gsd / card.gsd)))
        warn_of_scale(card, odd.name, odd.gsd, progress)


def _known_image(card, path):
    """Describe an image as the model takes it; refuse another kind."""
    known = describe_for(card, path)
    check_bands(card, os.path.basename(path), known.names)
    if known.dtype != card.dtype:
        raise JobError(
            f'"{os.path.basename(path)}" has values of type {known.dtype}; the model was trained '
            f"on {card.dtype}.",
            "Convert the image to the type of the training images.",
        )
    return known


class _Search:
    """A search for objects, alone or with other processes.

    Its results are lists of what was found in every scene, and the number of windows with data.
    """

    def __init__(self, finder, share, least):
        self._finder, self._share, self._least = finder, share, least

    def raster(self, scene, area, progress):
        """Search a raster; several processes share its windows."""
        area = area or (0, 0, scene.height, scene.width)
        units, kept = self._finder.units(scene, area), _Parts()
        try:
            look = partial(self._finder.look, scene, units, progress=progress, least=self._least)
            strips.fill(kept, len(units), look, progress, self._finder.batch_size)
            strips.finish()
        finally:
            scene.source.close()
        sightings = [Sighting(**part) for part in kept.parts]
        found = self._finder.gather(sightings, area, self._share, progress.check)
        return [found], sum(part.with_data for part in sightings)

    def images(self, scenes, progress):
        """Search images; several processes share them."""
        kept = _Parts()
        strips.fill(kept, len(scenes), partial(self._in_images, scenes, progress), progress)
        strips.finish()
        for part in kept.parts:
            if part["left_out"]:
                progress.warning(f"Left out: {part['left_out']}")
        found = [Objects(*part["found"]) for part in kept.parts]
        return found, sum(part["with_data"] for part in kept.parts)

    def _in_images(self, scenes, progress, numbers):
        for place, number in enumerate(numbers):
            name = f"Image {place + 1:,} of {len(numbers):,}"
            part = progress.part(place / len(numbers), (place + 1) / len(numbers), name)
            yield self._in_image(scenes[number], number, part)

    def _in_image(self, scene, number, progress):
        """Objects of an image; one that cannot be decoded has none, and a warning."""
        seen, area = Counter(), (0, 0, scene.height, scene.width)
        try:
            some = self._finder.find(scene, area, self._share, progress, self._least, seen)
        except JobError as error:
            some = self._finder.nothing()
            return _InImage(number, (some.boxes, some.labels, some.scores), 0, error.found)
        finally:
            scene.source.close()
        return _InImage(number, (some.boxes, some.labels, some.scores), seen["with data"])


@dataclass(frozen=True)
class _InImage:
    """What was found in the image of a number, or why it was left out."""

    strip: int
    found: tuple
    with_data: int
    left_out: str = ""


class _Parts:
    """Keeps what was found, in its order."""

    def __init__(self):
        self.parts = []

    def prepare(self, piece):
        return vars(piece)

    def put(self, prepared):
        self.parts.append(prepared)


def _rows(card, scenes, found, crs, with_path):
    names, number = class_names(card), 0
    for scene, some in zip(scenes, found, strict=True):
        for box, label, score in zip(some.boxes, some.labels, some.scores, strict=True):
            number += 1
            known = measures(scene, box, in_pixels=crs is None and bool(scene.crs))
            row = {"class": names[label], "confidence": float(score), **known.sizes}
            if with_path:
                row["path"] = os.path.abspath(scene.path)
            yield Feature(number, known.outline, row)
