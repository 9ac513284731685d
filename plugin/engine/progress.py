"""Progress, messages and cancelling of a running job.

A task gets one `Progress`, calls it as it goes, and is stopped by it when the user cancels:

>>> said = []
>>> progress = Progress(lambda kind, **words: said.append((kind, words)))
>>> training, writing = progress.part(0.0, 0.9), progress.part(0.9, 1.0)
>>> training(0.5, "epoch 2 of 4")
>>> said
[('progress', {'fraction': 0.45, 'text': 'epoch 2 of 4'})]
"""

import math
import threading
import time

from ..jobs.errors import Stopped

SECONDS_BETWEEN = 0.1


class Progress:
    """How far a job is, and whether it may go on.

    Parameters
    ----------
    say : callable
        ``say(kind, **words)`` takes ``"progress"`` (fraction, text), ``"note"`` (text),
        ``"warning"`` (text) and ``"metric"`` (name, value, step).
    is_stopped : callable, optional
        Tells whether the user has cancelled.

    Attributes
    ----------
    started : float
        When the job began, on the monotonic clock.
    """

    def __init__(self, say, is_stopped=None):
        self.started, self._name = time.monotonic(), ""
        self._say = say
        self._is_stopped = is_stopped or (lambda: False)
        self._pace = _Pace(say)
        self._start, self._stop = 0.0, 1.0

    def __call__(self, fraction, text=""):
        """Report a fraction in 0..1 and a text with real units; at most 10 a second are told.

        Raises
        ------
        Stopped
            If the user has cancelled.
        """
        self.check()
        text = ": ".join(filter(None, (self._name, text)))
        inside = min(max(fraction, 0.0), 1.0) if math.isfinite(fraction) else 0.0
        self._pace.offer(self._start + inside * (self._stop - self._start), text)

    def note(self, text):
        """Say something that the user may want to read."""
        self._say("note", text=text)

    def warning(self, text):
        """Say something that the user should read."""
        self._say("warning", text=text)

    def metric(self, name, value, step):
        """Say the value of a metric at a step (an epoch, counted from 1)."""
        self._say("metric", name=name, value=value, step=step)

    def check(self):
        """Raise `Stopped` if the user has cancelled; cheap enough for every batch."""
        if self._is_stopped():
            raise Stopped()

    def part(self, start, stop, name=""):
        """A `Progress` whose 0..1 is the span `start`..`stop` of this one.

        Its texts begin with the name, such as ``"Fold 2 of 3"``, behind that of this one.
        """
        part = Progress(self._say, self._is_stopped)
        if self._name and name:
            name = f"{self._name}, {name[0].lower()}{name[1:]}"
        part._pace, part.started, part._name = self._pace, self.started, name or self._name
        width = self._stop - self._start
        part._start, part._stop = self._start + start * width, self._start + stop * width
        return part

    def folds(self, count):
        """Equal parts, each named if there are several."""
        names = [f"Fold {fold} of {count}" for fold in range(1, count + 1)] if count > 1 else [""]
        return [self.part(k / count, (k + 1) / count, name) for k, name in enumerate(names)]

    def last_first(self, count):
        """Equal parts, for what ends in the reverse of the order in which it was opened."""
        return [self.part(k / count, (k + 1) / count) for k in reversed(range(count))]

    def flush(self):
        """Tell the last report that came too soon after another one."""
        self._pace.flush()


class Silent(Progress):
    """A `Progress` that tells nobody: for tests and for plain runs of a function."""

    def __init__(self):
        super().__init__(lambda kind, **words: None)


class _Pace:
    """Lets a report pass every tenth of a second and keeps the last one that had to wait."""

    def __init__(self, say):
        self._say = say
        self._told_at = -math.inf
        self._waiting = None
        self._lock = threading.Lock()

    def offer(self, fraction, text):
        with self._lock:
            self._waiting = {"fraction": fraction, "text": text}
            due = time.monotonic() - self._told_at >= SECONDS_BETWEEN
        if due:
            self.flush()

    def flush(self):
        with self._lock:
            report, self._waiting = self._waiting, None
            if report is not None:
                self._told_at = time.monotonic()
                self._say("progress", **report)
