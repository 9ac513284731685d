"""Fit a pixel classifier to some of the labeled pixels."""

from dataclasses import dataclass

import numpy as np
import torch

from ..device import affordable
from ..metrics.classification import fit_temperature
from ..normalization import measure, to_network_range
from ..recalibration import recalibrate
from .feeding import Patches, Singles, Watched, automatic_epochs
from .learning import Recipe, learn, predict
from .splits import inner_split
from .starting import make_network

_RATES = {
    "unet_mobilenet_v2": 3e-3,
    "unet_mobilenet_v2_torchvision": 3e-3,
    "unet_resnet18": 2e-3,
    "deeplabv3_resnet50": 1e-3,
    "pixel_mlp": 3e-3,
}
_ENCODER_SHARE = 0.3
_DROPOUT = 0.1
_BATCH, _PIXEL_BATCH = 20, 256  # at 160 pixels a side, and of single pixels
_MEASURED_PIXELS = 50_000
_CALIBRATION_PATCHES = 24


@dataclass
class Fit:
    """A fitted network with the numbers that go into its card."""

    network: torch.nn.Module
    numbers: dict
    temperature: float
    history: list
    best_epoch: int
    learning_rate: float
    steps: int


@dataclass(frozen=True)
class Fitter:
    """What all fits of a job share.

    Attributes
    ----------
    job : TrainPixelClassifier
    start : starting.Start
    ground : Ground
    class_names : list of str
    groups : int array, shape (n,)
        What is not split, of every labeled pixel.
    side : int
        Of a patch; 1 if the network looks at single pixels.
    device : torch.device
    """

    job: object
    start: object
    ground: object
    class_names: list
    groups: np.ndarray
    side: int
    device: torch.device

    def fit(self, chosen, seconds, progress, watch=True):
        """Fit a network.

        A part of the pixels (whole groups) is watched: it chooses the epoch and the temperature and
        is neither trained on nor reported.

        Parameters
        ----------
        chosen : int array
            Numbers of the labeled pixels to fit.
        seconds : float
            Time budget; 0 for none.
        progress : Progress
        watch : bool
            False learns from all of them and keeps the last epoch.

        Returns
        -------
        Fit
        """
        torch.manual_seed(self.job.seed)
        learned, watched = chosen, chosen[:0]
        if watch:
            learned, watched = inner_split(self.ground, self.groups, chosen, self.job.seed)
        numbers = self.start.numbers or self._measure(learned)
        network = make_network(self.start, self.ground.values.shape[1], self.class_names, _DROPOUT)
        feed = self._feed(learned)
        if self.start.backbone is not None:
            recalibrate(network.body.encoder, self._some_images(feed, numbers))
        recipe = self._recipe(feed, seconds)
        watching = Watched(self.ground, watched, self.side, self.job.seed)
        labels = self.ground.pixels.labels[learned]
        done = learn(network, feed, labels, watching, numbers, recipe, self.device, progress)
        temperature = 1.0
        if len(watching):
            logits, truth = predict(done.network, watching, numbers, recipe, progress)
            temperature = fit_temperature(logits.numpy(), truth.numpy())
        return Fit(
            done.network, numbers, temperature, done.history, done.best_epoch,
            recipe.learning_rate, done.steps,
        )  # fmt: skip

    def _measure(self, learned):
        chance = np.random.default_rng(self.job.seed)
        some = learned[chance.permutation(len(learned))[:_MEASURED_PIXELS]]
        values = self.ground.at(some)[:, :, None, None]
        numbers = measure(values, np.arange(0, len(some)), self.start.spread)
        return numbers

    def _feed(self, learned):
        if self.side == 1:
            return Singles(self.ground, learned, self.job.balance)
        turned = self.job.augment != "none"
        return Patches(self.ground, learned, self.side, self.job.balance, turned)

    def _recipe(self, feed, seconds):
        job, single = self.job, self.side == 1
        automatic = _PIXEL_BATCH if single else affordable(_BATCH, self.side)
        size = max(job.batch_size or automatic, 2)
        return Recipe(
            epochs=job.epochs or automatic_epochs(len(feed), size, single),
            learning_rate=job.learning_rate or _RATES[self.start.name],
            seconds=seconds,
            l2=job.l2,
            augment=job.augment,
            balance=job.balance,
            loss=job.loss,
            batch_size=size,
            spread=self.start.spread,
            encoder_share=_ENCODER_SHARE if self.start.is_trained else 1.0,
            seed=job.seed,
        )

    def _some_images(self, feed, numbers):
        count = affordable(_CALIBRATION_PATCHES, self.side)
        batches = feed.batches(count, np.random.default_rng(self.job.seed))
        values = next(iter(batches))[0]
        return to_network_range(torch.from_numpy(np.ascontiguousarray(values)), numbers)
