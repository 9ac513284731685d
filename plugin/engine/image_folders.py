"""Image files in folders, with a subfolder per class."""

import os
from dataclasses import dataclass

import numpy as np

from ..jobs.class_folders import check_classes, subfolders
from ..jobs.errors import JobError

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff")


@dataclass(frozen=True)
class Found:
    """Image files by class, not yet read: paths relative to the root, and class numbers."""

    root: str
    paths: list
    labels: np.ndarray
    class_names: list


def find_samples(root):
    """Find the images in a folder with a subfolder per class.

    Parameters
    ----------
    root : str

    Returns
    -------
    Found

    Raises
    ------
    JobError
        If there are no subfolders with images, only one class, or a class with one image.
    """
    by_class = {name: image_files(os.path.join(root, name)) for name in subfolders(root)}
    by_class = {name: files for name, files in by_class.items() if files}
    check_classes(root, list(by_class))
    _refuse_lonely(by_class)
    paths, labels = [], []
    for label, (name, files) in enumerate(by_class.items()):
        paths += [os.path.join(name, file) for file in files]
        labels += [label] * len(files)
    return Found(root, paths, np.array(labels), list(by_class))


def image_files(folder):
    """List image files in a folder and its subfolders, relative to it, sorted."""
    found = []
    for parent, _, names in os.walk(folder):
        inside = os.path.relpath(parent, folder)
        found += [
            os.path.normpath(os.path.join(inside, name))
            for name in names
            if name.lower().endswith(IMAGE_ENDINGS)
            and not name.startswith(".")
            and os.path.isfile(os.path.join(parent, name))
        ]
    return sorted(found)


def _refuse_lonely(by_class):
    lonely = [name for name, files in by_class.items() if len(files) < 2]
    if lonely:
        raise JobError(
            f'Class "{lonely[0]}" has one image; one must train and another must test.',
            "Add images to that class (30 are a good beginning), or remove its subfolder.",
        )
