"""The engine's end of the conversation: messages out, nothing else among them."""

import math
import os
import sys
import threading

from ..jobs import protocol


class Channel:
    """Sends messages, one whole line at a time, from any thread.

    Parameters
    ----------
    handle : binary file
        Where the messages go.
    """

    def __init__(self, handle):
        self._handle = handle
        self._lock = threading.Lock()

    def send(self, message):
        """Send one message; what JSON has no word for is put into plain words first."""
        line = protocol.encode(plain(message))
        with self._lock:
            try:
                self._handle.write(line)
                self._handle.flush()
            except OSError as error:
                # Nobody listens any more: the end of standard input says so too, and stops us.
                print(f"Message lost: {error}", file=sys.stderr)


def private_handles():
    """Take standard input and output for the conversation alone.

    Descriptors 0 and 1 are moved away. What a library prints then goes to standard error, in
    Python or in C, and what it asks finds an empty input.

    Returns
    -------
    tuple of two binary files
        What to read asks from and what to write messages to.
    """
    asks = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return asks, answers


def plain(value):
    """Put a value into what JSON knows.

    NumPy's and torch's numbers and arrays become numbers and lists, paths become text, and
    numbers that are not finite become None.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): plain(held) for name, held in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(held) for held in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)
