"""Write results in a thread while the next ones are computed."""

import queue
import threading
from contextlib import contextmanager

_WAIT_SECONDS = 0.1


@contextmanager
def behind(write, check=lambda: None, depth=2):
    """Call `write` in a thread, in order.

    Parameters
    ----------
    write : callable
        ``write(item)``; what it raises rises at the next item, or at the end.
    check : callable
        Called several times a second while waiting; may raise to give up.
    depth : int
        Items that may wait; more make the caller wait.

    Yields
    ------
    callable
        ``put(item)``. At the end of a block that went well, all items are written.
    """
    line = _Line(write, check, depth)
    try:
        yield line.put
        line.finish()
    finally:
        line.leave()


class _Line:
    def __init__(self, write, check, depth):
        self._write, self._check = write, check
        self._waiting, self._error, self._left = queue.Queue(depth), None, threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def put(self, item):
        self._offer(("item", item))

    def finish(self):
        """Wait until all is written."""
        self._offer(("end", None))
        while self._thread.is_alive():
            self._check()
            self._thread.join(_WAIT_SECONDS)
        self._raise()

    def leave(self):
        """Let the thread end after the item at hand."""
        self._left.set()
        self._thread.join()

    def _offer(self, word):
        while True:
            self._raise()
            self._check()
            try:
                return self._waiting.put(word, timeout=_WAIT_SECONDS)
            except queue.Full:
                continue

    def _raise(self):
        if self._error is not None:
            raise self._error

    def _work(self):
        while not self._left.is_set():
            try:
                kind, item = self._waiting.get(timeout=_WAIT_SECONDS)
            except queue.Empty:
                continue
            if kind == "end":
                return
            try:
                self._write(item)
            except BaseException as error:
                self._error = error
                return
