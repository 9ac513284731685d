"""Train an upscaler in a given time: the faithful generator, then the one with texture."""

import copy
import time
from dataclasses import dataclass, field

import numpy as np
import torch

from .. import checkpoint, ranks
from ..networks.upscaler import Upscalers
from .adversarial import train_adversarial
from .fidelity import Lesson, next_pair, take_step, train_fidelity
from .guard import Guard
from .starting import SCRATCH

# Coarse pixels along a patch, by factor.
TILES = {1: 64, 2: 32, 4: 32}
_RATE_FROM_NOTHING, _RATE_GOING_ON = 8e-4, 2e-4
_MOST_STEPS = 200_000
_TRIED_STEPS = 3
_SPARE = 1.3  # more steps than seem to fit, so that the time ends the schedule
_GPU_BATCH = 64


@dataclass
class Learned:
    """What training gives.

    Attributes
    ----------
    network : Upscalers
    faithful : list of dict
        step, psnr, cubic_psnr and ratio on what is watched, from time to time.
    tutored : Tutored or None
        The second stage; None if there was none.
    steps : int
        Of the first stage.
    """

    network: Upscalers
    faithful: list = field(default_factory=list)
    tutored: object = None
    steps: int = 0


@dataclass
class Budget:
    """Time that a job may take, counted from when this was made.

    Attributes
    ----------
    seconds : float
    now : callable
        The clock: what this thread computes on a CPU, the time on the wall with a GPU, for which
        the thread only waits.
    spent : float
        Seconds that were taken before, by a training that is gone on with.
    """

    seconds: float
    now: object
    spent: float = 0.0

    def __post_init__(self):
        self.started = self.now() - self.spent

    @classmethod
    def of(cls, minutes, device, begun):
        """The budget of a job on a device that began at a time of the monotonic clock."""
        clock = time.thread_time if device.type == "cpu" else time.monotonic
        return cls(60 * minutes, clock, time.monotonic() - begun)

    def for_learning(self):
        """Seconds that are left if some are kept for the scores."""
        kept = min(0.25 * self.seconds, 10 + 0.05 * self.seconds)
        return ranks.agreed(max(1.0, self.seconds - kept - (self.now() - self.started)))


def learn(network, start, kinds, watched, sensor, job, device, budget, progress):
    """Train both generators within a budget.

    Parameters
    ----------
    network : Upscaler
        What to begin with.
    start : str
        Where it comes from.
    kinds : list of FineImages
    watched : tuple of torch.Tensor or None
        Coarse and fine patches that train nothing; without them there is no second stage.
    sensor : Sensor
    job : TrainUpscaler
    device : torch.device
    budget : Budget
    progress : Progress

    Returns
    -------
    Learned

    Raises
    ------
    Stopped
        If the user cancels.
    """
    second = job.gan_share if watched is not None else 0.0
    network = network.to(device, memory_format=torch.channels_last)
    pace = 0.0 if job.steps else _pace(network, kinds, sensor, job, device, budget)
    seconds = budget.for_learning() * (1 - second)
    rate = _RATE_FROM_NOTHING if start == SCRATCH else _RATE_GOING_ON
    lesson = _lesson(job, device, budget, seconds, pace, rate, 1 - second)
    guard = Guard(watched, network, device) if watched is not None else None
    course = checkpoint.Course()

    def watch(average, step):
        return {**guard.judge(average), "step": step}

    if guard is not None:
        course.history.append(watch(network.eval(), 0))
    fidelity = train_fidelity(
        network, kinds, sensor, lesson, device, progress.part(0, 1 - second),
        watch if guard is not None else None, course,
    )  # fmt: skip
    seen = course.history
    if guard is not None:
        seen = [*seen, watch(fidelity, course.batch)]
    tutored = None
    if second:
        seconds = budget.for_learning()
        later = _lesson(job, device, budget, seconds, 2 * pace, rate, second)
        tutored = train_adversarial(
            fidelity, kinds, watched, sensor, later, job.adversarial_weight, device,
            progress.part(1 - second, 1),
        )  # fmt: skip
    return Learned(_together(fidelity, tutored), seen, tutored, course.batch)


def _lesson(job, device, budget, seconds, pace, rate, share=1.0):
    """A stage that takes so many seconds, or its share of the steps that were asked for."""
    steps = max(1, round(share * job.steps)) if job.steps else 0
    fitting = 0 if steps else int(np.clip(_SPARE * seconds / pace, 1, _MOST_STEPS))
    batch = _GPU_BATCH if device.type == "cuda" else Lesson.batch_size
    return Lesson(
        steps=steps or fitting, seconds=0.0 if steps else seconds, learning_rate=rate,
        batch_size=ranks.part(batch), side=TILES[int(job.factor)], seed=job.seed, now=budget.now,
    )  # fmt: skip


def _pace(network, kinds, sensor, job, device, budget):
    """Seconds that a step takes, of a copy of the network."""
    trial = copy.deepcopy(network).train()
    optimizer = torch.optim.Adam(trial.parameters(), lr=1e-6)
    chances = torch.Generator().manual_seed(job.seed), np.random.default_rng(job.seed)
    lesson = _lesson(job, device, budget, 1.0, 1.0, 1e-6)
    taken = []
    for _ in range(_TRIED_STEPS + 1):
        start = budget.now()
        take_step(trial, optimizer, *next_pair(kinds, trial, sensor, lesson, chances, device))
        taken.append(budget.now() - start)
    return ranks.agreed(max(1e-4, float(np.median(taken[1:]))))


def _together(fidelity, tutored):
    """Both generators as one network; the faithful one alone if the other failed."""
    has_detail = tutored is not None and not tutored.stopped and tutored.best_step > 0
    size = fidelity.first.out_channels, len(fidelity.body)
    network = Upscalers(fidelity.bands, fidelity.factor, *size, detail=has_detail)
    network.fidelity.load_state_dict(fidelity.state_dict())
    if has_detail:
        network.detail.load_state_dict(tutored.network.state_dict())
    return network.cpu().eval()
