"""What identifies the inputs of a job: their content where that is small, else size and time."""

import hashlib
import os
from itertools import islice

from ..jobs.declare import declared
from ..jobs.places import READ_KINDS
from .rasters import source_files

_READ_WHOLE = 2**26  # bytes
_MOST_FILES = 100_000
_MOST_TOLD = 10
_RASTERS = "raster", "rasters", "raster_or_images"


def fingerprints(job):
    """Describe every file and folder that a job reads.

    Parameters
    ----------
    job : object
        A job.

    Returns
    -------
    dict
        By parameter name a list with, for every path, ``{"path"}`` and ``{"bytes", "sha256"}`` of a
        file up to 64 MiB, ``{"bytes", "changed"}`` of a larger one, ``{"files", "sha256"}`` of a
        folder, where the digest is that of names and sizes. What is no file has its name only. A
        raster that others stand behind, as in a mosaic, has ``"parts"`` too, the digest of their
        names, sizes and times.
    """
    return {
        part.name: [
            {"path": _whole(path), **_describe(path), **_parts(part.kind, path)} for path in paths
        ]
        for part, paths in _given(job)
    }


def _given(job):
    """The parameters that name files or folders to read, with the paths that were given."""
    for part in declared(job):
        given = getattr(job, part.name) if part.kind in READ_KINDS else None
        if given:
            yield part, given if isinstance(given, (list, tuple)) else [given]


def latest_change(job):
    """When a file in the folders that a job reads was changed last, in nanoseconds; 0 without."""
    times = [0]
    for part in declared(job):
        path = getattr(job, part.name) if part.kind in READ_KINDS else None
        if isinstance(path, str) and os.path.isdir(path):
            times += [os.stat(place).st_mtime_ns for place in _files_in(path)]
    return max(times)


def _files_in(folder):
    """Paths of the files in a folder and its subfolders, of the first 100,000."""
    places = (os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    return islice(places, _MOST_FILES)


def _parts(kind, path):
    """The digest of what stands behind a raster, if anything does."""
    listed = source_files(path) if kind in _RASTERS and not os.path.isdir(path) else []
    said = [f"{place}\0{_state(place)}\n" for place in listed]
    digest = hashlib.sha256("".join(said).encode("utf-8", "surrogateescape"))
    return {"parts": digest.hexdigest()} if said else {}


def _state(path):
    try:
        known = os.stat(path)
    except (OSError, ValueError):
        return ""
    return f"{known.st_size} {known.st_mtime_ns}"


def states(job):
    """Size and time of every file that a job reads, by its path.

    Of a mosaic also of its parts; of a folder of the files in it, but for what the job writes there;
    not of a file in which the job keeps a log.
    """
    written = [getattr(job, part.name) for part in declared(job) if part.is_output]
    written = [os.path.abspath(path) for path in written if isinstance(path, str) and path]
    given = [(part, path) for part, paths in _given(job) if not part.keeps_log for path in paths]
    read = {place for part, path in given for place in _read(part, path, written)}
    return {place: _state(place) for place in sorted(read)}


def _read(part, path, written):
    """Paths of the files that are read where one path is given."""
    if not isinstance(path, str):
        return ()
    if os.path.isdir(path):
        return [place for place in _files_in(path) if not _is_of(place, written)]
    if not os.path.isfile(path):
        return ()
    return [path, *(source_files(path) if part.kind in _RASTERS else ())]


def _is_of(place, written):
    """Whether a file is an output, in one, or beside it as a checkpoint is."""
    place = os.path.abspath(place)
    return any(place == path or place.startswith((path + os.sep, path + ".")) for path in written)


def changed(before):
    """Names of the files that are gone or other ones than when `before` was told by `states`.

    Of many the first ten.
    """
    others = (os.path.basename(path) for path in before if _state(path) != before[path])
    return list(islice(others, _MOST_TOLD))


def same_inputs(first, second):
    """Names of the parameters whose files differ between two results of `fingerprints`."""
    names = sorted({*first, *second})
    return [name for name in names if _marks(first.get(name)) != _marks(second.get(name))]


def _whole(path):
    """The whole path of a file; what is none, such as a part of a container, stays as it is."""
    return os.path.abspath(path) if os.path.exists(path) else path


def _marks(described):
    """What must be equal: a small file may have moved, as copies of layers do."""
    return [
        {key: value for key, value in one.items() if key != "path" or "sha256" not in one}
        for one in described or ()
    ]


def _describe(path):
    try:
        if os.path.isdir(path):
            return _describe_folder(path)
        size = os.path.getsize(path)
        if size > _READ_WHOLE:
            return {"bytes": size, "changed": os.stat(path).st_mtime_ns}
        with open(path, "rb") as file:
            return {"bytes": size, "sha256": hashlib.sha256(file.read()).hexdigest()}
    except (OSError, ValueError):
        return {}


def _describe_folder(path):
    listed = hashlib.sha256()
    count = 0
    for folder, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            place = os.path.join(folder, name)
            said = f"{os.path.relpath(place, path)}\0{os.path.getsize(place)}\n"
            listed.update(said.encode("utf-8", "surrogateescape"))
            count += 1
            if count >= _MOST_FILES:
                return {"files": count, "sha256": listed.hexdigest()}
    return {"files": count, "sha256": listed.hexdigest()}
