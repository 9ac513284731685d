"""The fits of one training job: one for each split, and one on all labels if the plan asks."""

import time
from dataclasses import dataclass, field, replace

import numpy as np

from ..metrics.classification import fit_temperature
from .fitting import Fit
from .scoring import Seer, logits_at, maps_of

_AUTOMATIC_SECONDS = 120  # a fit of automatic length takes no longer
_RESERVE = 0.9  # of the time budget, the rest is for testing and the report
_MOST_SCORED = 60_000
_CALIBRATION_PIXELS = 20_000


@dataclass(frozen=True)
class Tested:
    """A fit, which pixels of its split it was tested on, its logits for them, and maps.

    Attributes
    ----------
    fit : Fit
    places : int array, shape (m,)
        In the split's test pixels.
    logits : float64 array, shape (m, classes)
    maps : list of float32 array, shape (class, row, column)
        Probabilities in the windows that the report shows.
    """

    fit: Fit
    places: np.ndarray
    logits: np.ndarray
    maps: list = field(default_factory=list)


class Fits:
    """Fit and test a pixel classifier as a plan says.

    Parameters
    ----------
    fitter : Fitter
    plan : splits.Plan
    stack : Stack
    windows : list of scoring.Window
        What the report shows.
    started : float
        When the job began, on the monotonic clock: its time budget counts from there.
    """

    def __init__(self, fitter, plan, stack, windows, started):
        self.fitter, self.plan, self.stack = fitter, plan, stack
        self.windows, self.started = windows, started
        self.count = len(plan.splits) + plan.refit

    @property
    def tested_share(self):
        """Which share of the work the splits are."""
        return len(self.plan.splits) / self.count

    def test_all(self, progress):
        """Fit every split and predict its test pixels.

        Returns
        -------
        list of Tested
        """
        count = len(self.plan.splits)
        parts = [progress.part(fold / count, (fold + 1) / count) for fold in range(count)]
        return [self._test(fold, part) for fold, part in enumerate(parts)]

    def _test(self, fold, progress):
        split, seed = self.plan.splits[fold], self.fitter.job.seed
        fit = self.fitter.fit(split.train, self._seconds(fold), progress.part(0.0, 0.9))
        seer = self.see(fit)
        most = _MOST_SCORED // len(self.plan.splits)
        some = np.random.default_rng([seed, fold]).permutation(len(split.test))[:most]
        some = np.sort(some)
        test = split.test.take(some)
        places, logits = logits_at(seer, test, seed, progress.part(0.9, 0.97))
        maps = maps_of(seer, self.windows, fit.temperature, progress.part(0.97, 1.0))
        return Tested(fit, some[places], logits, maps)

    def ship(self, tested, progress):
        """The model that ships: the tested one, or one fitted on all labels.

        A refitted network is calibrated with the pooled logits of the networks that were tested,
        which it resembles.

        Returns
        -------
        Fit
        """
        if not self.plan.refit:
            return tested[0].fit
        everything = np.arange(len(self.fitter.ground.pixels))
        seconds = self._seconds(len(tested))
        fit = self.fitter.fit(everything, seconds, progress, watch=False)
        logits = np.concatenate([one.logits for one in tested])
        labels = np.concatenate(
            [s.test.labels[one.places] for s, one in zip(self.plan.splits, tested, strict=True)]
        )
        order = np.random.default_rng(0).permutation(len(labels))[:_CALIBRATION_PIXELS]
        return replace(fit, temperature=fit_temperature(logits[order], labels[order]))

    def see(self, fit):
        """A fitted network that reads the rasters."""
        fitter = self.fitter
        return Seer(fit.network, fit.numbers, self.stack, fitter.side, fitter.device)

    def _seconds(self, fold):
        """Time budget of a fit: an equal share of what is left; 0 for none."""
        job = self.fitter.job
        if not job.minutes:
            return 0.0 if job.epochs else _AUTOMATIC_SECONDS
        left = 60 * job.minutes * _RESERVE - (time.monotonic() - self.started)
        return max(1.0, left / (self.count - fold))
