"""The fits of one training job: one for each split, and one on all labels if the plan asks."""

import time
from dataclasses import dataclass, field, replace

import numpy as np

from .. import ranks
from ..metrics.classification import fit_temperature
from ..refitting import choose_shipped
from ..schedule import seconds_for_fits
from .fitting import Fit
from .scoring import Seer, logits_at, maps_of

_AUTOMATIC_SECONDS = 120  # a fit of automatic length takes no longer
_FOR_BASELINES = 0.1  # of the time of the job, at most a minute
_MOST_SCORED = 60_000
_CALIBRATION_PIXELS = 20_000
_FEWEST_GROUPS = 200


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
        Logits in the windows that the report shows.
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
        parts = progress.folds(count)
        tested = [self._test(fold, part) for fold, part in enumerate(parts)]
        return self._calibrated(tested) if self.plan.refit else tested

    def _calibrated(self, tested):
        """Every part's network gets the temperature that suits the pixels of the other parts."""
        labels = self._labels(tested)
        calibrated = []
        for fold, one in enumerate(tested):
            others = [n for n in range(len(tested)) if n != fold]
            pooled = [
                np.concatenate([part[n] for n in others]) for part in (_logits(tested), labels)
            ]
            fit = replace(one.fit, temperature=_temperature(*pooled))
            calibrated.append(replace(one, fit=fit))
        return calibrated

    def _labels(self, tested):
        pairs = zip(self.plan.splits, tested, strict=True)
        return [split.test.labels[one.places].astype(np.int64) for split, one in pairs]

    def _test(self, fold, progress):
        count = len(self.plan.splits)
        split, seed = self.plan.splits[fold], self.fitter.job.seed
        if count > 1:
            progress.note(f"Fold {fold + 1} of {count}:")
        watch = self._watches(split.train)
        fit = self.fitter.fit(split.train, self._seconds(fold), progress.part(0.0, 0.9), watch)
        seer = self.see(fit)
        most = _MOST_SCORED // count
        some = np.random.default_rng([seed, fold]).permutation(len(split.test))[:most]
        some = np.sort(some)
        test = split.test.take(some)
        places, logits = logits_at(seer, test, seed, progress.part(0.9, 0.97, "Testing"))
        maps = maps_of(seer, self.windows, progress.part(0.97, 1.0, "Drawing maps"))
        return Tested(fit, some[places], logits, maps)

    def ship(self, tested, progress):
        """The model that ships: the tested one, or one fitted on all labels if time was enough.

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
        progress.note("Training on all labels, for the model that ships.")
        progress = progress.part(0.0, 1.0, "All labels")
        fit = self.fitter.fit(everything, seconds, progress, watch=False)
        pooled = np.concatenate(_logits(tested)), np.concatenate(self._labels(tested))
        return choose_shipped(replace(fit, temperature=_temperature(*pooled)), tested, progress)

    def _watches(self, train):
        """Whether a part of the training pixels is better spent on watching.

        What a few blocks say of the best epoch is noise, and the labels are missed: then the last
        epoch of the schedule is kept. A model that is tested once and ships is always watched, if
        only for its temperature.
        """
        count = len(np.unique(self.plan.groups[train]))
        return count >= (_FEWEST_GROUPS if self.plan.refit else _FEWEST_GROUPS // 10)

    def see(self, fit):
        """A fitted network that reads the rasters."""
        fitter = self.fitter
        return Seer(fit.network, fit.numbers, self.stack, fitter.side, fitter.device)

    def _seconds(self, fold):
        """Time budget of a fit: an equal share of what is left; 0 for none.

        The baselines come before the model that ships.
        """
        job, is_last = self.fitter.job, fold == len(self.plan.splits)
        if not job.minutes:
            return 0.0 if job.epochs else _AUTOMATIC_SECONDS
        whole = seconds_for_fits(job.minutes, 0.0 if is_last else _FOR_BASELINES)
        left = whole - (time.monotonic() - self.started)
        return ranks.agreed(max(1.0, left / (self.count - fold)))

    @property
    def seconds_for_baselines(self):
        """Time budget of all baselines together; 0 for none."""
        return min(_FOR_BASELINES * 60 * self.fitter.job.minutes, 60.0)


def _logits(tested):
    return [one.logits for one in tested]


def _temperature(logits, labels):
    order = np.random.default_rng(0).permutation(len(labels))[:_CALIBRATION_PIXELS]
    return fit_temperature(logits[order], labels[order])
