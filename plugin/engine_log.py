"""The engine's log files, and what the end of an engine means.

Each engine's standard error goes to a file of its own: it can print as much as it likes and
never waits for a reader. The engine itself empties its file at 20 MB; old files go here.
"""

import glob
import itertools
import os
import tempfile
import time

KEPT_FILES = 10
KEPT_BYTES = 50_000_000
_numbers = itertools.count(1)

PREPARE = 'Run "Prepare engine" again.'
SMALLER = "Choose a smaller batch size or image size, or close other programs, and run again."
AGAIN = "Run it again; if it happens again, report it with the log."
EXIT_CODES = {
    1: ("an error at its start or end", PREPARE),
    4: ("an instruction that this processor does not have", PREPARE),
    6: ("a library of the engine gave up", AGAIN),
    7: ("a file or shared memory that could not be reached, often a full disk", AGAIN),
    9: ("the system ended it, most often because the memory ran out", SMALLER),
    11: ("a library of the engine crashed", AGAIN),
    15: ("it was told to end by another program", AGAIN),
    126: ("its Python may not be run", PREPARE),
    127: ("its Python is not there any more", PREPARE),
    0xC0000005: ("a library of the engine crashed", AGAIN),
    0xC0000017: ("the memory ran out", SMALLER),
    0xC000001D: ("an instruction that this processor does not have", PREPARE),
    0xC000007B: ("a library of the engine is damaged", PREPARE),
    0xC00000FD: ("a library of the engine crashed", AGAIN),
    0xC0000135: ("a library of the engine is missing", PREPARE),
    0xC000013A: ("it was closed from outside", AGAIN),
    0xC0000142: ("a library of the engine could not start", PREPARE),
    0xC0000409: ("a library of the engine gave up", AGAIN),
}


def explain_exit(code):
    """Say what an exit code means.

    Parameters
    ----------
    code : int or None
        As `subprocess.Popen.returncode` gives it: minus the signal's number on Linux and
        macOS, 128 plus it from a shell or container, NTSTATUS on Windows.

    Returns
    -------
    tuple of str and str
        The cause, and the remedy.
    """
    if code is None:
        return "it closed its channel to QGIS", AGAIN
    known = abs(code) if code < 0 and -code < 128 else code & 0xFFFFFFFF
    if 128 < known < 128 + 64:
        known -= 128
    cause, remedy = EXIT_CODES.get(known, ("it ended by itself", AGAIN))
    return f"{cause} (exit code {code})", remedy


def open_log(folder):
    """Open a new log file, and remove the oldest ones.

    Parameters
    ----------
    folder : str
        Made if it is missing. When it cannot be written, a temporary file is used.

    Returns
    -------
    tuple of str and binary file
        Path, and file open for appending.
    """
    name = f"engine-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{next(_numbers)}.log"
    try:
        os.makedirs(folder, exist_ok=True)
        remove_old_logs(folder)
        path = os.path.join(folder, name)
        return path, open(path, "ab")
    except OSError:
        handle, path = tempfile.mkstemp(prefix="deep-geology-", suffix=".log")
        return path, os.fdopen(handle, "ab")


def remove_old_logs(folder):
    """Keep the newest 10 log files, and no more than 50 MB of them."""
    logs = sorted(glob.glob(os.path.join(glob.escape(folder), "engine-*.log")), reverse=True)
    kept_bytes = 0
    for number, path in enumerate(logs):
        kept_bytes += _size(path)
        if number >= KEPT_FILES - 1 or kept_bytes > KEPT_BYTES:
            _remove(path)


def last_lines(path, count=20):
    """Read the last lines of a log file; an empty text if there is nothing to read."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, _size(path) - 64 * 1024))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def _size(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        return  # on Windows another engine still writes to it; the next start removes it
