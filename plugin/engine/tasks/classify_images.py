"""Classify image files."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np

from ...jobs.errors import JobError
from ..classification import (
    attributes,
    check_bands,
    columns,
    describe_for,
    say_counts,
    say_taken,
    warn_of_scale,
)
from ..classifier import load_classifier
from ..image_folders import IMAGE_ENDINGS, image_files
from ..image_places import image_points
from ..prediction import Patches, probabilities
from ..rasters import read_image
from ..vectors import Feature, write_features

_AT_ONCE = 64
_THREADS = 4
_NAMED = 10


def run(job, progress):
    """Classify an image, or every image in a folder and its subfolders.

    Images that cannot be read are named in warnings and left out.

    Returns
    -------
    dict
        OUTPUT.

    Raises
    ------
    JobError
        If there is no image that can be read, or the images are not such as the model knows.
    """
    classifier = load_classifier(job.model, job.device, job.batch_size)
    card = classifier.card
    images = _describe(card, _paths(job.input), job.input, progress.part(0.0, 0.1))
    images = _such_as_known(card, images, progress)
    chances = _classify(classifier, images, progress.part(0.1, 1.0))
    known = np.flatnonzero(~np.isnan(chances[:, 0]))
    if not len(known):
        raise _nothing_read(job.input, len(images))
    counts = np.bincount(chances[known].argmax(axis=1), minlength=len(card.classes))
    say_counts(card, counts, "images", progress)
    if not job.output:
        return {}
    points, crs = image_points([images[index] for index in known])
    rows = [
        Feature(number, point, {"path": images[index].path, **attributes(card, chances[index])})
        for number, (index, point) in enumerate(zip(known, points, strict=True), 1)
    ]
    write_features(job.output, rows, [("path", "text"), *columns(card)], crs)
    return {"OUTPUT": job.output}


def _paths(place):
    """Paths of the images, as a person would sort them: image 2 before image 10."""
    place = os.path.abspath(place)
    if not os.path.isdir(place):
        return [place]
    found = sorted(image_files(place), key=_natural)
    if not found:
        raise JobError(
            f'Folder "{place}" has no image.',
            f"Choose a folder with images ({', '.join(IMAGE_ENDINGS)}).",
        )
    return [os.path.join(place, name) for name in found]


def _natural(name):
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts if part]


def _describe(card, paths, place, progress):
    """Describe the images that can be opened; warn of the others."""
    described, errors = [], []
    for number, path in enumerate(paths, 1):
        progress(number / len(paths), f"Image {number:,} of {len(paths):,}")
        try:
            described.append(describe_for(card, path))
        except JobError as error:
            errors.append(error)
    if not described:
        raise errors[0] if len(errors) == 1 else _nothing_read(place, len(errors))
    _warn(errors, progress)
    return described


def _warn(errors, progress):
    for error in errors[:_NAMED]:
        progress.warning(f"Left out: {error.found}")
    if len(errors) > _NAMED:
        progress.warning(f"Left out: {len(errors) - _NAMED:,} more that cannot be read.")


def _nothing_read(place, count):
    return JobError(
        f'No image in "{place}" can be read, of {count:,}.',
        "Copy them again, or convert them to PNG or TIFF.",
    )


def _such_as_known(card, images, progress):
    """Leave out images that are not such as the model knows; refuse if none is."""
    whys = [_why_unknown(card, image) for image in images]
    known = [image for image, why in zip(images, whys, strict=True) if why is None]
    if not known:
        raise whys[0]
    _warn([why for why in whys if why is not None], progress)
    say_taken(card, [image.numbers for image in known], progress)
    scales = [image.gsd for image in known if image.gsd]
    if scales:
        middle = float(np.median(scales))
        warn_of_scale(card, os.path.basename(os.path.dirname(known[0].path)), middle, progress)
    return known


def _why_unknown(card, image):
    """Why the model cannot take an image, as a `JobError`; None if it can."""
    name = os.path.basename(image.path)
    try:
        check_bands(card, name, image.names)
    except JobError as error:
        return error
    if image.dtype != card.dtype:
        return JobError(
            f'"{name}" has values of type {image.dtype}; the model was trained on {card.dtype}.',
            f"Convert the images to {card.dtype} as those of the training were, or remove them.",
        )
    return None


def _classify(classifier, images, progress):
    """Probabilities (image, class), NaN where an image could not be read."""
    chances = np.full((len(images), len(classifier.card.classes)), np.nan, np.float32)
    errors, patches = [], _read(classifier, images)
    with closing(probabilities(classifier, patches, len(images), progress, "Image")) as coming:
        for keys, some in coming:
            chances[keys] = some
    for image, chance in zip(images, chances, strict=True):
        if np.isnan(chance[0]):
            errors.append(JobError(f'"{os.path.basename(image.path)}" cannot be read whole.'))
    if len(errors) < len(images):
        _warn(errors, progress)
    return chances


def _read(classifier, images):
    """Read the images as squares that the network takes, some at once."""
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(images), _AT_ONCE):
            some = images[start : start + _AT_ONCE]
            squares = list(pool.map(lambda image: _square(classifier, image), some))
            usable = np.array([square is not None for square in squares])
            kept = [square for square in squares if square is not None]
            stack = np.stack(kept) if kept else np.zeros((0, 1, 1, 1), np.float32)
            yield Patches(np.arange(start, start + len(some)), usable, stack)


def _square(classifier, image):
    """An image as the training saw its kind, or None if it is damaged or holds no data."""
    try:
        values, valid = read_image(image.path, classifier.card.patch, image.numbers)
    except JobError:
        return None
    square = classifier.fit(values, valid)
    return square if np.isfinite(square).any() else None
