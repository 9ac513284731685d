"""The training loop of a pixel classifier, told in order."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional

from ...jobs.errors import JobError
from .. import checkpoint, ranks
from ..augmentation import relight
from ..averaging import moving_average
from ..device import half_precision
from ..losses import class_weights
from ..normalization import to_network_range
from ..portions import Portions
from ..reading_ahead import ahead
from ..schedule import Clock, minutes
from .losses import pixel_loss

_AVERAGE_DECAY = 0.998
_LARGEST_GRADIENT = 5.0
_PATIENCE = 0.4
_LOOKS = 15  # how often the watched pixels are looked at
_LIGHT = 0.5  # of the variation that photographs get: values of rasters have a meaning


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
    l2 : float
        AdamW's decoupled weight decay.
    augment : {"overhead", "turns", "none"}
    balance : {"weights", "sampling", "none"}
    loss : {"cross_entropy", "focal", "dice"}
    batch_size : int
    spread : float
        Standard deviation of a band in the network's range.
    encoder_share : float
        Of the learning rate, for the encoder.
    seed : int
    """

    epochs: int
    learning_rate: float
    seconds: float = 0.0
    l2: float = 0.05
    augment: str = "overhead"
    balance: str = "weights"
    loss: str = "cross_entropy"
    batch_size: int = 8
    spread: float = 1.0
    encoder_share: float = 1.0
    seed: int = 0


@dataclass
class Learned:
    """What training gives.

    Attributes
    ----------
    network : PixelNetwork
        The moving average of the weights, in evaluation mode.
    history : list of dict
        Per epoch: epoch, training_loss, validation_loss, validation_accuracy (or None),
        learning_rate.
    best_epoch : int
    steps : int
        Batches that it learned from.
    """

    network: torch.nn.Module
    history: list = field(default_factory=list)
    best_epoch: int = 0
    steps: int = 0


