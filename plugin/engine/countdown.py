"""Progress in things done, with the time that is left."""

import time

from .schedule import minutes


class Countdown:
    """Tells which of a number of things is being done.

    Parameters
    ----------
    progress : Progress
    total : int
    what : str
        Such as ``"Patch"``.
    """

    def __init__(self, progress, total, what):
        self._progress, self._total, self._what = progress, total, what
        self._start = time.monotonic()
        self.check = progress.check

    def __call__(self, done):
        """Tell that so many are done; raises `Stopped` if the user has cancelled."""
        seconds = time.monotonic() - self._start
        text = f"{self._what} {min(done + 1, self._total):,} of {self._total:,}"
        if seconds > 1 and done:
            text += f", {minutes(seconds / done * (self._total - done))} left"
        self._progress(done / self._total, text)
