"""A lock between processes that is free again after a crash.

The operating system holds the lock on an open file and lets go of it when the process ends,
however it ends. The file itself stays; it says nothing.
"""

import errno
import os
import time
from contextlib import contextmanager

from .jobs.errors import JobError

if os.name == "nt":
    import msvcrt
else:
    import fcntl

_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
SECONDS_BETWEEN_TRIES = 0.2


@contextmanager
def only_one(path, while_waiting):
    """Hold the lock `path`; wait as long as another process or thread holds it.

    Parameters
    ----------
    path : str
        The lock's file; it is made if missing.
    while_waiting : callable
        Called between tries, five times a second; it may raise, such as `Stopped`.

    Raises
    ------
    JobError
        If the file system has no locks.
    """
    with open(path, "a+b") as file:
        while not _try_to_lock(file):
            while_waiting()
            time.sleep(SECONDS_BETWEEN_TRIES)
        try:
            yield
        finally:
            _unlock(file)


def _try_to_lock(file):
    try:
        if os.name == "nt":
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise JobError(
            f'The folder "{os.path.dirname(file.name)}" cannot be locked: {error.strerror}.',
            "Set DEEPGEOLOGY_HOME to a folder on a local disk.",
        ) from error
    return True


def _unlock(file):
    if os.name == "nt":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