def learn(network, feed, labels, watched, numbers, recipe, device, progress):
    """Train a pixel classifier.

    Parameters
    ----------
    network : PixelNetwork
    feed : feeding.Patches or feeding.Singles
    labels : int array
        Classes of the pixels that it learns from, for their weights.
    watched : feeding.Watched
        What tells the best epoch; may be empty, then the last epoch is the best.
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
    chance = torch.Generator().manual_seed(recipe.seed)
    network.to(device, memory_format=torch.channels_last)
    average = moving_average(network, _AVERAGE_DECAY, use_buffers=True)
    optimizer = _optimizer(network, recipe)
    weights = _weights(labels, network, recipe).to(device)
    clock = Clock(recipe.epochs * math.ceil(len(feed) / recipe.batch_size), recipe.seconds)
    stage = checkpoint.stage(
        network=network, average=average, optimizer=optimizer, clock=clock, chance=chance
    )
    course, taught = stage.resume(checkpoint.Course()), ranks.parallel(network)
    portions = Portions()
    while not course.over:
        network.train()
        dice = np.random.default_rng([recipe.seed, course.epoch])
        for batch in ahead(course.rest(feed.batches(recipe.batch_size, dice)), progress.check):
            course.rate = _set_rate(optimizer, recipe.learning_rate * clock.share_of_rate())
            batch = [ranks.share(part) for part in batch]
            step = taught, optimizer, batch, numbers, weights, recipe, chance
            course.count(_step(*step, portions))
            average.update_parameters(network)
            clock.tick()
            stage.keep(course)
            progress(clock.fraction(), _say(course, recipe, clock))
            if clock.fraction() >= 1:
                break
        _check_finite(course.losses)
        course.over = clock.fraction() >= 1 or course.epoch == recipe.epochs
        score = None
        if course.over or course.epoch % max(1, recipe.epochs // _LOOKS) == 0:
            score = ranks.once(lambda: evaluate(average.module, watched, numbers, recipe, progress))
        course.history.append(_record(course, score, progress))
        _better(course, average, score, len(watched) == 0)
        course.over |= course.epoch - course.best_epoch > max(_PATIENCE * recipe.epochs, 3)
        course.next_epoch()
        stage.keep(course, epoch_ends=True)
    network.load_state_dict(course.best[1])
    ranks.synchronize(network)
    return Learned(network.eval(), course.history, course.best_epoch, clock.step)


def _optimizer(network, recipe):
    """AdamW; biases and normalization are not decayed, a pretrained encoder learns more slowly."""
    encoder = network.body.encoder
    slow = {id(part) for part in encoder.parameters()} if encoder is not None else set()
    groups = []
    for is_slow in (False, True):
        share = recipe.encoder_share if is_slow else 1.0
        parts = [part for part in network.parameters() if (id(part) in slow) == is_slow]
        for decay, some in ((recipe.l2, [p for p in parts if p.ndim > 1]),
                            (0.0, [p for p in parts if p.ndim <= 1])):  # fmt: skip
            groups.append({"params": some, "weight_decay": decay, "share": share})
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=recipe.learning_rate, fused=True
    )


def _weights(labels, network, recipe):
    power = 0.5 if recipe.balance == "weights" else 0.0
    return class_weights(labels.astype(np.int64), network.head[1].out_channels, power)


def _set_rate(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
    return rate


def _step(network, optimizer, batch, numbers, weights, recipe, chance, portions):
    def loss_of(images, labels):
        with half_precision(weights.device):
            logits = network(images.contiguous(memory_format=torch.channels_last))
        logits, labels = labeled(logits.float(), labels)
        weight = weights[labels].sum()
        loss = pixel_loss(recipe.loss, logits, labels, weights)
        return loss * ranks.weight(weight), weight

    values, labels = (torch.from_numpy(np.ascontiguousarray(part)) for part in batch)
    images = to_network_range(values.to(weights.device, non_blocking=True), numbers)
    if recipe.augment == "overhead":
        images = relight(images, _LIGHT * recipe.spread, chance)
    labels = labels.to(weights.device)
    loss = portions.descend(optimizer, loss_of, images, labels, least=2)
    torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
    optimizer.step()
    return loss


def labeled(logits, labels):
    """Logits (n, classes) and classes (n,) of the labeled pixels of images."""
    mask = labels >= 0
    return logits.permute(0, 2, 3, 1)[mask], labels[mask]


def _check_finite(losses):
    """Refuse to go on with a training whose loss has become no number."""
    if not all(map(math.isfinite, losses)):
        raise JobError(
            "The training got out of hand: its loss is no longer a number. Most often some pixels "
            "are far outside the others, such as nodata values that are not declared.",
            "Declare the nodata value of the rasters, or choose a lower learning rate.",
        )


def evaluate(network, watched, numbers, recipe, progress):
    """Mean loss and accuracy at watched pixels, or None if there are none."""
    if not len(watched):
        return None
    logits, labels = predict(network, watched, numbers, recipe, progress)
    right = float((logits.argmax(1) == labels).float().mean())
    return {"loss": float(functional.cross_entropy(logits, labels)), "accuracy": right}


@torch.no_grad()
def predict(network, watched, numbers, recipe, progress):
    """Logits (n, classes) and classes (n,) of watched pixels, on the CPU."""

    def look(values):
        images = to_network_range(values.to(device), numbers)
        with half_precision(device):
            logits = network(images.contiguous(memory_format=torch.channels_last))
        return logits.float().cpu()

    device, parts, portions = next(network.parameters()).device, [], Portions()
    was_training = network.training
    network.eval()
    for values, labels in watched.batches(recipe.batch_size):
        progress.check()
        logits = torch.cat(portions.each(look, torch.from_numpy(values)))
        parts.append(labeled(logits, torch.from_numpy(labels)))
    network.train(was_training)
    return tuple(torch.cat(part) for part in zip(*parts, strict=True))


def _record(course, score, progress):
    entry = {
        "epoch": course.epoch,
        "training_loss": sum(course.losses) / max(len(course.losses), 1),
        "validation_loss": score["loss"] if score else None,
        "validation_accuracy": score["accuracy"] if score else None,
        "learning_rate": course.rate,
    }
    for name, value in entry.items():
        if name != "epoch" and value is not None:
            progress.metric(name, value, course.epoch)
    return entry


def _better(course, average, score, takes_last):
    """Keep the averaged weights of the epoch with the lowest watched loss, else the last."""
    if score is None and not takes_last:
        return
    loss = -course.epoch if takes_last else score["loss"]
    if course.best is not None and course.best[0] <= loss:
        return
    course.best_epoch = course.epoch
    state = average.module.state_dict()
    course.best = loss, {name: value.clone() for name, value in state.items()}


def _say(course, recipe, clock):
    recent = course.losses[-20:]
    return (
        f"Epoch {course.epoch} of {recipe.epochs}, loss {sum(recent) / len(recent):.3f}, "
        f"{minutes(clock.left())} left"
    )
