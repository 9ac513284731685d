"""The training loop of a detector, told in order."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from ...jobs.errors import JobError
from .. import checkpoint, ranks
from ..augmentation import relight
from ..averaging import moving_average
from ..device import half_precision
from ..normalization import to_network_range
from ..portions import Portions
from ..reading_ahead import ahead
from ..schedule import Clock, minutes

_AVERAGE_DECAY = 0.998
_LARGEST_GRADIENT = 5.0
_WEIGHT_DECAY = 0.05
_LOOKS = 12  # how often the watched units are looked at
_PATIENCE = 0.4
_AS_GOOD = 0.01


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes
    ----------
    epochs : int
    learning_rate : float
        The highest; it warms up from 0 and falls to 0 along a cosine.
    seconds : float
        Time budget; 0 for none. The schedule ends with whichever comes first.
    batch_size : int
    augment : {"overhead", "photo", "none"}
    spread : float
        Standard deviation of a band in the network's range.
    seed : int
    """

    epochs: int
    learning_rate: float
    seconds: float = 0.0
    batch_size: int = 4
    augment: str = "overhead"
    spread: float = 1.0
    seed: int = 0


@dataclass
class Learned:
    """What training gives.

    Attributes
    ----------
    network : detectors.Detector
        The moving average of the weights, in evaluation mode.
    history : list of dict
        Per epoch: epoch, training_loss, validation_map50 (or None), learning_rate.
    best_epoch : int
        Whose weights these are.
    """

    network: nn.Module
    history: list = field(default_factory=list)
    best_epoch: int = 0


def learn(detector, learners, patches, watch, numbers, recipe, device, progress):
    """Train a detector.

    Parameters
    ----------
    detector : detectors.Detector
    learners : list of torch.nn.Parameter
        What is trained of it.
    patches : Patches
    watch : callable or None
        ``watch(network)`` tells the mAP50 of units that do not train; it chooses the epoch.
        Without it the last epoch is the best.
    numbers : dict
        Normalization.
    recipe : Recipe
    device : torch.device
    progress : Progress

    Returns
    -------
    Learned

    Raises
    ------
    Stopped
        If the user cancels.
    JobError
        If the loss is no longer a number.
    """
    detector.to(device, memory_format=torch.channels_last)
    average = moving_average(detector, _AVERAGE_DECAY, use_buffers=True)
    optimizer = _optimizer(learners, recipe)
    clock = Clock(recipe.epochs * math.ceil(len(patches) / recipe.batch_size), recipe.seconds)
    stage = checkpoint.stage(network=detector, average=average, optimizer=optimizer, clock=clock)
    course = stage.resume(checkpoint.Course())
    taught, portions = ranks.parallel(_Taught(detector), unused=True), Portions()
    while not course.over:
        detector.train()
        drawn = course.rest(_batches(patches, recipe, course.epoch))
        for batch in ahead(drawn, progress.check):
            course.rate = _set_rate(optimizer, recipe.learning_rate * clock.share_of_rate())
            batch = ranks.share(batch)
            step = taught, learners, optimizer, batch, numbers, recipe, device
            course.count(_step(*step, portions))
            average.update_parameters(detector)
            clock.tick()
            stage.keep(course)
            progress(clock.fraction(), _say(course, recipe, clock))
            if clock.fraction() >= 1:
                break
        _check_finite(course.losses)
        course.over = clock.fraction() >= 1 or course.epoch == recipe.epochs
        score = None
        if watch and (course.over or _looks(course.epoch, recipe)):
            score = ranks.once(lambda: watch(average.module))
        course.history.append(_record(course, score, progress))
        _better(course, average, score)
        late = course.epoch - course.best_epoch > _PATIENCE * recipe.epochs
        course.over |= bool(watch) and late
        course.next_epoch()
        stage.keep(course, epoch_ends=True)
    detector.load_state_dict(course.best[1])
    ranks.synchronize(detector)
    return Learned(detector.eval(), course.history, course.best_epoch)


class _Taught(nn.Module):
    """A detector that is called for its loss."""

    def __init__(self, detector):
        super().__init__()
        self.detector = detector

    def forward(self, images, boxes, labels):
        return sum(self.detector.losses(images, boxes, labels).values())


def _optimizer(learners, recipe):
    """AdamW; biases and normalization are not decayed."""
    groups = [
        {"params": [p for p in learners if p.ndim > 1], "weight_decay": _WEIGHT_DECAY},
        {"params": [p for p in learners if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def _batches(patches, recipe, epoch):
    """The patches of one epoch, a batch at a time."""
    chance = np.random.default_rng([recipe.seed, epoch])
    places = patches.epoch(chance)
    for start in range(0, len(places), recipe.batch_size):
        yield [patches.cut(place, chance) for place in places[start : start + recipe.batch_size]]


def _set_rate(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate
    return rate


def _step(taught, learners, optimizer, batch, numbers, recipe, device, portions):
    def loss_of(images, boxes, labels):
        with half_precision(device):
            seen = images.contiguous(memory_format=torch.channels_last)
            return taught(seen, boxes, labels) * ranks.weight(len(seen)), len(seen)

    images = torch.from_numpy(np.stack([patch.values for patch in batch])).to(device)
    images = to_network_range(images, numbers)
    if recipe.augment != "none":
        images = relight(images, recipe.spread, torch.default_generator)
    boxes = [torch.from_numpy(patch.boxes).to(device) for patch in batch]
    labels = [torch.from_numpy(patch.labels).to(device) for patch in batch]
    loss = portions.descend(optimizer, loss_of, images, boxes, labels)
    torch.nn.utils.clip_grad_norm_(learners, _LARGEST_GRADIENT)
    optimizer.step()
    return loss


def _check_finite(losses):
    """Refuse to go on with a training whose loss has become no number."""
    if not all(map(math.isfinite, losses)):
        raise JobError(
            "The training got out of hand: its loss is no longer a number.",
            "Declare the nodata value of the rasters, or choose a lower learning rate.",
        )


def _looks(epoch, recipe):
    return epoch % max(1, math.ceil(recipe.epochs / _LOOKS)) == 0


def _record(course, score, progress):
    entry = {
        "epoch": course.epoch,
        "training_loss": sum(course.losses) / max(len(course.losses), 1),
        "validation_map50": score,
        "learning_rate": course.rate,
    }
    for name, value in entry.items():
        if name != "epoch" and value is not None:
            progress.metric(name, value, course.epoch)
    return entry


def _better(course, average, score):
    """Keep the averaged weights of the best look, of equals the later; without looks the last."""
    if score is None and not (course.over and course.best is None):
        return
    score = -1.0 if score is None else score
    if course.best is not None and course.best[0] > score + _AS_GOOD:
        return
    course.best_epoch = course.epoch
    highest = score if course.best is None else max(score, course.best[0])
    state = average.module.state_dict()
    course.best = highest, {name: value.clone() for name, value in state.items()}


def _say(course, recipe, clock):
    recent = course.losses[-20:]
    return (
        f"Epoch {course.epoch} of {recipe.epochs}, loss {sum(recent) / len(recent):.3f}, "
        f"{minutes(clock.left())} left"
    )
