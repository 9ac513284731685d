"""Where a training in epochs stands."""

from dataclasses import dataclass, field
from itertools import islice

from . import ranks


@dataclass
class Course:
    """Where a training in epochs stands.

    Attributes
    ----------
    epoch : int
        The one at work, from 1.
    batch : int
        Batches of it that are done.
    losses : list of float
        Of these.
    history : list of dict
    best : tuple of (float, dict) or None
        The score to beat and its weights.
    best_epoch : int
    rate : float
        Of learning, in the last step.
    order : object
        In which the epoch sees its images, where that is drawn before.
    over : bool
    """

    epoch: int = 1
    batch: int = 0
    losses: list = field(default_factory=list)
    history: list = field(default_factory=list)
    best: tuple = None
    best_epoch: int = 0
    rate: float = 0.0
    order: object = None
    over: bool = False

    def rest(self, batches):
        """The batches of the epoch that are not yet done."""
        return islice(batches, self.batch, None)

    def count(self, loss):
        """Count a batch with its loss, the mean over all processes."""
        self.batch += 1
        self.losses.append(ranks.mean(loss))

    def next_epoch(self):
        """Begin the next one."""
        self.epoch, self.batch, self.losses, self.order = self.epoch + 1, 0, [], None
