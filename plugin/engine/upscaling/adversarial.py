"""The second stage: the generator learns texture from a discriminator, under guard.

The generator starts as the fidelity generator. What it may add is bounded: the error to the
truth stays in the loss, and its result, degraded again, must stay the coarse raster. Guards
watch it on patches that train nothing; when one is broken the last good weights come back and
the adversarial weight is halved; the third time the fidelity generator is used as it is.

References
----------
Wang et al. 2018, arXiv:1809.00219 (network interpolation)
"""

import copy
import math
from dataclasses import dataclass, field

import torch

from .. import checkpoint, ranks
from ..portions import Portions
from ..schedule import Clock, minutes
from .fidelity import next_pair
from .guard import Guard
from .opponents import Opponents

_WATCH_EVERY = 50
_PATIENCE = 2


@dataclass
class Tutored:
    """What the stage gives.

    Attributes
    ----------
    network : Upscaler
        The best that was seen, in evaluation mode.
    history : list of dict
        step, psnr, cubic_psnr, ratio (of high frequencies), discriminator_loss, weight.
    rollbacks : list of dict
        step and reason of every one.
    stopped : str
        Why the fidelity generator is used as it is; empty if it is not.
    best_step : int
    """

    network: torch.nn.Module
    history: list = field(default_factory=list)
    rollbacks: list = field(default_factory=list)
    stopped: str = ""
    best_step: int = 0


def train_adversarial(fidelity, kinds, watched, sensor, lesson, weight, device, progress):
    """Teach a fidelity generator texture.

    Parameters
    ----------
    fidelity : Upscaler
        Stays as it is.
    kinds : list of FineImages
    watched : tuple of torch.Tensor
        Coarse (N, C, H, W) and fine patches that train nothing, in the network's range.
    sensor : Sensor
    lesson : Lesson
    weight : float
        Of the adversarial loss, reached after some steps.
    device : torch.device
    progress : Progress

    Returns
    -------
    Tutored

    Raises
    ------
    Stopped
        If the user cancels.
    """
    school = Opponents(fidelity, lesson, weight, device)
    clock = Clock(lesson.steps, lesson.seconds, lesson.now)
    chance, dice = school.chances
    stage = checkpoint.stage(school=school, clock=clock, chance=chance, dice=dice)
    course = stage.resume(_Course())
    guard = Guard(watched, fidelity, device, course.best)
    school.share()
    portions = Portions()
    while not course.over and clock.fraction() < 1:
        pair = next_pair(kinds, fidelity, sensor, lesson, school.chances, device)
        losses = portions.some(lambda *some: school.step(some, clock), *pair)
        clock.tick()
        if not all(map(math.isfinite, losses)) or clock.step % _WATCH_EVERY == 0:
            _look(school, guard, course, clock.step, losses)
        course.over = bool(course.stopped)
        stage.keep(course)
        progress(clock.fraction(), _say(clock, losses))
    if not course.over and (not course.history or clock.step % _WATCH_EVERY):
        _look(school, guard, course, clock.step, school.recent())
    course.over = True
    stage.keep(course)
    return _result(fidelity, course)


@dataclass
class _Course(checkpoint.Course):
    """Where the stage stands; `best` holds the score and the weights of the best generator."""

    rollbacks: list = field(default_factory=list)
    stopped: str = ""


def _result(fidelity, course):
    network = copy.deepcopy(fidelity).eval()
    if course.best is not None:
        network.load_state_dict(course.best[1])
    ranks.synchronize(network)
    return Tutored(network, course.history, course.rollbacks, course.stopped, course.best_epoch)


def _say(clock, losses):
    return (
        f"Texture, step {clock.step:,} of {clock.steps:,}, discriminator {losses[0]:.2f}, "
        f"{minutes(clock.left())} left"
    )


def _look(school, guard, course, step, losses):
    """Judge the averaged generator: keep it, go on, or roll back."""
    seen = ranks.once(lambda: guard.judge(school.average.module))
    seen.update(step=step, discriminator_loss=losses[0], weight=school.weight)
    reason = guard.broken(seen, school.losses)
    course.history.append(seen)
    if not reason:
        school.remember()
        if guard.is_best(seen):
            course.best = guard.best, copy.deepcopy(school.average.module.state_dict())
            course.best_epoch = step
        return
    course.rollbacks.append({"step": step, "reason": reason})
    if len(course.rollbacks) > _PATIENCE:
        course.stopped = f"adversarial stage stopped at step {step}: {reason}"
        return
    school.roll_back()
