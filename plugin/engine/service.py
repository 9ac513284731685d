"""Serve QGIS: read what is asked, do it, answer, and leave when nobody is there any more."""

import os
import queue
import signal
import sys
import threading
import time

from ..jobs import JOBS, protocol
from ..jobs.errors import Stopped
from ..jobs.places import sweep
from . import work
from .progress import Progress

LEAVE_SECONDS = 3
TICK_SECONDS = 0.5
LOG_BYTES = 20_000_000


class Service:
    """One engine: does one job after the other, and listens meanwhile.

    Parameters
    ----------
    asks : iterable of bytes
        Lines of messages; their end means that QGIS is gone.
    channel : Channel
        Where the answers go.
    """

    def __init__(self, asks, channel):
        self._lines = asks
        self._channel = channel
        self._asks = queue.SimpleQueue()
        self._cancelled = set()
        self._leaving = threading.Event()
        self._current = None
        self._lock = threading.Lock()

    def listen(self):
        """Begin to read asks and to tell every 5 s that the engine lives, in threads."""
        for target in (self._read, self._beat):
            threading.Thread(target=target, daemon=True).start()

    def serve(self):
        """Do the jobs that are asked for until asked to leave."""
        while True:
            ask = self._asks.get()
            if ask is None or self._leaving.is_set():
                return
            self._do(ask)
            work.release_memory()

    def _read(self):
        for line in self._lines:
            message = protocol.decode(line) or {}
            word = message.get("do")
            if word is None:
                print(f"Not a message: {line[:200]!r}", file=sys.stderr)
            elif word == "quit":
                break
            elif word == "cancel":
                self._cancelled.add(message.get("id"))
            else:
                self._asks.put(message)
        self._leave()

    def _leave(self):
        """Stop the job; if it does not stop by itself, stop the process."""
        self._leaving.set()
        self._asks.put(None)
        with self._lock:
            current = self._current
        if current is None:
            end_now()
        time.sleep(LEAVE_SECONDS)  # the end of the job ends the process meanwhile
        try:
            sweep(JOBS[current.name], current.values)
        finally:
            kill_now()

    def _beat(self):
        told_at = time.monotonic()
        while True:
            time.sleep(TICK_SECONDS)
            cut_log()
            due = time.monotonic() - told_at >= protocol.HEARTBEAT_SECONDS
            told_at = time.monotonic() if due else told_at
            with self._lock:
                if self._current is not None:
                    self._current.progress.flush()
                    if due:
                        self._channel.send(protocol.heartbeat(self._current.id))

    def _do(self, ask):
        id, name, values = ask.get("id"), ask["do"], ask.get("values", {})
        progress = Progress(
            lambda kind, **words: self._channel.send(getattr(protocol, kind)(id, **words)),
            lambda: id in self._cancelled or self._leaving.is_set(),
        )
        with self._lock:
            self._current = _Current(id, name, values, progress)
        self._channel.send(protocol.heartbeat(id))
        last_word = _last_word(ask, progress)
        with self._lock:
            self._current = None
            self._channel.send(last_word)


class _Current:
    """The job that is being done."""

    def __init__(self, id, name, values, progress):
        self.id, self.name, self.values, self.progress = id, name, values, progress


def _last_word(ask, progress):
    id, name = ask.get("id"), ask["do"]
    try:
        told = ask.get("language", ""), ask.get("sources")
        outputs = work.do(name, ask.get("values", {}), progress, *told)
        return protocol.done(id, outputs)
    except Stopped:
        return protocol.stopped(id)
    except BaseException as error:  # whatever a library raises, SystemExit too, is answered
        why = work.explain(error, name)
        return protocol.failed(id, why.found, why.remedy, why.trace)


def end_now(code=0):
    """End this process, whatever threads are still reading or computing."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def kill_now():
    """End this process and, where it leads its group, all of its children with it."""
    sys.stderr.flush()
    if os.name != "nt" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def cut_log(descriptor=2):
    """Empty the log on `descriptor` when it has grown over 20 MB: a library may print for ever."""
    try:
        if os.fstat(descriptor).st_size > LOG_BYTES:
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError:
        return  # a console or a pipe, which does not grow
