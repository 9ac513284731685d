"""The schedule of a training: how far it is and how fast it learns.

References
----------
Loshchilov & Hutter 2017, arXiv:1608.03983 (cosine); Goyal et al. 2017, arXiv:1706.02677 (warm-up).
"""

import math
import time

from . import ranks

_WARM_UP = 0.1
_LEAST_KEPT, _MOST_KEPT, _ENOUGH = 0.05, 0.2, 60.0  # shares, and seconds


def seconds_for_fits(minutes, aside=0.0):
    """How much of a job's time its trainings may take: the rest is for scores and the report.

    Parameters
    ----------
    minutes : float
        Of the whole job.
    aside : float
        Share that something else takes, of at most a minute.

    Returns
    -------
    float
        Seconds.
    """
    whole = 60 * minutes
    kept = max(_LEAST_KEPT * whole, min(_MOST_KEPT * whole, _ENOUGH))
    return whole - kept - min(aside * whole, _ENOUGH)


class Clock:
    """How much of a training is over, by steps or by time, whichever is further.

    Parameters
    ----------
    steps : int
        Steps of the whole training.
    seconds : float
        Time budget; 0 for none.
    now : callable
        The clock in seconds; `time.thread_time` counts only what this thread computes.
    """

    def __init__(self, steps, seconds=0.0, now=time.monotonic):
        self.steps, self.step = steps, 0
        self.seconds, self.now, self.started = seconds, now, now()
        self._agreed = 0.0

    def tick(self):
        """Count a step."""
        self.step += 1
        if self.seconds:  # no process may stop a step before the others
            self._agreed = ranks.agreed(self.now() - self.started)

    def spent(self):
        """Seconds so far; with several processes up to the last step, alike for all."""
        return self.now() - self.started if ranks.count() == 1 else self._agreed

    def state_dict(self):
        """What a checkpoint keeps."""
        spent = self.now() - self.started
        return {"steps": self.steps, "step": self.step, "seconds": self.seconds, "spent": spent}

    def load_state_dict(self, state):
        """Go on from where a checkpoint was written; the time between does not count."""
        self.steps, self.step, self.seconds = state["steps"], state["step"], state["seconds"]
        self.started, self._agreed = self.now() - state["spent"], state["spent"]

    def fraction(self):
        """Share of the training that is over, 0..1."""
        by_time = self.spent() / self.seconds if self.seconds else 0.0
        return min(1.0, max(self.step / self.steps, by_time))

    def share_of_rate(self):
        """Share of the highest learning rate: it warms up, then falls along a cosine."""
        done = max(self.fraction(), (self.step + 1) / self.steps if self.step == 0 else 0.0)
        if done < _WARM_UP:
            return done / _WARM_UP
        return 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))

    def left(self):
        """Seconds until the end, at the pace so far."""
        spent, done = self.now() - self.started, self.fraction()
        return spent * (1 - done) / done if done else 0.0


def minutes(seconds):
    """A time as a person would say it."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
