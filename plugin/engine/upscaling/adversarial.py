"""The second stage: the generator learns texture from a discriminator, under guard.

The generator starts as the fidelity generator. What it may add is bounded: the error to the
truth stays in the loss, and its result, degraded again, must stay the coarse raster. Guards
watch it on patches that train nothing; when one is broken the last good weights come back and
the adversarial weight is halved; the third time the fidelity generator is used as it is.

References
----------
Jolicoeur-Martineau 2018, arXiv:1807.00734 (relativistic average loss); Salimans et al. 2016,
arXiv:1606.03498 (feature matching); Wang et al. 2018, arXiv:1809.00219 (network interpolation)
"""

import copy
import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional

from .. import checkpoint, ranks
from ..averaging import moving_average
from ..degradation import cubic, degrade
from ..metrics.upscaling import high_frequency_ratio, psnr
from ..networks.upscaler import Discriminator
from ..portions import Portions
from ..schedule import Clock, minutes
from ..stage import put, taken
from .fidelity import error, next_pair

_RATES = 1e-4, 3e-4
_BETAS = (0.5, 0.99)
_LARGEST_GRADIENT = 0.5
_AVERAGE_DECAY = 0.99
_FAINTEST = 1e-3
_RAMP = 80
_MATCHING, _CONSISTENCY, _STRENGTH = 2.0, 0.5, 1.5
_LOUDER = 4.0  # what the discriminator sees of fine texture, which is faint
_WATCH_EVERY = 50
_PATIENCE = 2
_LOUDEST, _QUIETEST, _LONG = 1.6, 0.05, 100
_SPREADS = 0.5, 1.5
_LEAST_DIVERSITY = 0.1
GOAL_RATIO = 0.7


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
    school = _School(fidelity, lesson, weight, device)
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


class _School:
    """The two networks, their optimizers, and the last good state of both."""

    def __init__(self, fidelity, lesson, weight, device):
        self.generator = copy.deepcopy(fidelity).to(device).train()
        torch.manual_seed(lesson.seed)
        judge = Discriminator(fidelity.bands).to(device, memory_format=torch.channels_last)
        self.judge, self.weight, self.steps, self.losses = judge, weight, 0, []
        self.chances = (
            torch.Generator().manual_seed(lesson.seed + 1),
            np.random.default_rng(lesson.seed + 1),
        )
        self._start()
        self.average = moving_average(self.generator, _AVERAGE_DECAY)
        self.remember()

    def share(self):
        """Let all processes teach the two together."""
        # Power iteration looks at the weights alone, so that its vectors need no sending.
        self._taught = [
            ranks.parallel(part, buffers=False) for part in (self.generator, self.judge)
        ]

    def state_dict(self):
        """What a checkpoint keeps."""
        return {
            "learning": taken([*self._networks(), *self.optimizers]),
            "good": self._good, "weight": self.weight, "steps": self.steps, "losses": self.losses,
        }  # fmt: skip

    def load_state_dict(self, state):
        """Go on from where a checkpoint was written."""
        put([*self._networks(), *self.optimizers], state["learning"])
        self._good, self.weight = state["good"], state["weight"]
        self.steps, self.losses = state["steps"], state["losses"]

    def _networks(self):
        return self.generator, self.judge, self.average

    def _start(self):
        makers = (self.generator, _RATES[0]), (self.judge, _RATES[1])
        self.optimizers = [
            torch.optim.Adam(network.parameters(), lr=rate, betas=_BETAS)
            for network, rate in makers
        ]

    def remember(self):
        self._good = copy.deepcopy((self.average.module.state_dict(), self.judge.state_dict()))

    def roll_back(self):
        """The last good weights again, and half the adversarial weight."""
        self.generator.load_state_dict(self._good[0])
        self.average.module.load_state_dict(self._good[0])
        self.judge.load_state_dict(self._good[1])
        self.weight, self.losses = self.weight / 2, []
        self._start()

    def recent(self):
        return self.losses[-1] if self.losses else (0.0, 0.0)

    def step(self, pair, clock):
        """One step of each; gives the losses of discriminator and generator."""
        coarse, told, fine, gains = pair
        for optimizer in self.optimizers:
            rate = _RATES[optimizer is self.optimizers[1]]
            optimizer.param_groups[0]["lr"] = rate * (0.3 + 0.7 * clock.share_of_rate())
        interpolated = cubic(coarse, self.generator.factor)
        seen = coarse.contiguous(memory_format=torch.channels_last)
        made = interpolated + self._taught[0](seen, told)
        scaled = [part / gains.view(-1, 1, 1, 1) for part in (fine, made, interpolated)]
        judged = self._teach_judge(scaled)
        taught = self._teach_generator(scaled, (made, fine, coarse, told, gains))
        self.average.update_parameters(self.generator)
        self.steps += 1
        self.losses = [*self.losses[1 - _LONG :], (ranks.mean(judged), ranks.mean(taught))]
        return self.losses[-1]

    @staticmethod
    def _judged(judge, images, interpolated):
        return judge(_LOUDER * (images - interpolated), interpolated)

    def _teach_judge(self, scaled):
        fine, made, interpolated = scaled
        real, _ = self._judged(self._taught[1], fine, interpolated)
        fake, _ = self._judged(self._taught[1], made.detach(), interpolated)
        loss = _relativistic(real, fake)
        self._descend(1, loss, self.judge)
        return float(loss.detach())

    def _teach_generator(self, scaled, truth):
        fine, made, interpolated = scaled
        with torch.no_grad():
            real, real_features = self._judged(self.judge, fine, interpolated)
        fake, fake_features = self._judged(self.judge, made, interpolated)
        pairs = zip(real_features, fake_features, strict=True)
        matching = sum(functional.l1_loss(a, b) for b, a in pairs) / len(real_features)
        begun = min(1.0, (self.steps + 1) / _RAMP)
        ramp = self.weight * begun
        loss = _faithful(truth, self.generator.factor)
        loss = loss + ramp * (_relativistic(fake, real) + _MATCHING * matching)
        loss = loss + begun * _STRENGTH * _strength_missed(made, fine, self.generator.factor)
        self._descend(0, loss, self.generator)
        return float(loss.detach())

    def _descend(self, which, loss, network):
        optimizer = self.optimizers[which]
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
        optimizer.step()


