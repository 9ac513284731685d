"""Watches the adversarial stage: what must not happen to a generator that learns texture."""

import math

import numpy as np
import torch

from ..degradation import cubic
from ..metrics.upscaling import high_frequency_ratio, psnr

GOAL_RATIO = 0.7
REMEMBERED = 100  # steps whose losses a guard looks at
_LOUDEST, _QUIETEST = 1.6, 0.05
_SPREADS = 0.5, 1.5
_LEAST_DIVERSITY = 0.1


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
        recent = [judged for judged, _ in losses[-REMEMBERED:]]
        if not all(math.isfinite(seen[name]) for name in ("psnr", "ratio", "spread")):
            return "its result is no longer a number"
        if not all(math.isfinite(one) for pair in losses[-1:] for one in pair):
            return "its loss is no longer a number"
        if seen["psnr"] < seen["cubic_psnr"]:
            return "its error is larger than that of cubic interpolation"
        if recent and recent[-1] > _LOUDEST:
            return "the discriminator lost its way"
        if len(recent) == REMEMBERED and max(recent) < _QUIETEST:
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
