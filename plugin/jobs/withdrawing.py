"""What a job puts in place stays for good when the job is done; until then all can be withdrawn.

A job with several outputs puts one after the other in place; if it ends in between, those that are
there already would tell of a result that is none. So a file that gives way to a result stays beside
it, as ``<path>.<pid>.part.<number>.before``, and where there was nothing lies an empty file that ends
in ``.nothing``. The number is that of the result on its file system: what another process has put
there since is never touched. Whoever clears up after a job that failed, was cancelled or killed does
what these marks tell. A trained model may stay if something goes wrong after it, such as its report:
it took the time.
"""

import os
import re
import shutil
from contextlib import contextmanager, suppress

from .declare import declared
from .model_library import ENDING

BESIDE = ".aux.xml", ".ovr", ".msk"  # what GDAL and QGIS may put beside a file
_MARK = re.compile(
    r"(?P<part>(?P<path>.*)\.\d+(?:@[\w.-]+)?\.part)\.(?P<number>\d+)"
    r"\.(?P<kind>before|nothing)(?P<ending>\.aux\.xml|\.ovr|\.msk|)",
    re.DOTALL,
)
_DONE = "done"
# How to link a link itself, where the system can.
_ITSELF = {"follow_symlinks": False} if os.link in os.supports_follow_symlinks else {}
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
        self._places, self._marks = tuple(map(os.path.abspath, places)), {}
        self._folders = [place for place in folders if not os.path.lexists(place)]

    def covers(self, place):
        """Whether a path is an output, lies in one that is a folder, or right beside one."""
        known = {place + ending for place in self._places for ending in ("", *BESIDE)}
        return place in known or place.startswith(tuple(p + os.sep for p in self._places))

    def remember(self, place, mark):
        """Keep the mark of a place; the first one tells what was there before the job."""
        first = self._marks.get(place)
        if first is not None:
            _remove(mark)
            known, number = _MARK.fullmatch(first), _MARK.fullmatch(mark)["number"]
            mark = f"{known['part']}.{number}.{known['kind']}{known['ending']}"
            os.rename(first, mark)
        self._marks[place] = mark

    def models(self):
        """Models that have been put in place."""
        return [place for place in self._marks if place.endswith(ENDING)]

    def keep(self):
        """All stays for good, from the moment on when a file says that the job is done."""
        marks = [*self._marks.values()]
        done = [f"{_MARK.fullmatch(mark)['part']}.{_DONE}" for mark in marks[:1]]
        for place in done:
            with suppress(OSError):
                open(place, "xb").close()
        for mark in [*marks, *done]:
            _remove(mark)
        self._marks.clear()

    def withdraw(self, but=()):
        """What was there before the job is there again, `but` for some files, which stay."""
        for place, mark in reversed(self._marks.items()):
            if place in but:
                _remove(mark)
            else:
                _withdraw(mark)
        self._marks.clear()
        for folder in self._folders:
            _remove_empty(folder)


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


def exchange(part, place, mark):
    """Rename `part` to `place`, or take `place` away if `part` is None; marked while a job is at work.

    Parameters
    ----------
    part : str or None
        A file or folder that is whole.
    place : str
    mark : callable
        ``mark(what)`` gives the path of a mark; `what` is ``"<number>.before"`` or the like.

    Raises
    ------
    OSError
        If it cannot be done; all is as it was.
    """
    place = os.path.abspath(place)
    for left in reversed(range(_TRIES)):
        if part is None and not os.path.lexists(place):
            return
        try:
            return _exchange(part, place, mark)
        except FileNotFoundError:  # most often another process has taken away what was there
            if not left:
                raise


def _exchange(part, place, mark):
    if _now is None or not _now.covers(place):
        _move(part, place)
        return
    number = 0 if part is None else _number(part)
    left = mark(f"{number}.{'before' if os.path.lexists(place) else 'nothing'}")
    _leave(place, left, gives_way=part is None)
    try:
        _move(part, place)
    except OSError:
        if not os.path.lexists(place) and _MARK.fullmatch(left)["kind"] == "before":
            os.replace(left, place)
        _remove(left)
        raise
    _now.remember(place, left)


def clear_up(places):
    """Do what the marks among some files of a killed process tell; a model stays.

    Parameters
    ----------
    places : sequence of str
        All that the process has left, of all results of its job.

    Returns
    -------
    list of str
        What is no mark.
    """
    is_done = any(place.endswith(f".part.{_DONE}") for place in places)
    rest = []
    for place in places:
        known = _MARK.fullmatch(place)
        if known and not is_done and not known["path"].endswith(ENDING):
            _withdraw(place)
        elif known:
            _remove(place)
        else:
            rest.append(place)
    return rest


def _withdraw(mark):
    """Do what a mark tells, unless another process has put something else in the place."""
    known = _MARK.fullmatch(mark)
    place, was_there = known["path"] + known["ending"], known["kind"] == "before"
    if _number(place) in (None, int(known["number"])):
        if not was_there or os.path.isdir(place):
            _remove(place)
        if was_there:
            with suppress(OSError):  # such as a file that another program holds open
                os.replace(mark, place)
            return
    _remove(mark)


def _leave(place, mark, gives_way):
    """Leave a mark; a file is linked, so that its place is never empty."""
    if not os.path.lexists(place):
        open(mark, "xb").close()
    elif gives_way or os.path.isdir(place):
        os.rename(place, mark)
    else:
        try:
            os.link(place, mark, **_ITSELF)
        except (OSError, NotImplementedError):  # a file system without links
            os.rename(place, mark)


def _move(part, place):
    if part is not None:
        if os.path.isdir(part) and os.path.isdir(place):
            os.rmdir(place)  # it is empty; not every system renames over it
        os.replace(part, place)
    elif os.path.lexists(place):
        os.remove(place)


def _number(path):
    try:
        return os.lstat(path).st_ino
    except OSError:
        return None


def _remove_empty(folder):
    """Remove a folder and those in it, as far as nothing lies in them."""
    for place, _, _ in os.walk(folder, topdown=False):
        if not os.listdir(place):
            os.rmdir(place)


def _remove(place):
    try:
        if os.path.isdir(place) and not os.path.islink(place):
            shutil.rmtree(place, ignore_errors=True)
        elif os.path.lexists(place):
            os.remove(place)
    except OSError:
        return  # held open by another program
