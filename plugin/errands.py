"""Run a command such as pip to its end, line by line, so that it can be followed and stopped."""

import collections
import os
import queue
import subprocess  # nosec B404 - only its constants are used
import threading
import time
from dataclasses import dataclass

from . import child_process, pip_errors
from .jobs.errors import JobError

SECONDS_BETWEEN_LOOKS = 0.1
_KEPT_LINES = 200
# A user's settings of pip (index, certificate) stay; what would install elsewhere does not.
_PIP_DROPPED = (
    "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_CONSTRAINT", "PIP_REQUIREMENT",
    "PIP_NO_BINARY", "PIP_LOG", "PIP_REPORT", "PIP_DRY_RUN", "PIP_REQUIRE_VIRTUALENV",
)  # fmt: skip


@dataclass(frozen=True)
class Workshop:
    """Where and how an installer works.

    Attributes
    ----------
    temporary : str
        Folder for what is unpacked on the way: on the engine's disk, as `/tmp` may be small.
    log : str
        File that everything printed is added to.
    proxy : str
        Address of a proxy, or empty.
    tell : Teller
    """

    temporary: str
    log: str
    proxy: str
    tell: object


def run(command, workshop, doing, on_line=None, on_look=None, environment=None, evidence=""):
    """Run a command to its end; a cancel kills it with its children.

    Parameters
    ----------
    command : list of str
    workshop : Workshop
    doing : str
        What is going on, for the error, such as ``"Making the environment"``.
    on_line : callable, optional
        Hears every line; says whether it was mere progress, which is not kept.
    on_look : callable, optional
        Called ten times a second.
    environment : dict, optional
        The command's environment; the installer's if not given.
    evidence : str
        A file where the command writes more than it prints; read only after a failure.

    Raises
    ------
    JobError
        If it fails; the sentence comes from what was printed.
    Stopped
        Within a moment of a cancel.
    """
    process = _start(command, environment or installer_environment(workshop))
    try:
        last_lines = _follow(process, workshop, on_line, on_look or (lambda: None))
        code = process.wait()
    finally:
        if process.poll() is None:
            child_process.kill_tree(process)
        process.stdin.close()
    if code:
        raise pip_errors.explain(_telling_lines(evidence) + last_lines, code, doing)


def _telling_lines(path):
    """Lines of pip's own log that tell why it could not reach an index: it prints them nowhere."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        found = [line.rstrip() for line in file if "Could not fetch URL" in line]
    return found[-5:]


def _start(command, environment):
    try:
        return child_process.start(
            command,
            env=environment,
            stdin=subprocess.PIPE,  # the leash: leash.py ends when this end of it closes
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise JobError(
            f'"{command[0]}" cannot be started: {error.strerror}.', "Run Prepare engine again."
        ) from error


def _follow(process, workshop, on_line, on_look):
    """Hear a process out; its last lines."""
    lines = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    last_lines, looked_at = collections.deque(maxlen=_KEPT_LINES), 0.0
    with open(workshop.log, "a", encoding="utf-8") as log:
        while True:
            if time.monotonic() - looked_at >= SECONDS_BETWEEN_LOOKS:
                looked_at = time.monotonic()
                workshop.tell.check()
                on_look()
            try:
                line = lines.get(timeout=SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                continue
            if line is None:
                return list(last_lines)
            if on_line is None or not on_line(line):
                last_lines.append(line)
                log.write(pip_errors.without_passwords(line) + "\n")


def _read(stream, lines):
    with stream:
        for line in stream:
            lines.put(line.decode("utf-8", "replace").rstrip())
    lines.put(None)


def installer_environment(workshop, environment=None):
    """The environment of pip: the user's settings of pip, QGIS's proxy, a large temporary folder.

    PATH stays whole: on Windows, QGIS's Python finds its SSL library there.
    """
    whole = dict(os.environ if environment is None else environment)
    clean = child_process.clean_environment(whole, windows=False)
    for name, value in whole.items():
        if name.upper().startswith("PIP_") and name.upper() not in _PIP_DROPPED:
            clean[name] = value
    clean.update({"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    clean.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), workshop.temporary))
    if workshop.proxy:
        names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
        clean.update(dict.fromkeys(names, workshop.proxy))
    return clean
