"""The training of an image generator against a judge, under guard.

References
----------
Goodfellow et al. 2014, arXiv:1406.2661; Lim & Ye 2017, arXiv:1705.02894 (hinge loss); Mescheder
et al. 2018, arXiv:1801.04406 (R1); Yaz et al. 2019, arXiv:1806.04498 (average of the weights).
"""

import copy
import math
from dataclasses import dataclass, field

import numpy as np
import torch

from .. import checkpoint
from ..averaging import moving_average
from ..networks.image_generator import LATENT, ImageJudge
from ..portions import Portions
from ..schedule import Clock, minutes
from ..stage import put, taken
from .varying import crops, vary

_BETAS = (0.0, 0.99)
_AVERAGE_DECAY = 0.999
_SMOOTHNESS, _SMOOTHNESS_EVERY = 0.1, 16  # R1: gamma, steps
_WATCHES = 24
_LAST_RATE = 0.1  # of the first
_PATIENCE = 2
_SURE, _IMAGES_UNTIL_VARIED = 0.6, 8_000  # few images are soon known by heart


@dataclass(frozen=True)
class Lesson:
    """How a generator is trained.

    Attributes
    ----------
    seconds : float
        Time budget.
    steps : int
        The training ends after these, if not by time.
    batch_size : int
    width : int
        Of both networks at the finest level.
    rates : tuple of float
        Learning rates of generator and judge; they fall to a tenth.
    seed : int
    """

    seconds: float
    steps: int = 1_000_000
    batch_size: int = 16
    width: int = 16
    rates: tuple = (5e-4, 1e-3)
    seed: int = 0


@dataclass
class Taught:
    """What a training gives.

    Attributes
    ----------
    network : ImageGenerator
        The averaged weights at their best, in evaluation mode.
    history : list of dict
        step, seconds, judge_loss, generator_loss (means since the last entry), distance, variety.
    rollbacks : list of dict
        step and reason of every one.
    stopped : str
        Why the training ended early; empty if it did not.
    best_step, steps : int
        Where the network was taken, and how many there were.
    """

    network: torch.nn.Module
    history: list = field(default_factory=list)
    rollbacks: list = field(default_factory=list)
    stopped: str = ""
    best_step: int = 0
    steps: int = 0


@dataclass
class Pool:
    """The images that train: values in the network's range and their labels.

    Attributes
    ----------
    values : callable
        ``values(rows)`` gives images (n, band, row, column) in -1..1, not smaller than `side`.
    labels : numpy.ndarray of int, shape (N,)
    side : int
    """

    values: object
    labels: np.ndarray
    side: int

    def draw(self, count, chance):
        """Images and labels by chance; rare classes come more often than they are.

        A class comes as often as the square root of its size, so that a class of thirty images is
        learned beside one of a thousand.
        """
        sizes = np.bincount(self.labels)[self.labels]
        weights = torch.from_numpy(1 / np.sqrt(sizes))
        rows = torch.multinomial(weights, count, replacement=True, generator=chance).numpy()
        images = crops(self.values(rows), self.side, chance)
        return images, torch.from_numpy(self.labels[rows])


def teach(generator, pool, guard, lesson, device, progress):
    """Train a generator.

    Parameters
    ----------
    generator : ImageGenerator
    pool : Pool
    guard : Guard
        Judges the averaged generator from time to time.
    lesson : Lesson
    device : torch.device
    progress : Progress

    Returns
    -------
    Taught

    Raises
    ------
    Stopped
        If the user cancels.
    """
    school = _School(generator, lesson, device)
    clock = Clock(lesson.steps, lesson.seconds)
    network = copy.deepcopy(school.average.module).eval()
    stage = checkpoint.stage(school=school, clock=clock, chance=school.chance, guard=guard)
    course, pause, portions = stage.resume(_Course()), _pause(lesson), Portions()
    while not course.over:
        images, labels = pool.draw(lesson.batch_size, school.chance)
        losses = portions.some(
            lambda images, labels: school.step(images, labels, clock.fraction()),
            images.to(device), labels.to(device),
        )  # fmt: skip
        course.losses.append(losses)
        clock.tick()
        broken = not all(map(math.isfinite, losses))
        if broken or clock.fraction() >= course.looked + pause or clock.fraction() >= 1:
            _look(school, guard, course, clock)
        course.batch, course.over = clock.step, bool(course.stopped) or clock.fraction() >= 1
        stage.keep(course)
        progress(clock.fraction(), _say(clock, losses))
    if course.best is not None:
        network.load_state_dict(course.best[1])
    return Taught(
        network, course.history, course.rollbacks, course.stopped, course.best_epoch, course.batch
    )


@dataclass
class _Course(checkpoint.Course):
    """Where the training stands; the losses are those since the last look."""

    rollbacks: list = field(default_factory=list)
    stopped: str = ""
    looked: float = 0.0


def _pause(lesson):
    """Share of the training between two looks: at least some seconds, which a look may take."""
    longest = min(0.5, 10 / lesson.seconds) if lesson.seconds else 0.0
    return max(1 / _WATCHES, longest)


