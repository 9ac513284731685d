"""Find objects in a raster or in images."""

import math
import os
from collections import Counter

import numpy as np

from ...jobs.errors import JobError
from ...jobs.model_card import class_names
from ..classification import check_bands, say_counts, warn_of_bands, warn_of_scale
from ..detection.finder import load_finder, usual_confidence
from ..detection.measures import COLUMNS, measures
from ..detection.result import shared_crs
from ..detection.scenes import ImageCache, image_scene, raster_scene
from ..image_folders import IMAGE_ENDINGS, image_files
from ..rasters import describe_image, shown_name
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
    found, seen = [], Counter()
    for number, scene in enumerate(scenes):
        name = f"Image {number + 1:,} of {len(scenes):,}" if is_folder else ""
        part = progress.part(number / len(scenes), (number + 1) / len(scenes), name)
        found.append(_find(finder, scene, area, job.merge_overlap, least, part, seen))
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
    if not seen["with data"]:
        progress.warning(f'"{name}" holds no data there: there is nothing to search.')
    elif not counts.any():
        progress.warning("No object was found. A lower MIN_CONFIDENCE finds more.")


def _raster(job, card, progress):
    scene = raster_scene(job.input, job.bands)
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
            _check_image(card, path)
            scenes.append(image_scene(path, cache, job.input)[0])
        except JobError as error:
            errors.append(error)
    if not scenes:
        raise errors[0]
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


def _check_image(card, path):
    known = describe_image(path)
    check_bands(card, os.path.basename(path), known.names)
    if known.dtype != card.dtype:
        raise JobError(
            f'"{os.path.basename(path)}" has values of type {known.dtype}; the model was trained '
            f"on {card.dtype}.",
            "Convert the image to the type of the training images.",
        )


def _find(finder, scene, area, share, least, progress, seen):
    """Objects of a scene; an image that cannot be decoded has none, and a warning."""
    whole = 0, 0, scene.height, scene.width
    try:
        return finder.find(scene, area or whole, share, progress, least, seen)
    except JobError as error:
        if area or hasattr(scene.source, "raster"):
            raise
        progress.warning(f"Left out: {error.found}")
        return finder.nothing()
    finally:
        scene.source.close()


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
