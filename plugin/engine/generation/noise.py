"""What seeds stand for: noise, and the images that a generator makes of it."""

import numpy as np
import torch

from ..networks.image_generator import LATENT

_TOGETHER = 16


def noise_of(seed, side):
    """The latent vector (128,) and the grain (1, side, side) that a seed stands for."""
    chance = torch.Generator().manual_seed(int(seed))
    return torch.randn(LATENT, generator=chance), torch.randn(1, side, side, generator=chance)


@torch.no_grad()
def make(generator, seeds, labels, progress=None):
    """Make the images of seeds, a few at a time.

    Parameters
    ----------
    generator : ImageGenerator
        In evaluation mode.
    seeds, labels : sequence of int
    progress : Progress, optional

    Returns
    -------
    torch.Tensor, shape (N, bands, side, side)
        In -1..1, on the CPU. An image that is made alone may differ in the last bits.

    Raises
    ------
    Stopped
        If the user cancels.
    """
    device, made = next(generator.parameters()).device, []
    labels = torch.from_numpy(np.asarray(labels, np.int64))
    for start in range(0, len(seeds), _TOGETHER):
        if progress is not None:
            progress.check()
        some = slice(start, start + _TOGETHER)
        noise = zip(*(noise_of(seed, generator.side) for seed in seeds[some]), strict=True)
        latents, grain = (torch.stack(part).to(device) for part in noise)
        made.append(generator(latents, grain, labels[some].to(device)).cpu())
    return torch.cat(made)
