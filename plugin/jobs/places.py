"""Where a job writes before it is done, and what is left there when it dies.

Nothing of the user's is overwritten half-way: the engine writes ``<final name>.<pid>.part`` in
the folder of the final name and renames it at the end. The number is the engine's process id,
so that the leftovers of a killed engine are found by it and those of another one are not
touched. A folder is written the same way, or its files are, each for itself.
"""

import hashlib
import os
import re
import shutil
from contextlib import contextmanager

from .checkpoints import beside
from .declare import declared
from .withdrawing import clear_up, exchange

READ_KINDS = (
    "raster", "rasters", "raster_or_images", "features", "catalog", "folder", "file", "model_file",
    "images",
)  # fmt: skip
_LONGEST_MACHINE = 20  # letters of its name; a name of 200 has room for it and all that lies beside
_machine = ""


def part_path(path, pid=None):
    """Where to write what shall become `path`: a file or folder beside it.

    Parameters
    ----------
    path : str
        The final path.
    pid : int, optional
        Process id of the writer; this process's own if not given.

    Returns
    -------
    str
        ``<path>.<pid>.part``, in the same folder, so that a rename is all it takes. See `sign`.
    """
    return f"{os.fspath(path)}.{os.getpid() if pid is None else pid}{_machine}.part"


def sign(machine):
    """Put the machine's name behind the number: others may write into the same folder.

    Returns
    -------
    str
        What stands behind the number from now on.
    """
    global _machine
    if len(machine) > _LONGEST_MACHINE:
        digest = hashlib.sha256(os.fsencode(machine)).hexdigest()[:8]
        machine = f"{machine[: _LONGEST_MACHINE - 9]}-{digest}"
    _machine = "@" + re.sub(r"[^\w.-]", "-", machine, flags=re.ASCII)
    return _machine


def put_in_place(part, path):
    """Rename a file or folder that is whole to its final name; a job that fails withdraws it."""
    exchange(part, path, part_path(path))


def put_beside(part, path, ending):
    """Do the same with what lies beside a file, such as ``.aux.xml``; without a part, take it away."""
    exchange(part, path, part_path(path), ending)


@contextmanager
def written_whole(path, mode="w", **options):
    """Open a file beside `path` that takes its place at the end, if nothing went wrong.

    Parameters
    ----------
    path : str
        The final path; its folder is made if it is missing.
    mode, **options
        As of `open`.

    Raises
    ------
    OSError
        If it cannot be written; a file that was there stays as it was.
    """
    part = part_path(path)
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(part, mode, **options) as file:
            yield file
        put_in_place(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


def leftovers(path, pid=None):
    """List what process `pid` left half-written beside `path`, and in it if it is a folder.

    Sidecar files of a half-written file (``dem.tif.71.part.aux.xml``) belong to it.

    Returns
    -------
    list of str
        Paths of files and folders that exist, sorted.
    """
    mark = part_path("", pid)
    folder, name = os.path.split(os.path.abspath(path))
    found = [p for p in _entries(folder) if os.path.basename(p).startswith(name + mark)]
    for inside, folders, files in os.walk(path):
        found += [os.path.join(inside, f) for f in folders + files if _is_part(f, mark)]
    return sorted(found)


def is_same_file(first, second):
    """Whether two paths lead to one place."""
    return real_place(first) == real_place(second)


def real_place(path):
    """What stands for a path wherever it leads through links; None for no path."""
    return os.path.normcase(os.path.realpath(path)) if isinstance(path, str) and path else None


def sweep(job_class, values, pid=None):
    """Remove what process `pid` left half-written beside the outputs of a job, and withdraw the rest.

    Parameters
    ----------
    job_class : type
        The job's dataclass.
    values : dict
        Value by parameter name; only the outputs are looked at, and the checkpoints beside them.

    Returns
    -------
    list of str
        Paths that could not be removed.
    """
    outputs = [values.get(part.name) for part in declared(job_class) if part.is_output]
    paths = [path for path in outputs if path and isinstance(path, (str, os.PathLike))]
    paths += [beside(path) for path in paths]
    found = [place for path in paths for place in leftovers(path, pid)]
    for place in clear_up(found):
        _remove(place)
    return [place for place in found if os.path.lexists(place)]


def _entries(folder):
    try:
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    except OSError:
        return []


def _is_part(name, mark):
    return name.endswith(mark) or mark + "." in name


def _remove(place):
    if os.path.isdir(place) and not os.path.islink(place):
        shutil.rmtree(place, ignore_errors=True)
        return
    try:
        os.remove(place)
    except OSError:
        return  # still open in a dying process, or gone already: `sweep` tells which
