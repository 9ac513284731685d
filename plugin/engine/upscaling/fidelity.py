"""The first stage: a generator that is as near to the truth as it can be."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from .. import checkpoint, ranks
from ..averaging import moving_average
from ..degradation import cubic
from ..portions import Portions
from ..schedule import Clock, minutes
from .fine_images import draw
from .paired_images import PairedImages, draw_pairs
from .simulation import simulate

_AVERAGE_DECAY = 0.999
_LARGEST_GRADIENT = 1.0
_BORDER = 4
_SMOOTH = 1e-3
_RECENT, _WATCH_SECONDS = 100, 30


@dataclass(frozen=True)
class Lesson:
    """How a stage is trained.

    Attributes
    ----------
    steps : int
        The schedule ends with these or with `seconds`, whichever comes first.
    seconds : float
        0 for no limit.
    learning_rate : float
    batch_size, side : int
        Coarse patches in a step, and their side in pixels.
    seed : int
    now : callable
        The clock of `seconds`.
    """

    steps: int
    seconds: float = 0.0
    learning_rate: float = 8e-4
    batch_size: int = 8
    side: int = 32
    seed: int = 0
    now: object = time.monotonic


def train_fidelity(network, kinds, sensor, lesson, device, progress, watch=None, course=None):
    """Train a generator on the mean absolute error.

    Parameters
    ----------
    network : Upscaler
    kinds : list of FineImages
    sensor : Sensor
    lesson : Lesson
    device : torch.device
    progress : Progress
    watch : callable, optional
        ``watch(network, step)`` is called about every 30 s with the averaged network; what it says
        goes into the course's history.
    course : checkpoint.Course, optional
        Is told how the training goes: its batches are the steps.

    Returns
    -------
    Upscaler
        The moving average of the weights, in evaluation mode.

    Raises
    ------
    Stopped
        If the user cancels.
    """
    chance, dice = torch.Generator().manual_seed(lesson.seed), np.random.default_rng(lesson.seed)
    network = network.to(device, memory_format=torch.channels_last).train()
    average = moving_average(network, _AVERAGE_DECAY)
    optimizer = torch.optim.Adam(network.parameters(), lr=lesson.learning_rate, betas=(0.9, 0.99))
    clock = Clock(lesson.steps, lesson.seconds, lesson.now)
    stage = checkpoint.stage(
        network=network, average=average, optimizer=optimizer, clock=clock, chance=chance, dice=dice
    )
    course = stage.resume(course or checkpoint.Course())
    taught, portions, watched = ranks.parallel(network), Portions(), time.monotonic()
    while not course.over and clock.fraction() < 1:
        for group in optimizer.param_groups:
            group["lr"] = lesson.learning_rate * clock.share_of_rate()
        pair = next_pair(kinds, network, sensor, lesson, (chance, dice), device)
        course.count(take_step(taught, optimizer, *pair, portions=portions))
        average.update_parameters(network)
        clock.tick()
        course.losses = course.losses[-_RECENT:]
        stage.keep(course)
        text = f"Step {clock.step:,} of {clock.steps:,}, error {np.mean(course.losses):.4f}"
        progress(clock.fraction(), f"{text}, {minutes(clock.left())} left")
        if watch is not None and time.monotonic() - watched > _WATCH_SECONDS:
            course.history.append(watch(average.module.eval(), clock.step))
            watched = time.monotonic()
    return _finished(stage, course, average)


def _finished(stage, course, average):
    """The averaged network; it is kept until the whole job is done."""
    if not course.over:
        course.over, course.best = True, (0.0, average.module.state_dict())
        stage.keep(course)
    average.module.load_state_dict(course.best[1])
    ranks.synchronize(average.module)
    return average.module.eval()


def next_pair(kinds, network, sensor, lesson, chances, device):
    """Coarse patches, what is told of their blur, the fine patches, and their gains."""
    chance, dice = chances
    if isinstance(kinds[0], PairedImages):
        pair = draw_pairs(kinds, lesson, sensor, network.bands, dice)
        return tuple(part.to(device, non_blocking=True) for part in pair)
    side = lesson.side * sensor.factor
    fine, gains = draw(kinds, lesson.batch_size, side, network.bands, dice)
    coarse, told = simulate(fine, sensor, chance)
    return tuple(part.to(device, non_blocking=True) for part in (coarse, told, fine, gains))


def take_step(network, optimizer, *pair, portions=None):
    """One step on what `next_pair` gives; returns the loss."""
    factor = ranks.plain(network).factor

    def loss_of(coarse, told, fine, gains):
        made = cubic(coarse, factor) + network(_as_seen(coarse), told)
        return error(made, fine, gains, factor), len(coarse)

    loss = (portions or Portions()).descend(optimizer, loss_of, *pair)
    torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
    optimizer.step()
    return loss


def _as_seen(coarse):
    return coarse.contiguous(memory_format=torch.channels_last)


def error(made, fine, gains, factor):
    """Mean absolute error (smooth at 0) in units of each patch; the border is left out.

    Near the border the network sees zeros that no raster has.
    """
    edge = _BORDER * factor
    inside = (made - fine)[..., edge:-edge, edge:-edge] / gains.view(-1, 1, 1, 1)
    return (inside.square() + _SMOOTH**2).sqrt().mean()
