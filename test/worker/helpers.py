"""What the tests of the worker share."""

import os
import sys
import time
from pathlib import Path

from plugin.conversation import Limits
from plugin.worker import Worker

HERE = Path(__file__).resolve().parent
FAKE = str(HERE / "fake_engine.py")
REAL = str(HERE / "engine_with_try_out.py")
SHORT = Limits(start=20, silence=1, cancel=1.5, grace=3, idle=60)


class Listener:
    """Keeps all that it is told, as tuples."""

    def __init__(self):
        self.heard = []

    def starting(self):
        self.heard.append(("starting",))

    def progress(self, fraction, text):
        self.heard.append(("progress", fraction, text))

    def note(self, text):
        self.heard.append(("note", text))

    def warning(self, text):
        self.heard.append(("warning", text))

    def metric(self, name, value, step):
        self.heard.append(("metric", name, value, step))

    def log(self, line):
        self.heard.append(("log", line))

    def of(self, kind):
        """What was told of one kind, without the kind's name."""
        return [words[1:] for words in self.heard if words[0] == kind]

    def logged(self):
        return "\n".join(line for (line,) in self.of("log"))


class CancelAfter:
    """Says that the user has cancelled some seconds after the first progress."""

    def __init__(self, listener, seconds=0.0):
        self.listener, self.seconds, self.at = listener, seconds, None

    def __call__(self):
        if self.at is None and self.listener.of("progress"):
            self.at = time.monotonic() + self.seconds
        return self.at is not None and time.monotonic() >= self.at


def never():
    return False


def fake_worker(logs, start="", limits=SHORT):
    """A worker whose engines are the fake one."""

    def command(python):
        return (python or sys.executable, "-u", FAKE, start)

    return Worker(command, lambda: str(logs), limits)


def real_worker(logs, limits=None):
    """A worker whose engines are the real one, with the job `try_out` added."""

    def command(python):
        return (python or sys.executable, "-X", "utf8", "-s", "-u", REAL)

    return Worker(command, lambda: str(logs), limits)


def is_running(pid):
    """Whether a process lives; a dead one that nobody has buried yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return Path("/proc/self").exists() is False


def wait_until(claim, seconds):
    """Whether a claim comes true within some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if claim():
            return True
        time.sleep(0.05)
    return claim()
