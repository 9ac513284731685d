"""The fits of one training job: one for each split, and one on all images if the plan asks."""

import time
from dataclasses import dataclass, replace

import numpy as np

from . import ranks
from .fine_tuning import Fit, fit_classifier
from .metrics.classification import fit_temperature
from .recipes import make_recipe
from .refitting import choose_shipped
from .training import Images, predict

_AUTOMATIC_SECONDS = 25 * 60  # for a split, with its share of the last fit, of automatic length
_RESERVE = 0.95  # of the time budget, the rest is for the report
_FIRST, _LAST = 0.1, 0.99  # where the fits begin and end in the job's progress


@dataclass(frozen=True)
class Tested:
    """A fit, the samples that it was tested on, and its logits (n, classes) for them."""

    fit: Fit
    indices: np.ndarray
    logits: np.ndarray


class Fits:
    """Fit and test a classifier as a plan says.

    Parameters
    ----------
    job : TrainImageClassifier
    start : fine_tuning.Start
    samples : Samples
    plan : validation.Plan
    device : torch.device
    started : float
        When the job began, on the monotonic clock: its time budget counts from there.
    """

    def __init__(self, job, start, samples, plan, device, started):
        self.job, self.start, self.samples = job, start, samples
        self.plan, self.device, self.started = plan, device, started
        self.count = len(plan.splits) + plan.refit

    @property
    def tested_share(self):
        """Where in the job's progress the splits are done."""
        return _FIRST + (_LAST - _FIRST) * len(self.plan.splits) / self.count

    def test_all(self, progress):
        """Fit every split and predict its test images.

        Returns
        -------
        list of Tested
        """
        tested, parts = [], progress.folds(len(self.plan.splits))
        for fold, part in enumerate(parts):
            if len(parts) > 1:
                part.note(f"Fold {fold + 1} of {len(parts)}:")
            tested.append(self._test(fold, part))
        return tested

    def _test(self, fold, progress):
        train, test = self.plan.splits[fold]
        fit = self._fit(train, fold, progress, watch=True)
        images = Images(self.samples.values, self.samples.labels, test)
        logits = predict(fit.network, images, fit.numbers, self.device, progress)
        return Tested(fit, test, logits.numpy().astype(np.float64))

    def ship(self, tested, progress):
        """The model that ships: the tested one, or one fitted on all images if time was enough.

        A refitted network is calibrated with the pooled logits of the networks that were tested,
        which it resembles.

        Returns
        -------
        fine_tuning.Fit
        """
        if not self.plan.refit:
            return tested[0].fit
        progress.note("Training on all images, for the model that ships.")
        progress = progress.part(0.0, 1.0, "All images")
        everything = np.arange(len(self.samples))
        fit = self._fit(everything, len(tested), progress, watch=False)
        logits = np.concatenate([one.logits for one in tested])
        labels = self.samples.labels[np.concatenate([one.indices for one in tested])]
        fit = replace(fit, temperature=fit_temperature(logits, labels))
        return choose_shipped(fit, tested, progress)

    def _fit(self, indices, fold, progress, watch):
        recipe = make_recipe(self.job, self.start, len(self.samples), self._seconds(fold))
        return fit_classifier(
            self.start,
            self.samples,
            indices,
            self.plan.groups,
            recipe,
            self.job.dropout,
            self.device,
            progress,
            watch,
        )

    def _seconds(self, fold):
        """Time budget of a fit: an equal share of what is left; 0 for none."""
        if not self.job.minutes:
            share = len(self.plan.splits) / self.count
            return 0.0 if self.job.epochs else _AUTOMATIC_SECONDS * share
        left = 60 * self.job.minutes * _RESERVE - (time.monotonic() - self.started)
        return ranks.agreed(max(1.0, left / (self.count - fold)))
