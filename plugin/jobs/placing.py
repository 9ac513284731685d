"""The place of a result: what was there lies beside it, and can be put back, until the job is done."""

import os
import shutil
from contextlib import suppress
from itertools import count

# How to link a link itself, where the system can.
_ITSELF = {"follow_symlinks": False} if os.link in os.supports_follow_symlinks else {}


class Place:
    """Where a result is put, and what lies beside it until the job is done.

    Parameters
    ----------
    path : str
        Absolute.
    beside : str
        How the names of what lies beside it begin.
    ending : str
        What the place has behind `path`, such as ``.aux.xml``.
    """

    def __init__(self, path, beside, ending):
        self.path, self.beside = path + ending, beside
        self._before, self._made = f"{beside}.before{ending}", f"{beside}.made{ending}"

    def leave(self):
        """Let what is there lie beside; a file is linked, so that its place is never empty."""
        remove(self._made)
        if os.path.lexists(self._before):  # of a job before this one, which could not put it back
            self._set_aside()
        if _is_folder(self.path):
            os.mkdir(self._before)
            shutil.copystat(self.path, self._before)
            os.rmdir(self.path)  # refused unless it is empty
        elif os.path.isdir(self.path):  # a link
            os.rename(self.path, self._before)
        elif os.path.lexists(self.path):
            try:
                os.link(self.path, self._before, **_ITSELF)
            except (OSError, NotImplementedError):  # a file system without links
                os.rename(self.path, self._before)

    def tell(self, part):
        """Tell beside what the job is about to put there."""
        with open(self._made, "a", encoding="ascii") as file:
            file.writelines(f"{_identity(path)}\n" for path in _files(part))

    def is_made(self):
        """Whether the file that is there is one that the job has put there."""
        return _identity(self.path) in self._told()

    def keep(self):
        """What is there stays for good."""
        remove(self._made)
        remove(self._before)

    def withdraw(self):
        """Take away what the job has made, and put back what was there.

        Returns
        -------
        str or None
            Where that is now, if another process has written there meanwhile.
        """
        try:
            aside = self._give_back()
        except OSError:
            return None  # such as a file that another program holds open: who clears up later tries again
        remove(self._made)
        return aside

    def _give_back(self):
        told, was_there = self._told(), os.path.lexists(self._before)
        if told and _is_folder(self.path):
            _remove_files(self.path, told)
        if _identity(self.path) not in (None, *told):
            return self._spare() if was_there else None
        if was_there:
            os.replace(self._before, self.path)
        elif os.path.lexists(self.path):
            os.remove(self.path)
        return None

    def _spare(self):
        """Keep what was there beside what is there; gives where, unless it is the same or empty."""
        if _is_folder(self._before) or _identity(self._before) == _identity(self.path):
            remove(self._before)
            return None
        return self._set_aside()

    def _set_aside(self):
        names = (f"{self.path}.before{number or ''}" for number in count())
        aside = next(name for name in names if not os.path.lexists(name))
        os.rename(self._before, aside)
        return aside

    def _told(self):
        try:
            with open(self._made, encoding="ascii") as file:
                return set(file.read().split("\n"))
        except FileNotFoundError:
            return set()


def move(part, place):
    """Rename a file or folder to its place, or take away what is there if `part` is None."""
    if part is not None:
        if os.path.isdir(part) and os.path.isdir(place):
            os.rmdir(place)  # it is empty; not every system renames over it
        os.replace(part, place)
    elif os.path.lexists(place):
        os.remove(place)


def _identity(path):
    """What tells a file from any other, and from itself after a change; None if there is none."""
    try:
        known = os.lstat(path)
    except OSError:
        return None
    return f"{known.st_ino} {known.st_size} {known.st_mtime_ns}"


def _is_folder(path):
    return os.path.isdir(path) and not os.path.islink(path)


def _files(path):
    """A file, or all that are in a folder and those in it."""
    if not _is_folder(path):
        return [path]
    return [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]


def _remove_files(folder, told):
    """Remove the files of a folder that are told, and folders that are empty then."""
    for path in _files(folder):
        if _identity(path) in told:
            os.remove(path)
    remove_empty(folder)


def remove_empty(folder):
    """Remove a folder and those in it, as far as nothing lies in them."""
    for path, _, _ in os.walk(folder, topdown=False):
        remove(path)


def remove(path):
    """Remove a file or an empty folder, if that can be done."""
    with suppress(OSError):
        if _is_folder(path):
            os.rmdir(path)
        else:
            os.remove(path)
