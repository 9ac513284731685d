"""The fits of one training job: one for each split, and what is shipped at the end."""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from .. import ranks
from ..metrics.detection import average_precisions
from ..normalization import measure
from ..schedule import seconds_for_fits
from . import starting
from .finder import Finder
from .learning import Recipe, learn
from .patches import Patches
from .scoring import score_units
from .units import watched_split

MOST_FOUND = 300
AUTOMATIC_SECONDS = 25 * 60
_LEAST_SECONDS = 2.0
_SLOWER = 4
_BESIDE = 0.1  # of the time of the job
_GOING_ON = 0.2  # of the time of a fit
_MEASURED = 200
_STEPS, _BATCH = 1600, 4
_LEAST_EPOCHS, _MOST_EPOCHS = 12, 80
_RATES = {"nothing": 1e-3, "backbone": 1e-3, "detector": 3e-4}


@dataclass
class Fit:
    """A fitted detector, its normalization, and how it went.

    Attributes
    ----------
    network : detectors.Detector
    numbers : dict
        Normalization.
    history : list of dict
    best_epoch : int
    recipe : learning.Recipe
    watched : int
        Units that chose the epoch.
    more_epochs : int
        In which it went on with more units.
    """

    network: torch.nn.Module
    numbers: dict
    history: list
    best_epoch: int
    recipe: Recipe
    watched: int = 0
    more_epochs: int = 0


@dataclass(frozen=True)
class Tested:
    """A fit, the units it was tested on, and what was found, what is true and what an
    untrained detector finds there (None where there was no time to look)."""

    fit: Fit
    units: np.ndarray
    found: list
    truth: list
    untrained: list


