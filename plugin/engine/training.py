"""The training loop, told in order."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from ..jobs.errors import JobError
from . import checkpoint, ranks
from .augmentation import augment
from .averaging import moving_average
from .device import affordable, half_precision
from .losses import absolute_weights, class_weights, cross_entropy
from .normalization import to_network_range
from .portions import Portions
from .reading_ahead import ahead
from .schedule import Clock, minutes

_AVERAGE_DECAY = 0.998
_LARGEST_GRADIENT = 5.0
_PATIENCE = 0.35
_EVALUATION_BATCH = 128


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes
    ----------
    epochs : int
    seconds : float
        Time budget; 0 for none. The schedule ends with whichever comes first.
    learning_rate : float
        The highest; it warms up from 0 and falls to 0 along a cosine.
    l1, l2 : float
        Penalties; `l2` is AdamW's decoupled weight decay.
    augment : {"overhead", "photo", "none"}
    balance : {"weights", "sampling", "none"}
    batch_size : int
    spread : float
        Standard deviation of a band in the network's range.
    head_only : bool
        Whether the backbone stays as it is.
    keep_statistics : bool
        Whether the backbone's batch normalization keeps the mean and spread it came with, so that
        a training step computes what is computed in use.
    keep_last : bool
        Whether the last epoch is taken, whatever the watched images say.
    smoothing : float
        Share of a label that is spread over all classes.
    seed : int
    """

    epochs: int
    learning_rate: float
    seconds: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    augment: str = "none"
    balance: str = "none"
    batch_size: int = 32
    spread: float = 1.0
    head_only: bool = False
    keep_statistics: bool = False
    keep_last: bool = False
    smoothing: float = 0.1
    seed: int = 0


@dataclass
class Images:
    """Images and labels to train on or to watch: rows `indices` of `values` and `labels`."""

    values: np.ndarray
    labels: np.ndarray
    indices: np.ndarray

    def __len__(self):
        return len(self.indices)

    def take(self, rows):
        """Images (n, band, row, column) and labels (n,) as tensors."""
        chosen = self.indices[rows]
        images = torch.from_numpy(np.asarray(self.values[chosen]).astype(np.float32))
        return images, torch.from_numpy(self.labels[chosen])


@dataclass
class Fitted:
    """What training gives: the network at its best, and how it went.

    Attributes
    ----------
    network : torch.nn.Module
        In evaluation mode: the moving average of the weights, at the watched images' best epoch.
    history : list of dict
        Per epoch: epoch, training_loss, validation_loss, validation_accuracy, learning_rate.
    best_epoch : int
        Counted from 1.
    steps : int
        Batches that it learned from.
    """

    network: torch.nn.Module
    history: list = field(default_factory=list)
    best_epoch: int = 0
    steps: int = 0


def train(network, training, watched, numbers, recipe, device, progress):
    """Train a classifier.

    Parameters
    ----------
    network : ImageClassifier
    training, watched : Images
        What it learns from, and what tells the best epoch; `watched` may be empty, then the
        last epoch is the best, as with `recipe.keep_last`. Scores that are reported come from neither.
    numbers : dict
        Normalization, see `normalization.measure`.
    recipe : Recipe
    device : torch.device
    progress : Progress

    Returns
    -------
    Fitted

    Raises
    ------
    Stopped
        If the user cancels.
    """
    chance = torch.Generator().manual_seed(recipe.seed)
    network = network.to(device, memory_format=torch.channels_last)
    average = moving_average(network, _AVERAGE_DECAY, use_buffers=True)
    optimizer = _optimizer(network, recipe)
    weights = _weights(training, network, recipe).to(device)
    clock = Clock(recipe.epochs * math.ceil(len(training) / recipe.batch_size), recipe.seconds)
    stage = checkpoint.stage(
        network=network, average=average, optimizer=optimizer, clock=clock, chance=chance
    )
    course, taught = stage.resume(checkpoint.Course()), ranks.parallel(network)
    portions = Portions()
    while not course.over:
        _learning(network, recipe)
        _draw(course, training, recipe, network.head[1].out_features, chance)
        rows = course.rest(_batches(course.order, recipe))
        for batch in ahead((training.take(ranks.share(some)) for some in rows), progress.check):
            course.rate = _set_rate(optimizer, recipe.learning_rate * clock.share_of_rate())
            step = taught, optimizer, batch, numbers, weights, recipe, chance
            course.count(_step(*step, portions))
            average.update_parameters(network)
            clock.tick()
            stage.keep(course)
            progress(clock.fraction(), _say(course, recipe, clock))
            if clock.fraction() >= 1:
                break
        _check_finite(course.losses)
        seen = ranks.once(lambda: evaluate(average.module, watched, numbers, device, progress))
        course.history.append(_record(course, seen, progress))
        _better(course, average, None if recipe.keep_last else seen)
        late = course.epoch - course.best_epoch > _PATIENCE * recipe.epochs
        course.over = clock.fraction() >= 1 or late or course.epoch == recipe.epochs
        course.next_epoch()
        stage.keep(course, epoch_ends=True)
    network.load_state_dict(course.best[1])
    ranks.synchronize(network)
    return Fitted(network.eval(), course.history, course.best_epoch, clock.step)


