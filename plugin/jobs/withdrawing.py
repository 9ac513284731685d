"""What a job puts in place stays for good when the job is done; until then all can be withdrawn.

A job with several outputs puts one after the other in place; if it ends in between, those that are
there already would tell of a result that is none. So until it is done two files lie beside each
place: ``<path>.<pid>.part.before`` is what was there before the job, if anything was, and
``<path>.<pid>.part.made`` names what the job has put there, each file by its number on the file system,
its size and when it was changed. Both are written before the place changes, however often it does.
Whoever clears up after a job that failed, was cancelled or killed takes away what it has made and no
other file, and puts back what was there. Where another process has written meanwhile its file stays,
and the older one becomes ``<path>.before``. A trained model may stay if something goes wrong after it,
such as its report: it took the time.
"""

import os
import re
from contextlib import contextmanager, suppress

from .declare import declared
from .model_library import ENDING
from .placing import Place, move, remove, remove_empty

BESIDE = ".aux.xml", ".ovr", ".msk"  # what GDAL and QGIS may put beside a file
_MARK = re.compile(
    r"(?P<beside>(?P<path>.*)\.\d+(?:@[\w.-]+)?\.part)\.(?:before|made)"
    r"(?P<ending>\.aux\.xml|\.ovr|\.msk|)",
    re.DOTALL,
)
_DONE = "done"
_TRIES = 10  # to find a place as it was a moment before
_now = None


class Results:
    """What has been put in place so far.

    Parameters
    ----------
    places : sequence of str
        Files and folders that are awaited.
    folders : sequence of str
        Those of them that are folders.
    """

    def __init__(self, places, folders=()):
        self._awaited, self._placed = tuple(map(os.path.abspath, places)), {}
        self._folders = [place for place in folders if not os.path.lexists(place)]

    def covers(self, path):
        """Whether a path is an output, lies in one that is a folder, or right beside one."""
        known = {place + ending for place in self._awaited for ending in ("", *BESIDE)}
        return path in known or path.startswith(tuple(p + os.sep for p in self._awaited))

    def has(self, place):
        """Whether something has been put into a place, or taken away there."""
        return place.path in self._placed

    def remember(self, place):
        """Something has been put into a place, or taken away there."""
        self._placed[place.path] = place

    def models(self):
        """Models that have been put in place."""
        return [path for path in self._placed if path.endswith(ENDING)]

    def keep(self):
        """All stays for good, from the moment on when a file says that the job is done."""
        placed = [*self._placed.values()]
        done = [f"{place.beside}.{_DONE}" for place in placed[:1]]
        for path in done:
            with suppress(OSError):
                open(path, "xb").close()
        for place in placed:
            place.keep()
        for path in done:
            remove(path)
        self._placed.clear()

    def withdraw(self, but=()):
        """What was there before the job is there again, `but` for some files, which stay.

        Returns
        -------
        dict of str to str
            Where the older file is now, by the path of one that another process has written meanwhile.
        """
        aside = {}
        for path, place in self._placed.items():
            if path in but:
                place.keep()
            elif kept := place.withdraw():
                aside[path] = kept
        self._placed.clear()
        for folder in self._folders:
            remove_empty(folder)
        return aside


@contextmanager
def results_of(job):
    """Remember what a job puts in place inside; it says itself what becomes of it.

    Parameters
    ----------
    job : object
        A job that has been checked.

    Yields
    ------
    Results
    """
    parts = [part for part in declared(job) if part.is_output and getattr(job, part.name)]
    places = {getattr(job, part.name): part.kind for part in parts}
    folders = [place for place, kind in places.items() if kind == "new_folder"]
    with _remembered(Results(places, folders)) as results:
        yield results


@contextmanager
def at_once(path):
    """Let a file and what lies beside it take their places together, or none; a job decides later."""
    if _now is not None and _now.covers(os.path.abspath(path)):
        yield
        return
    with _remembered(Results([path])) as results:
        try:
            yield
        except BaseException:
            results.withdraw()
            raise
        results.keep()


@contextmanager
def _remembered(results):
    global _now
    before, _now = _now, results
    try:
        yield results
    finally:
        _now = before


def exchange(part, path, beside, ending=""):
    """Rename `part` to its place, or take away what is there if `part` is None.

    Parameters
    ----------
    part : str or None
        A file or folder that is whole.
    path : str
    beside : str
        How the names begin of what lies beside it while a job is at work.
    ending : str
        What the place has behind `path`, such as ``.aux.xml``.

    Raises
    ------
    OSError
        If it cannot be done, such as where a folder holds something; all is as it was.
    """
    place = Place(os.path.abspath(path), os.path.abspath(beside), ending)
    for left in reversed(range(_TRIES)):
        if part is None and not os.path.lexists(place.path):
            return
        try:
            return _exchange(part, place)
        except FileNotFoundError:  # most often another process has taken away what was there
            if not left:
                raise


def _exchange(part, place):
    if _now is None or not _now.covers(place.path):
        move(part, place.path)
        return
    try:
        if not _now.has(place):
            place.leave()
        if part is not None:
            place.tell(part)
        move(part, place.path)
    except OSError:
        if not _now.has(place):
            place.withdraw()
        raise
    _now.remember(place)


def clear_up(paths):
    """Withdraw what a killed process has put in place, unless its job was done; a model stays.

    Parameters
    ----------
    paths : sequence of str
        All that the process has left, of all results of its job.

    Returns
    -------
    list of str
        What does not tell of a place.
    """
    is_done = any(path.endswith(f".part.{_DONE}") for path in paths)
    known = {path: _MARK.fullmatch(path) for path in paths}
    marks = filter(None, known.values())
    for path, beside, ending in {mark.group("path", "beside", "ending") for mark in marks}:
        place = Place(path, beside, ending)
        if is_done or (path.endswith(ENDING) and place.is_made()):
            place.keep()
        else:
            place.withdraw()
    return [path for path, mark in known.items() if not mark]