def _say(clock, losses):
    pace = clock.spent() / clock.step
    return (
        f"Step {clock.step:,}, {pace:.2f} s each, judge {losses[0]:.2f}, generator {losses[1]:.2f}, "
        f"{minutes(clock.left())} left"
    )


def _look(school, guard, course, clock):
    """Judge the averaged generator: keep it, go on, or roll back."""
    means = np.mean(course.losses, axis=0)
    seen = guard.judge(school.average.module, course.losses[-1])
    seen.update(step=clock.step, seconds=clock.spent())
    seen.update(judge_loss=float(means[0]), generator_loss=float(means[1]))
    course.history.append(seen)
    course.looked, course.losses = clock.fraction(), []
    reason = guard.broken(seen, clock.step)
    if not reason:
        school.remember()
        if guard.is_best(seen):
            state = copy.deepcopy(school.average.module.state_dict())
            course.best, course.best_epoch = (0.0, state), clock.step
        return
    course.rollbacks.append({"step": clock.step, "reason": reason})
    if len(course.rollbacks) > _PATIENCE:
        course.stopped = f"The training stopped at step {clock.step:,}: {reason}."
        return
    school.roll_back()


class _School:
    """The two networks, their optimizers, and the last good state of both."""

    def __init__(self, generator, lesson, device):
        torch.manual_seed(lesson.seed)
        sizes = generator.bands, generator.side, generator.classes, lesson.width
        form = {"memory_format": torch.channels_last}
        self.generator = generator.to(device, **form).train()
        self.judge = ImageJudge(*sizes).to(device, **form).train()
        self.chance = torch.Generator().manual_seed(lesson.seed)
        self.rates, self.steps, self.varied = lesson.rates, 0, 0.0
        self.average = moving_average(self.generator, _AVERAGE_DECAY)
        self._start()
        self.remember()

    def _start(self):
        networks = self.generator, self.judge
        self.optimizers = [
            torch.optim.Adam(network.parameters(), lr=rate, betas=_BETAS)
            for network, rate in zip(networks, self.rates, strict=True)
        ]

    def state_dict(self):
        """What a checkpoint keeps."""
        return {
            "learning": taken([*self._networks(), *self.optimizers]),
            "good": self._good, "rates": self.rates, "steps": self.steps, "varied": self.varied,
        }  # fmt: skip

    def load_state_dict(self, state):
        """Go on from where a checkpoint was written."""
        put([*self._networks(), *self.optimizers], state["learning"])
        self._good, self.rates = state["good"], state["rates"]
        self.steps, self.varied = state["steps"], state["varied"]

    def _networks(self):
        return self.generator, self.judge, self.average

    def _judged(self):
        return self.generator, self.average.module, self.judge

    def remember(self):
        """Keep the state as a good one."""
        self._good = copy.deepcopy(taken(self._judged()))

    def roll_back(self):
        """The last good weights again, and half the learning rates."""
        put(self._judged(), self._good)
        self.rates = tuple(rate / 2 for rate in self.rates)
        self._start()

    def step(self, images, labels, done):
        """One step of each; gives the losses of judge and generator.

        `done` is the share of the training that is over.
        """
        for optimizer, rate in zip(self.optimizers, self.rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate * (1 - (1 - _LAST_RATE) * done)
        images = images.contiguous(memory_format=torch.channels_last)
        made = self.generator(*self._noise(images), labels)
        judged = self._teach_judge(images, made.detach(), labels)
        taught = self._teach_generator(made, labels)
        self.average.update_parameters(self.generator)
        self.steps += 1
        return judged, taught

    def _noise(self, images):
        count, side = len(images), images.shape[-1]
        latents = torch.randn(count, LATENT, generator=self.chance)
        grain = torch.randn(count, 1, side, side, generator=self.chance)
        return latents.to(images.device), grain.to(images.device)

    def _teach_judge(self, images, made, labels):
        real = self.judge(vary(images, self.chance, self.varied), labels)
        fake = self.judge(vary(made, self.chance, self.varied), labels)
        loss = torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()
        total = loss
        if self.steps % _SMOOTHNESS_EVERY == 0:
            total = loss + _SMOOTHNESS / 2 * _SMOOTHNESS_EVERY * self._steepness(images, labels)
        self._descend(1, total)
        self._vary_as_needed(real.detach())
        return float(loss.detach())

    def _vary_as_needed(self, real):
        """Change images more often if the judge is sure of the real ones, else more rarely."""
        sure = float(real.sign().mean())
        change = math.copysign(len(real) / _IMAGES_UNTIL_VARIED, sure - _SURE)
        self.varied = min(1.0, max(0.0, self.varied + change))

    def _steepness(self, images, labels):
        """How fast the judge's opinion of real images changes with them, squared."""
        images = images.detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(self.judge(images, labels).sum(), images, create_graph=True)
        return slope.square().sum((1, 2, 3)).mean()

    def _teach_generator(self, made, labels):
        self.judge.requires_grad_(False)
        loss = -self.judge(vary(made, self.chance, self.varied), labels).mean()
        self._descend(0, loss)
        self.judge.requires_grad_(True)
        return float(loss.detach())

    def _descend(self, which, loss):
        optimizer = self.optimizers[which]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
