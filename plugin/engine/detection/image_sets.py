"""Folders of images with YOLO labels or a COCO file, as a collection of scenes."""

import hashlib
import os
from collections import Counter

import numpy as np

from ...jobs.errors import JobError
from ..image_folders import IMAGE_ENDINGS, image_files
from . import coco, yolo
from .collection import Collection, band_names, check_alike
from .image_groups import group_images
from .scenes import ImageCache, image_scene

_WHY = {
    "empty": "have no width or no height",
    "crowd": "are crowds and no single objects",
    "no image": "belong to no image of the file",
}
_NAMED = 10


def read_images(folder, box_file, progress, class_names=None):
    """Find the images of a folder and their boxes.

    Parameters
    ----------
    folder : str
    box_file : str
        COCO file; empty for YOLO labels.
    progress : Progress
    class_names : list of str, optional
        The classes there are; others are refused. None takes those that occur.

    Returns
    -------
    Collection

    Raises
    ------
    JobError
        If there are no images or no boxes, or a label file is wrong.
    """
    paths = [os.path.join(folder, name) for name in image_files(folder)]
    if not paths:
        raise JobError(
            f'Folder "{folder}" has no image.',
            f"Choose a folder with images ({', '.join(IMAGE_ENDINGS)}).",
        )
    scenes, known, warnings = _describe(paths, folder, progress.part(0.0, 0.3))
    check_alike([(scene.name, k.bands, k.dtype) for scene, k in zip(scenes, known, strict=True)])
    read = _coco_boxes if box_file else _yolo_boxes
    scenes, kinds, more = read(scenes, folder, box_file)
    names = class_names or sorted({kind for some in kinds for kind in some})
    _give_labels(scenes, kinds, names, folder)
    scenes, digests, damaged = _digest(scenes, progress.part(0.3, 1.0))
    if not any(len(scene.boxes) for scene in scenes):
        raise JobError(
            f'No image in "{folder}" has a box that can be used.',
            "Draw boxes around the objects, and export them as YOLO labels or as a COCO file.",
        )
    groups, kept_apart, unsure = group_images(scenes, digests)
    return Collection(
        scenes, [(0, 0, s.height, s.width) for s in scenes], groups, kept_apart, names,
        band_names(known[0].names, known[0].bands), known[0].dtype,
        os.path.basename(os.path.normpath(folder)), [*unsure, *warnings, *more, *damaged],
    )  # fmt: skip


def _describe(paths, folder, progress):
    cache, scenes, known, errors = ImageCache(), [], [], []
    for number, path in enumerate(paths, 1):
        progress(number / len(paths), f"Looking at image {number:,} of {len(paths):,}")
        try:
            scene, description = image_scene(path, cache, folder)
        except JobError as error:
            errors.append(error)
            continue
        scenes.append(scene)
        known.append(description)
    if not scenes:
        raise errors[0]
    return scenes, known, _told(errors)


def _told(errors):
    told = [f"Left out: {error.found}" for error in errors[:_NAMED]]
    return told + [f"Left out: {len(errors) - _NAMED:,} more images."] * (len(errors) > _NAMED)


def _yolo_boxes(scenes, folder, _):
    left_out, kinds, unlabeled = Counter(), [], 0
    for scene in scenes:
        path = yolo.label_path(scene.path, folder)
        unlabeled += not path
        boxes, numbers, empty = yolo.read_labels(path, scene.width, scene.height) if path else _NONE
        scene.boxes = boxes
        kinds.append(numbers)
        left_out += empty
    if unlabeled == len(scenes):
        raise JobError(
            f'No image in "{folder}" has YOLO labels ({len(scenes):,} were found).',
            'Put a text file per image beside it or in a folder named "labels", or give a COCO '
            "file in BOX_FILE.",
        )
    names = yolo.class_names(folder, [int(n) for some in kinds for n in some])
    warnings = _why(left_out)
    if unlabeled:
        warnings.append(f"Images without a label file, taken as without objects: {unlabeled:,}.")
    return scenes, [[names[int(n)] for n in some] for some in kinds], warnings


_NONE = np.zeros((0, 4)), np.zeros(0, int), Counter()


def _coco_boxes(scenes, folder, path):
    drawn, left_out = coco.read_coco(path)
    by_base = {os.path.basename(name.replace("\\", "/")): d for name, d in drawn.items()}
    kept, kinds, odd = [], [], []
    for scene in scenes:
        here = drawn.get(scene.name.replace(os.sep, "/")) or by_base.get(
            os.path.basename(scene.name)
        )
        if here is None:
            continue
        if here.width and (here.width, here.height) != (scene.width, scene.height):
            odd.append(scene.name)
            continue
        boxes, good = coco.cut_boxes(here, scene.width, scene.height)
        left_out["empty"] += int((~good).sum())
        scene.boxes = boxes[good]
        kept.append(scene)
        kinds.append([kind for kind, keep in zip(here.classes, good, strict=True) if keep])
    _check_found(kept, drawn, odd, path, folder)
    warnings = _why(left_out)
    if len(drawn) > len(kept) + len(odd):
        missing = len(drawn) - len(kept) - len(odd)
        warnings.append(f"Images of the file that are missing: {missing:,}.")
    if odd:
        warnings.append(
            f'Images of another size than in the file: {len(odd):,}, such as "{odd[0]}".'
        )
    return kept, kinds, warnings


def _check_found(kept, drawn, odd, path, folder):
    if not kept:
        why = f"{len(odd)} have another size there" if odd else "none is in the folder"
        raise JobError(
            f'No image in "{os.path.basename(path)}" can be used, of {len(drawn):,}: {why}.',
            f'Choose the folder with the images that the file names; "{folder}" was given.',
        )


def _why(left_out):
    return [f"{count:,} boxes {_WHY[why]}; they are left out." for why, count in left_out.items()
            if count]  # fmt: skip


def _give_labels(scenes, kinds, names, folder):
    for scene, some in zip(scenes, kinds, strict=True):
        strange = sorted(set(some) - set(names))
        if strange:
            raise JobError(
                f'Class "{strange[0]}" in "{folder}" is not among those of the training: '
                f"{', '.join(names)}.",
                "Use the same classes in both folders.",
            )
        scene.labels = np.array([names.index(kind) for kind in some], int)


def _digest(scenes, progress):
    """Decode every image once: leave out those that are damaged, and know twins."""
    kept, digests, errors = [], [], []
    for number, scene in enumerate(scenes, 1):
        progress(number / len(scenes), f"Reading image {number:,} of {len(scenes):,}")
        try:
            values, _ = scene.source.cache.get(scene.path)
        except JobError as error:
            errors.append(error)
            continue
        kept.append(scene)
        digests.append(hashlib.sha256(values.tobytes()).hexdigest())
    if not kept:
        raise errors[0]
    return kept, digests, _told(errors)
