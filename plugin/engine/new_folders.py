"""A new folder of files: filled beside its final place, then put there whole."""

import os
import shutil
from contextlib import contextmanager

from ..jobs.errors import JobError
from ..jobs.places import part_path, put_in_place
from .rasters import unwritable


def refuse_used_folder(path):
    """Refuse to write into a folder that holds something.

    Raises
    ------
    JobError
        If the place is a file, or a folder that is not empty.
    """
    if os.path.lexists(path) and not os.path.isdir(path):
        raise JobError(f'"{path}" is a file, not a folder.', "Choose a new folder.")
    if os.path.isdir(path) and os.listdir(path):
        raise JobError(f'Folder "{path}" is not empty.', "Choose a new folder, or empty this one.")


@contextmanager
def new_folder(path, names=()):
    """Make a folder that is there only if everything in it was written.

    Parameters
    ----------
    path : str
        A place where nothing is, or an empty folder.
    names : iterable of str
        Subfolders to make.

    Yields
    ------
    str
        The folder to write into.

    Raises
    ------
    JobError
        As `refuse_used_folder`, at the end too; if it cannot be made.
    """
    refuse_used_folder(path)
    part = part_path(path)
    try:
        with _writing(path):
            for name in ("", *names):
                os.makedirs(os.path.join(part, name), exist_ok=True)
        yield part
        refuse_used_folder(path)  # somebody may have put something there meanwhile
        with _writing(path):
            put_in_place(part, path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _writing(path):
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error