def _strength_missed(made, fine, factor):
    """How far the local strength of fine texture is from the truth's, wherever it lies."""
    return (_strength(made, factor) - _strength(fine, factor)).abs().mean()


def _strength(images, factor):
    """Standard deviation of what is finer than a coarse pixel, in squares of two by two of them."""
    edge, side = 4 * factor, max(factor, 2)
    inside = images[..., edge:-edge, edge:-edge]
    fine = inside - cubic(functional.avg_pool2d(inside, side), side)
    return (functional.avg_pool2d(fine.square(), 2 * side) + _FAINTEST**2).sqrt()


def _relativistic(high, low):
    """The relativistic average loss that wants `high` above `low`, over all scales."""
    pairs = list(zip(high, low, strict=True))
    losses = [
        functional.softplus(-(a - b.mean())).mean() + functional.softplus(b - a.mean()).mean()
        for a, b in pairs
    ]
    return sum(losses) / (2 * len(pairs))


def _faithful(truth, factor):
    """The error to the fine patches, and of the result, degraded again, to the coarse ones."""
    made, fine, coarse, told, gains = truth
    loss = error(made, fine, gains, factor)
    known = torch.nonzero(told > 0).flatten().tolist()
    for row in known:
        again = degrade(made[row : row + 1], factor, float(told[row]))
        missed = (again - coarse[row : row + 1])[..., 4:-4, 4:-4].abs().mean()
        loss = loss + _CONSISTENCY * missed / gains[row] / len(known)
    return loss


class Guard:
    """Watches a generator on patches that train nothing."""

    def __init__(self, watched, fidelity, device, best=None):
        coarse, self.fine = (part.to(device) for part in watched)
        self.coarse = coarse
        self.interpolated = cubic(coarse, fidelity.factor)
        self.cubic_psnr = psnr(self.fine.numpy(force=True), self.interpolated.numpy(force=True), 4)
        self.best = best[0] if best else -math.inf

    @torch.no_grad()
    def judge(self, generator):
        """Scores of a generator: psnr, ratio of high frequencies, spread, diversity."""
        told = torch.zeros(len(self.coarse), device=self.coarse.device)
        made = (self.interpolated + generator(self.coarse, told)).numpy(force=True)
        fine = self.fine.numpy(force=True)
        return {
            "psnr": psnr(fine, made, 4),
            "cubic_psnr": self.cubic_psnr,
            "ratio": high_frequency_ratio(fine, made, generator.factor),
            "spread": float(made.std() / max(fine.std(), 1e-9)),
            "diversity": _diversity(made) / max(_diversity(fine), 1e-9),
        }

    def broken(self, seen, losses):
        """Why the generator must go back, or an empty text."""
        recent = [judged for judged, _ in losses[-_LONG:]]
        if not all(math.isfinite(seen[name]) for name in ("psnr", "ratio", "spread")):
            return "its result is no longer a number"
        if not all(math.isfinite(one) for pair in losses[-1:] for one in pair):
            return "its loss is no longer a number"
        if seen["psnr"] < seen["cubic_psnr"]:
            return "its error is larger than that of cubic interpolation"
        if recent and recent[-1] > _LOUDEST:
            return "the discriminator lost its way"
        if len(recent) == _LONG and max(recent) < _QUIETEST:
            return "the discriminator tells every patch apart"
        if not _SPREADS[0] < seen["spread"] < _SPREADS[1]:
            return "its contrast is not that of the truth"
        if seen["diversity"] < _LEAST_DIVERSITY:
            return "its results are all alike"
        return ""

    def is_best(self, seen):
        """Whether texture and truth together are better than ever before."""
        missing = abs(math.log(max(seen["ratio"], 1e-6) / GOAL_RATIO))
        score = seen["psnr"] - seen["cubic_psnr"] - 2 * missing
        if score <= self.best:
            return False
        self.best = score
        return True


def _diversity(images):
    """Mean absolute difference between different patches."""
    return float(np.abs(images[1:] - images[:-1]).mean()) if len(images) > 1 else 1.0
