"""The generator and the discriminator of the adversarial stage, and a step of each.

References
----------
Jolicoeur-Martineau 2018, arXiv:1807.00734 (relativistic average loss); Salimans et al. 2016,
arXiv:1606.03498 (feature matching)
"""

import copy

import numpy as np
import torch
from torch.nn import functional

from .. import ranks
from ..averaging import moving_average
from ..degradation import cubic, degrade
from ..networks.upscaler import Discriminator
from ..stage import put, taken
from .fidelity import error
from .guard import REMEMBERED

_RATES = 1e-4, 3e-4
_BETAS = (0.5, 0.99)
_LARGEST_GRADIENT = 0.5
_AVERAGE_DECAY = 0.99
_FAINTEST = 1e-3
_RAMP = 80
_MATCHING, _CONSISTENCY, _STRENGTH = 2.0, 0.5, 1.5
_LOUDER = 4.0  # what the discriminator sees of fine texture, which is faint


class Opponents:
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
        self.losses = [*self.losses[1 - REMEMBERED :], (ranks.mean(judged), ranks.mean(taught))]
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
