"""What a job has written whole before it failed or was cancelled is taken back.

A job with several outputs puts one after the other in place; if it ends in between, those that are
there already would tell of a result that is none. What was there before the job stays, and so
does what another process has written there meanwhile. A trained model stays too if something goes
wrong after it, such as its report: it took the time.
"""

import os
import shutil

from .declare import declared
from .model_library import ENDING
from .places import is_ours

_ASIDE = ("", ".aux.xml", ".ovr", ".msk")


class Fresh:
    """The outputs of a job at whose places there is nothing yet.

    Parameters
    ----------
    job : object
        A job that has been checked.
    """

    def __init__(self, job):
        parts = [part for part in declared(job) if part.is_output]
        self._folders = _free(job, [part for part in parts if part.kind == "new_folder"])
        self._files = _free(job, [part for part in parts if part.kind != "new_folder"])

    def models(self):
        """Models that this process has put there."""
        return [path for path in filter(is_ours, self._files) if path.endswith(ENDING)]

    def withdraw(self, but=()):
        """Remove what this process has put there, `but` some files."""
        for path in (path for path in filter(is_ours, self._files) if path not in but):
            for place in (path + ending for ending in _ASIDE):
                if os.path.isfile(place):
                    _remove(place)
        for path, was_there in self._folders.items():
            if os.path.isdir(path):
                _empty(path)
                if was_there:
                    os.makedirs(path, exist_ok=True)


def _free(job, parts):
    """Places where there is nothing, or an empty folder; whether there is one."""
    paths = [getattr(job, part.name) for part in parts]
    return {path: os.path.isdir(path) for path in filter(None, paths) if _is_free(path)}


def _empty(folder):
    """Remove a folder that was put in place whole, or what was put into it file by file."""
    if is_ours(folder):
        shutil.rmtree(folder, ignore_errors=True)
        return
    for place, _, files in os.walk(folder, topdown=False):
        for path in (os.path.join(place, name) for name in files):
            if is_ours(path):
                _remove(path)
        if not os.listdir(place):
            os.rmdir(place)


def _is_free(path):
    try:
        return not os.listdir(path)
    except NotADirectoryError:
        return False
    except OSError:
        return not os.path.lexists(path)


def _remove(place):
    try:
        os.remove(place)
    except OSError:
        return  # held open by another program, or gone already
