"""One engine's process: start it, send to it, hear it, end it."""

import queue
import threading
import time

from . import child_process, engine_log
from .jobs import protocol

LEAVE_SECONDS = 5
ENDED = {"say": "ended"}


class EngineProcess:
    """A running engine.

    Parameters
    ----------
    key : tuple
        Its first item is the command, program and arguments; all of it tells engines of
        different environments apart.
    folder : str
        Where it runs: the folder that holds the package ``plugin``.
    log_folder : str
        Where its log file goes.

    Attributes
    ----------
    pid : int
        The engine's own process id, which marks its half-written files. On Windows the
        program that was started may be a launcher with another one.
    is_ready : bool
        Whether it has said that it stands.

    Raises
    ------
    OSError
        If the program cannot be started.
    """

    def __init__(self, key, folder, log_folder):
        self.log_path, log = engine_log.open_log(log_folder)
        pipes = {"stdin": child_process.PIPE, "stdout": child_process.PIPE, "stderr": log}
        with log:
            self._process = child_process.start(list(key[0]), cwd=folder, **pipes)
        self.key = key
        self.pid = self._process.pid
        self.is_ready = False
        self._said = queue.SimpleQueue()
        self._to_send = queue.SimpleQueue()
        for target in (self._read, self._write):
            threading.Thread(target=target, daemon=True).start()

    def send(self, message):
        """Send a message; never waits for the engine to read it.

        Raises
        ------
        TypeError, ValueError
            If the message holds something that JSON has no word for.
        """
        self._to_send.put(protocol.encode(message))

    def hear(self, seconds):
        """Wait for a message.

        Parameters
        ----------
        seconds : float
            How long to wait at most.

        Returns
        -------
        dict or None
            A message, or None if nothing came. `ENDED` when there will be no more; a line that
            is no message comes as ``{"say": "noise", "text": ...}``.
        """
        try:
            return self._said.get(timeout=seconds)
        except queue.Empty:
            return self._ended_silently()

    def _ended_silently(self):
        """A dead engine's children may hold its channel open, so that no end is read."""
        if self.is_alive():
            return None
        time.sleep(0.1)  # what it said last may still be on its way through the reader
        return ENDED if self._said.empty() else self._said.get()

    def is_alive(self):
        """Whether the process runs."""
        return self._process.poll() is None

    def ask_to_leave(self):
        """Ask the engine to leave and close its input; returns at once."""
        self.send(protocol.quit())
        self._to_send.put(None)

    def leave(self):
        """Ask the engine to leave, and end it if it does not; returns at once."""
        self.ask_to_leave()
        threading.Thread(target=self.wait_or_kill, daemon=True).start()

    def wait_or_kill(self, seconds=LEAVE_SECONDS):
        """Wait for the engine to leave, then kill what is left of it and its children."""
        child_process.wait(self._process, seconds)
        self.kill()

    def kill(self):
        """End the engine and its children at once.

        Returns
        -------
        int or None
            Exit code.
        """
        code = child_process.kill_tree(self._process)
        self._to_send.put(None)
        return code

    def exit_code(self):
        """The exit code of an engine that has ended or is just ending; None if it goes on."""
        return child_process.wait(self._process, 2)

    def _read(self):
        with self._process.stdout as lines:
            for line in lines:
                message = protocol.decode(line)
                self._said.put(message if message and "say" in message else _noise(line))
        self._said.put(ENDED)

    def _write(self):
        try:
            with self._process.stdin as handle:
                for line in iter(self._to_send.get, None):
                    handle.write(line)
                    handle.flush()
        except OSError:
            return  # the engine is dead; the reader sees the end and says so


def _noise(line):
    return {"say": "noise", "text": line.decode("utf-8", "replace").rstrip()}
