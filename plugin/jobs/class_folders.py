"""Folders of images with a subfolder for every class."""

import os

from .errors import JobError

_LAYOUT = (
    "Make one subfolder per class and put the images of a class in it; if this folder is one of the "
    "classes, choose the folder above it."
)


def subfolders(root):
    """Names of the subfolders of a folder, sorted, without hidden ones."""
    with os.scandir(root) as entries:
        return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))


def check_classes(root, names):
    """Refuse a folder with fewer than two classes.

    Parameters
    ----------
    root : str
    names : list of str
        Of the subfolders, those with images if that is known.

    Raises
    ------
    JobError
    """
    if not names:
        raise JobError(f'Folder "{root}" has no subfolder with images (JPEG, PNG, TIFF).', _LAYOUT)
    if len(names) == 1:
        raise JobError(
            f'Folder "{root}" has one class only: "{names[0]}". A classifier needs at least two.',
            _LAYOUT,
        )