def _check_finite(losses):
    """Refuse to go on with a training whose loss has become no number."""
    if not all(map(math.isfinite, losses)):
        raise JobError(
            "The training got out of hand: its loss is no longer a number. Most often some pixels "
            "are far outside the others, such as nodata values that are not declared.",
            "Declare the nodata value of the images, or choose a lower learning rate.",
        )


def _optimizer(network, recipe):
    """AdamW; biases and normalization are not decayed."""
    learned = [part for part in network.parameters() if part.requires_grad]
    groups = [
        {"params": [part for part in learned if part.ndim > 1], "weight_decay": recipe.l2},
        {"params": [part for part in learned if part.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)


def _weights(training, network, recipe):
    classes = network.head[1].out_features
    power = 0.5 if recipe.balance == "weights" else 0.0
    return class_weights(training.labels[training.indices], classes, power)


def _learning(network, recipe):
    network.train()
    if recipe.head_only:
        network.backbone.eval()
    if recipe.keep_statistics:
        for layer in network.backbone.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()


def _draw(course, training, recipe, classes, chance):
    """Draw the order of an epoch, unless it is drawn already."""
    if course.order is not None:
        return
    count = len(training)
    if recipe.balance == "sampling":
        rarity = class_weights(training.labels[training.indices], classes, power=1.0)
        chances = rarity[torch.from_numpy(training.labels[training.indices])]
        order = torch.multinomial(chances, count, replacement=True, generator=chance)
    else:
        order = torch.randperm(count, generator=chance)
    course.order = ranks.agreed(order)


def _batches(order, recipe):
    """Row numbers of one epoch, a batch at a time; a last batch of one image is left out."""
    for rows in order.split(recipe.batch_size):
        if len(rows) > 1 or len(order) == 1:
            yield rows.numpy()


def _set_rate(optimizer, rate):
    for group in optimizer.param_groups:
        group["lr"] = rate
    return rate


def _step(network, optimizer, batch, numbers, weights, recipe, chance, portions):
    def loss_of(images, labels):
        with half_precision(weights.device):
            logits = network(images.contiguous(memory_format=torch.channels_last))
        weight = weights[labels].sum()
        loss = cross_entropy(logits.float(), labels, weights, recipe.smoothing)
        return loss * ranks.weight(weight) + penalty(), weight

    def penalty():
        return recipe.l1 * absolute_weights(network) if recipe.l1 else 0.0

    images, labels = (part.to(weights.device, non_blocking=True) for part in batch)
    images = to_network_range(images, numbers)
    images = augment(images, recipe.augment, recipe.spread, chance)
    # Batch normalization knows no spread of a single image.
    loss = portions.descend(optimizer, loss_of, images, labels, least=2) - float(penalty())
    torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
    optimizer.step()
    return loss


def evaluate(network, watched, numbers, device, progress):
    """Mean loss and accuracy on watched images, or None if there are none."""
    if not len(watched):
        return None
    logits = predict(network, watched, numbers, device, progress)
    labels = torch.from_numpy(watched.labels[watched.indices])
    right = float((logits.argmax(1) == labels).float().mean())
    return {"loss": float(cross_entropy(logits, labels)), "accuracy": right}


@torch.no_grad()
def predict(network, images, numbers, device, progress):
    """Logits (N, classes) of images; the network is in evaluation mode meanwhile.

    Raises
    ------
    Stopped
        If the user cancels.
    """

    def look(rows):
        progress.check()
        batch = to_network_range(images.take(rows)[0].to(device), numbers)
        with half_precision(device):
            logits = network(batch.contiguous(memory_format=torch.channels_last))
        return logits.float().cpu()

    was_training = network.training
    network.eval()
    size = affordable(_EVALUATION_BATCH, images.values.shape[-1])
    results = Portions(size).each(look, np.arange(len(images)))
    network.train(was_training)
    return torch.cat(results)


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


def _better(course, average, score):
    """Keep the averaged weights of the epoch with the lowest watched loss, else the last."""
    loss = score["loss"] if score else -course.epoch
    if course.best is not None and course.best[0] < loss:
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
