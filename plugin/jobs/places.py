"""Where a job writes before it is done, and what is left there when it dies.

Nothing of the user's is overwritten half-way: the engine writes ``<final name>.<pid>.part`` in
the folder of the final name and renames it at the end. The number is the engine's process id,
so that the leftovers of a killed engine are found by it and those of another one are not
touched. A folder is written the same way, or its files are, each for itself.
"""

import os
import shutil
from contextlib import contextmanager

from .checkpoints import beside
from .declare import declared
from .errors import JobError

READ_KINDS = (
    "raster", "rasters", "raster_or_images", "features", "catalog", "folder", "file", "model_file",
    "images",
)  # fmt: skip
_RASTER_ENDINGS = ".tif", ".tiff"
_FEATURE_ENDINGS = ".geojson", ".json"


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
        ``<path>.<pid>.part``, in the same folder, so that a rename is all it takes.
    """
    return f"{os.fspath(path)}.{os.getpid() if pid is None else pid}.part"


_placed = {}  # what this process has put in place: which file it is, by its path


def put_in_place(part, path):
    """Rename a file or folder that is whole to its final name; `is_ours` knows it again."""
    os.replace(part, path)
    _placed[os.path.abspath(path)] = _which(path)


def is_ours(path):
    """Whether what is at a path was put there by this process, and not by another one."""
    return _placed.get(os.path.abspath(path), 0) == _which(path)


def _which(path):
    try:
        known = os.lstat(path)
    except OSError:
        return None
    return known.st_dev, known.st_ino


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


def refuse_no_place(job):
    """Refuse a result that has no place to go to, or whose name promises another format.

    Parameters
    ----------
    job : object
        A job; in QGIS the dialog has refused this already, a job file nobody has looked at. It
        may go without its report.

    Raises
    ------
    JobError
    """
    for part in declared(job):
        path, name = getattr(job, part.name) if part.is_output else None, part.name.upper()
        if part.is_output and not path and not part.optional and part.extension != "html":
            example = f", such as result.{part.extension}" if part.extension else ""
            raise JobError(f"{part.label} is missing.", f"Give {name} a place{example}.")
        if path:
            _refuse_ending(part, path)


def _refuse_ending(part, path):
    name, ending = part.name.upper(), os.path.splitext(path)[1].lower()
    if part.kind == "new_raster" and ending not in _RASTER_ENDINGS:
        raise JobError(
            f'{part.label} is "{path}", which does not end in .tif.',
            f"Give {name} a name that ends in .tif: rasters are written as GeoTIFF.",
        )
    if part.kind == "new_features" and ending not in _FEATURE_ENDINGS:
        raise JobError(
            f'{part.label} is "{path}", which does not end in .geojson.',
            f"Give {name} a name that ends in .geojson: the engine writes features as GeoJSON.",
        )


def refuse_missing_layers(job):
    """Refuse a layer whose file is not there; in QGIS it has only a name until it is written.

    Parameters
    ----------
    job : object
        A job, as the engine gets it.

    Raises
    ------
    JobError
    """
    for part in declared(job):
        path = getattr(job, part.name) if part.kind in ("features", "catalog") else None
        if path and not os.path.isfile(path):
            raise JobError(
                f'{part.label} is "{path}", which is not a file that exists.',
                "Choose an existing file.",
            )


def refuse_clashes(job):
    """Refuse an output that would take the place of an input or of another output.

    Parameters
    ----------
    job : object
        A job; in QGIS the dialog has refused this already, a job file nobody has looked at.

    Raises
    ------
    JobError
    """
    parts, taken = declared(job), {}
    for part in parts:
        given = getattr(job, part.name) if part.kind in READ_KINDS else None
        for path in given if isinstance(given, (list, tuple)) else [given]:
            taken[_same(path)] = ""
    for part in parts:
        path = getattr(job, part.name) if part.is_output else None
        if not path:
            continue
        other, name = taken.get(_same(path)), part.name.upper()
        if other == "":
            found = f'"{os.path.basename(path)}" is read by this job and cannot be written by it.'
            raise JobError(found, f"Choose another name for {name}.")
        if other:
            raise JobError(
                f"{other} and {name} are the same file.", "Choose another name for one of them."
            )
        taken[_same(path)] = name


def is_same_file(first, second):
    """Whether two paths lead to one place."""
    return _same(first) == _same(second)


def _same(path):
    return os.path.normcase(os.path.realpath(path)) if isinstance(path, str) and path else None


def sweep(job_class, values, pid=None):
    """Remove what process `pid` left half-written beside the outputs of a job.

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
    for place in found:
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
