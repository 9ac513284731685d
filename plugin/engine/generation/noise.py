"""What seeds stand for: noise, and the images that a generator makes of it."""

import numpy as np
import torch

from ..networks.image_generator import LATENT
from ..portions import Portions

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

    def some_of(seeds, labels):
        if progress is not None:
            progress.check()
        noise = zip(*(noise_of(seed, generator.side) for seed in seeds), strict=True)
        latents, grain = (torch.stack(part).to(device) for part in noise)
        return generator(latents, grain, labels.to(device)).cpu()

    device = next(generator.parameters()).device
    labels = torch.from_numpy(np.asarray(labels, np.int64))
    return torch.cat(Portions(_TOGETHER).each(some_of, seeds, labels))
