"""What the engine says, as Processing's feedback shows it."""

import re
import time

from .translation import said, tr

SECONDS_BETWEEN = 0.1
SECONDS_BETWEEN_TEXTS = 5.0


class FeedbackListener:
    """Hears one job and tells a feedback.

    Progress is shown at most ten times a second. A text that only differs in its numbers
    ("window 12 of 400") is written every five seconds, a new stage at once. The metrics of an
    epoch come on one line.

    Parameters
    ----------
    feedback : QgsProcessingFeedback
    clock : callable, optional
        Seconds that only grow.
    named : callable, optional
        Takes what the engine says; gives it with the user's own names.
    """

    def __init__(self, feedback, clock=time.monotonic, named=str):
        self._feedback, self._clock, self._named = feedback, clock, named
        self._moved_at = self._written_at = float("-inf")
        self._stage = None
        self._step, self._metrics = None, {}

    def starting(self):
        """Say why nothing happens for some seconds: the libraries are loaded."""
        self._feedback.setProgressText(tr("Starting the engine"))

    def progress(self, fraction, text=""):
        """Move the bar to a fraction in 0..1, and say at which stage the job is."""
        now = self._clock()
        if now - self._moved_at >= SECONDS_BETWEEN or fraction >= 1:
            self._feedback.setProgress(100.0 * fraction)
            self._moved_at = now
        stage = re.sub(r"[\d.,:]+", "#", text)
        is_due = stage != self._stage or now - self._written_at >= SECONDS_BETWEEN_TEXTS
        if text and is_due:
            self.flush()
            self._feedback.setProgressText(said(self._named(text)))
            self._stage, self._written_at = stage, now

    def note(self, text):
        """Say something that the user may want to read."""
        self.flush()
        self._feedback.pushInfo(said(self._named(text)))

    def warning(self, text):
        """Say something that the user should read."""
        self.flush()
        self._feedback.pushWarning(said(self._named(text)))

    def metric(self, name, value, step):
        """Say the value of a metric at an epoch, counted from 1."""
        if step != self._step or name in self._metrics:
            self.flush()
        self._step = step
        told = tr("not a number") if value is None else f"{value:.4g}"
        self._metrics[name] = f"{_named(name)} {told}"

    def log(self, line):
        """Say something for those who look for a cause."""
        self.flush()
        self._feedback.pushDebugInfo(line)

    def flush(self):
        """Write the metrics that wait for the end of their epoch."""
        if self._metrics:
            epoch = said(f"Epoch {self._step}")
            self._feedback.pushInfo(f"{epoch}: {', '.join(self._metrics.values())}")
        self._metrics = {}


def _named(metric):
    """A metric by the words that users read."""
    known = {
        "training_loss": tr("training loss"),
        "validation_loss": tr("validation loss"),
        "validation_accuracy": tr("validation accuracy"),
        "validation_map50": tr("validation mAP50"),
        "learning_rate": tr("learning rate"),
    }
    return known.get(metric, metric.replace("_", " "))
