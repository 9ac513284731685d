"""Room on a disk, and what goes wrong on it, in a user's words."""

import os
import shutil
from contextlib import contextmanager

from rasterio.errors import RasterioError

from ...jobs.errors import JobError
from .opening import reasons

_SPARE_BYTES = 2**20


def check_space(folder, wanted):
    """Refuse to begin if a folder's disk has less than `wanted` bytes left, or is none."""
    disk = shutil.disk_usage(folder)
    if not disk.total:  # such as /proc
        raise JobError(
            f'Nothing can be written in "{folder}".', "Choose a folder you may write to."
        )
    free = disk.free - _SPARE_BYTES
    if free < wanted:
        raise JobError(
            f"The output may need {_size(wanted)}; the disk has {_size(max(free, 0))} left.",
            "Free some space, or write to another disk.",
        )


def _size(count):
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


@contextmanager
def writing(path):
    """Turn whatever goes wrong while writing into a `JobError`."""
    try:
        yield
    except (RasterioError, OSError) as error:
        raise unwritable(path, error) from error


def unwritable(path, error):
    """The `JobError` for a file that cannot be written."""
    name, folder = os.path.basename(path), os.path.dirname(os.path.abspath(path))
    said = reasons(error)
    full = os.path.isdir(folder) and shutil.disk_usage(folder).free < _SPARE_BYTES
    if full or "No space left" in said:
        return JobError(
            f'The disk is full: "{name}" cannot be written.',
            "Free some space, or write to another disk.",
            trace=said,
        )
    return JobError(
        f'"{name}" cannot be written in "{folder}".', "Choose a folder you may write to.", said
    )
