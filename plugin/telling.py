"""What a long piece of work on the QGIS side says to its listener, and whether it may go on."""

import time

from .jobs.errors import Stopped

SECONDS_BETWEEN = 0.1


class Teller:
    """Pass progress and notes on to a listener, and notice a cancel.

    Parameters
    ----------
    listener : object
        Has ``progress(fraction, text)``, ``note(text)``, ``warning(text)`` and ``log(line)``,
        as for `worker.run`.
    is_canceled : callable
        Tells whether the user has cancelled.
    """

    def __init__(self, listener, is_canceled):
        self._listener = listener
        self._is_canceled = is_canceled
        self._told_at = 0.0
        self.note, self.warning = listener.note, listener.warning
        self.log = listener.log

    def check(self):
        """Raise `Stopped` if the user has cancelled."""
        if self._is_canceled():
            raise Stopped()

    def progress(self, fraction, text):
        """Report a fraction in 0..1; at most ten a second are told."""
        self.check()
        if time.monotonic() - self._told_at >= SECONDS_BETWEEN:
            self._told_at = time.monotonic()
            self._listener.progress(min(max(fraction, 0.0), 1.0), text)

    def stage(self, fraction, text):
        """Report the start of a stage; always told."""
        self._told_at = 0.0
        self.progress(fraction, text)


def size_text(size):
    """Bytes as a text: ``"812 MB"``, ``"2.9 GB"``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
