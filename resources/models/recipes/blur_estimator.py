"""Teach the estimator of the blur."""

import numpy as np
import torch

from plugin.engine.degradation import DETECTOR, degrade
from plugin.engine.networks.blur_estimator import BlurEstimator
from plugin.engine.upscaling.fine_images import draw

_RATE, _WARM = 2e-3, 100
_COUNT, _SIDES, _FACTORS = 16, (24, 32, 48), (2, 4)
_BLURS = 0.12, 0.65
_NOISE, _STEP = 0.0025, 0.025  # as upscaling/simulation.py
_LARGER_THAN = 64  # EuroSAT's images are too small


def learn_blur(kinds, steps, progress):
    """Train a `BlurEstimator` on patches of known blur.

    Parameters
    ----------
    kinds : list of FineImages
    steps : int
    progress : Progress

    Returns
    -------
    BlurEstimator
        In evaluation mode.
    """
    kinds = [kind for kind in kinds if min(kind.images[0].shape[1:]) > _LARGER_THAN]
    torch.manual_seed(0)
    network, dice = BlurEstimator(), np.random.default_rng(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=_RATE)
    chance = torch.Generator().manual_seed(0)
    for step in range(steps):
        share = min(1, (step + 1) / _WARM) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
        optimizer.param_groups[0]["lr"] = _RATE * share
        coarse, blur = _patches(kinds, dice, chance)
        found, doubt = network(coarse)
        loss = ((found - blur).abs() * torch.exp(-doubt) + doubt).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        error = float((found - blur).abs().mean().detach())
        progress((step + 1) / steps, f"Blur, step {step + 1:,} of {steps:,}, error {error:.3f}")
    return network.eval()


def _patches(kinds, dice, chance):
    """Coarse patches (N, 1, side, side) of one factor, and their blur."""
    factor, side = dice.choice(_FACTORS), dice.choice(_SIDES)
    fine, _ = draw(kinds, _COUNT, int(side * factor), 1, dice)
    blur = dice.uniform(*_BLURS, len(fine)).clip(max=DETECTOR).astype(np.float32)
    coarse = [
        _noisy(degrade(patch[None], int(factor), float(one)), dice, chance)
        for patch, one in zip(fine, blur, strict=True)
    ]
    return torch.cat(coarse), torch.from_numpy(blur)


def _noisy(coarse, dice, chance):
    coarse = coarse + float(dice.uniform(0, _NOISE)) * torch.randn(coarse.shape, generator=chance)
    if dice.random() < 0.5:
        step = _STEP * (0.15 + 0.85 * dice.random())
        coarse = (coarse / step).round() * step
    return coarse
