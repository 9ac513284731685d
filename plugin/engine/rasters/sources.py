"""Which files stand behind a raster."""

import os

from ...jobs.errors import JobError
from .opening import opened

_NOTES = ".aux.xml", ".ovr"  # QGIS adds them to any raster; no value hangs on them
_MOST = 100_000


def source_files(path):
    """List the files that a raster's values come from and that its own bytes do not tell of.

    Parameters
    ----------
    path : str

    Returns
    -------
    list of str
        Parts of a mosaic, also of one in it, a mask, the file around a layer; sorted. Empty if
        there are none, or if the raster cannot be opened.
    """
    found, left = set(), [path]
    while left and len(found) < _MOST:
        one = left.pop()
        for behind in map(_outermost, _named(one)):
            if behind not in found and behind != one and not behind.endswith(_NOTES):
                found.add(behind)
                left += [behind] if behind.lower().endswith(".vrt") else []
    return sorted(found - {path})


def _named(path):
    try:
        with opened(path) as dataset:
            return list(dataset.files)
    except JobError:
        return []


def _outermost(path):
    """The file itself, or the archive that it is in, such as that of ``/vsizip/a.zip/b.tif``."""
    if not path.startswith("/vsi"):
        return path
    place = path.split("/", 2)[-1]
    for candidate in (place, f"/{place}"):
        while candidate.strip("/") and not os.path.isfile(candidate):
            candidate = os.path.dirname(candidate)
        if os.path.isfile(candidate):
            return candidate
    return path
