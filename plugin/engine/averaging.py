"""The moving average of a network's weights, which is what a training gives."""

from functools import partial

import torch
from torch.optim.swa_utils import AveragedModel


def moving_average(network, decay, use_buffers=False):
    """Begin the average of a network; ``update_parameters(network)`` takes a step's weights in.

    Parameters
    ----------
    network : torch.nn.Module
    decay : float
        Share of the average that a step leaves; less in the first steps.
    use_buffers : bool
        Whether the statistics of normalization are averaged as well.

    Returns
    -------
    torch.optim.swa_utils.AveragedModel
    """
    blend = partial(_blend, most=decay)
    return AveragedModel(network, multi_avg_fn=blend, use_buffers=use_buffers)


def _blend(averages, currents, count, most):
    """Move the averaged weights towards the current ones, faster in the first steps."""
    decay = min(most, (1 + int(count)) / (10 + int(count)))
    if averages[0].is_floating_point():
        torch._foreach_lerp_(averages, currents, 1 - decay)
    else:
        for average, current in zip(averages, currents, strict=True):
            average.copy_(current)