class Fitting:
    """Fit and test detectors as a plan says.

    Parameters
    ----------
    job : TrainObjectDetector
    start : starting.Start
    collection : Collection
    units : list of Unit
    patch, overlap : int
        In pixels.
    device : torch.device
    fits : int
        How many will be made, for the time budget.
    started : float
        When the job began, on the monotonic clock.
    """

    def __init__(self, job, start, collection, units, patch, overlap, device, fits, started):
        self.job, self.start, self.collection, self.units = job, start, collection, units
        self.patch, self.overlap, self.device = patch, overlap, device
        self.left, self.started = fits, started
        self.search_seconds = 0.0

    def test(self, train, test, scored, progress, goes_on=False):
        """Fit on some units and score others.

        Parameters
        ----------
        train : list of Unit
        test : int array
            Numbers of the units of `scored`.
        scored : (Collection, list of Unit)
            Where the test units lie.
        progress : Progress
        goes_on : bool
            Whether the network learns from the units that chose its epoch, too, before it is
            scored: where nothing else is left to learn from.

        Returns
        -------
        Tested
        """
        begun, before = self._begin(train), time.monotonic()
        untrained = progress.part(0.0, 0.03, "Untrained, for comparison")
        baseline = self._search(begun, scored, test, untrained, self._beside())[0]
        self.search_seconds = (time.monotonic() - before) * len(test) / max(len(baseline), 1)
        baseline += [None] * (len(test) - len(baseline))
        last = 0.8 if goes_on else 0.94
        fit = self._fit(begun, train, progress.part(0.03, last), aside=self.search_seconds)
        if goes_on and fit.watched:
            part, aside = progress.part(last, 0.94), self.search_seconds
            fit = self._go_on(fit, train, part, aside) or fit
        found, truth = self._search(fit, scored, test, progress.part(0.94, 1.0, "Scoring"))
        return Tested(fit, test, found, truth, baseline)

    def ship(self, tested, progress):
        """The model that ships: one that has learned from all units, and a sentence on it.

        After a hold-out the tested network goes on with all units for a while, slowly; after a
        cross-validation one is fitted from the start.
        """
        progress.note("Training on everything, for the model that ships.")
        progress = progress.part(0.0, 1.0, "Everything")
        if len(tested) > 1:
            fit = self._fit(self._begin(self.units), self.units, progress, watch=False)
            return fit, "The model that ships was then fitted on everything."
        fit = self._go_on(tested[0].fit, self.units, progress)
        if fit is None:
            return tested[0].fit, "There was no time left to go on with the scored part."
        return fit, (
            f"The scored network then went on for {fit.more_epochs} epochs with everything, the "
            "scored part included; the model that ships is that one."
        )

    def _go_on(self, fit, some, progress, aside=0.0):
        """Let a network learn a little more, slowly, from more units; None if time is over."""
        seconds = self._seconds(1.0, aside)
        if 0 < seconds < _LEAST_SECONDS:
            return None
        epochs = max(1, round(_GOING_ON * fit.best_epoch))
        recipe = replace(
            fit.recipe, epochs=epochs, learning_rate=fit.recipe.learning_rate / _SLOWER,
            seconds=seconds, seed=fit.recipe.seed + 1,
        )  # fmt: skip
        learners = [part for part in fit.network.parameters() if part.requires_grad]
        learned = learn(
            fit.network, learners, self._patches(some), None, fit.numbers, recipe, self.device,
            progress,
        )  # fmt: skip
        return replace(fit, network=learned.network, more_epochs=len(learned.history))

    def _begin(self, train):
        """An untrained detector for some units, ready to learn."""
        torch.manual_seed(self.job.seed)
        names = self.collection.class_names
        scale = starting.anchor_scale(self.collection.boxes)
        detector = starting.make_detector(self.start, len(self.collection.bands), names, scale)
        numbers = self._measure(train)
        recipe = self._recipe(train)
        return Fit(detector, numbers, [], 0, recipe)

    def _fit(self, begun, train, progress, watch=True, aside=0.0):
        seed = self.job.seed
        learned, watched = train, []
        if watch:
            learned, watched = watched_split(self.collection, train, seed)
        patches = self._patches(learned)
        learners = starting.prepare(
            begun.network, self.start, patches, begun.numbers, np.random.default_rng(seed)
        )
        share = 1 - _GOING_ON if watch else 1.0
        recipe = replace(begun.recipe, seconds=self._seconds(share, aside))
        done = learn(
            begun.network, learners, patches, self._watcher(begun.numbers, watched, progress),
            begun.numbers, recipe, self.device, progress,
        )  # fmt: skip
        self.left -= 1
        return Fit(done.network, begun.numbers, done.history, done.best_epoch, recipe, len(watched))

    def _watcher(self, numbers, watched, progress):
        """Tells the mAP50 on units that do not train; None if there are none."""
        if not watched:
            return None
        still = progress.part(0.0, 0.0)

        def watch(network):
            fit = Fit(network, numbers, [], 0, None)
            scored = self.collection, watched
            found, truth = self._search(fit, scored, range(len(watched)), still)
            table = average_precisions(found, truth, self._classes, [0.5], MOST_FOUND)
            return float(np.nanmean(table)) if np.isfinite(table).any() else 0.0

        return watch

    @property
    def _classes(self):
        return len(self.collection.class_names)

    def _search(self, fit, scored, some, progress, seconds=0.0):
        collection, units = scored
        finder = Finder(fit.network, fit.numbers, self.patch, self.overlap, self.device)
        return score_units(finder, collection, units, some, progress, seconds)

    def _beside(self):
        """Time budget of what an untrained detector finds in one split; 0 for none."""
        return min(_BESIDE * 60 * self.job.minutes, 60.0) / max(self.left, 1)

    def _patches(self, some):
        return Patches(self.collection, some, self.patch, self.job.augment)

    def _measure(self, train):
        """Normalization numbers, from windows of the training units."""
        chance = np.random.default_rng(self.job.seed)
        chosen = [train[i] for i in chance.permutation(len(train))[:_MEASURED]]
        patches = Patches(self.collection, chosen, self.patch, "none")
        count = max(1, min(_MEASURED, len(chosen)))
        some = [patches.cut(place % len(chosen), chance).values[:, ::4, ::4]
                for place in range(count)]  # fmt: skip
        return measure(np.stack(some), np.arange(len(some)), self.start.spread)

    def _recipe(self, train):
        count = len(self._patches(train))
        size = self.job.batch_size or _BATCH
        wished = round(_STEPS / max(count / size, 1))
        epochs = self.job.epochs or min(max(wished, _LEAST_EPOCHS), _MOST_EPOCHS)
        return Recipe(
            epochs=epochs,
            learning_rate=self.job.learning_rate or _RATES[self.start.kind],
            batch_size=min(size, count),
            augment=self.job.augment,
            spread=self.start.spread,
            seed=self.job.seed,
        )

    def _seconds(self, share, aside=0.0):
        """Time budget of a fit: its share of what is left but for some seconds; 0 for none."""
        if not self.job.minutes and self.job.epochs:
            return 0.0
        whole = seconds_for_fits(self.job.minutes) if self.job.minutes else AUTOMATIC_SECONDS
        left = whole - (time.monotonic() - self.started) - aside
        return ranks.agreed(max(1.0, share * left / max(self.left, 1)))
