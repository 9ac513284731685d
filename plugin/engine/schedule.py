"""The schedule of a training: how far it is and how fast it learns.

References
----------
Loshchilov & Hutter 2017, arXiv:1608.03983 (cosine); Goyal et al. 2017, arXiv:1706.02677 (warm-up).
"""

import math
import time

_WARM_UP = 0.1


class Clock:
    """How much of a training is over, by steps or by time, whichever is further.

    Parameters
    ----------
    steps : int
        Steps of the whole training.
    seconds : float
        Time budget; 0 for none.
    """

    def __init__(self, steps, seconds=0.0):
        self.steps, self.step = steps, 0
        self.seconds, self.started = seconds, time.monotonic()

    def tick(self):
        """Count a step."""
        self.step += 1

    def fraction(self):
        """Share of the training that is over, 0..1."""
        by_time = (time.monotonic() - self.started) / self.seconds if self.seconds else 0.0
        return min(1.0, max(self.step / self.steps, by_time))

    def share_of_rate(self):
        """Share of the highest learning rate: it warms up, then falls along a cosine."""
        done = max(self.fraction(), (self.step + 1) / self.steps if self.step == 0 else 0.0)
        if done < _WARM_UP:
            return done / _WARM_UP
        return 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))

    def left(self):
        """Seconds until the end, at the pace so far."""
        spent, done = time.monotonic() - self.started, self.fraction()
        return spent * (1 - done) / done if done else 0.0


def minutes(seconds):
    """A time as a person would say it."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
