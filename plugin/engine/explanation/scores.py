"""The number that is explained: how much a network is for a class."""

import torch
from torch import nn


def log_odds(logits, classes):
    """Log-odds of a class against all others.

    It does not saturate as the probability does, and unlike a bare logit it does not change when
    all logits do.

    Parameters
    ----------
    logits : torch.Tensor, shape (N, classes)
    classes : torch.Tensor of int, shape (N,)

    Returns
    -------
    torch.Tensor, shape (N,)
    """
    places = classes[:, None]
    others = logits.scatter(1, places, -torch.inf)
    return logits.gather(1, places)[:, 0] - torch.logsumexp(others, 1)


class AtPixels(nn.Module):
    """A classifier of pixels as one of images: the mean logits at some pixels.

    Parameters
    ----------
    network : torch.nn.Module
        Images (N, band, row, column) to logits (N, classes, row, column).
    weights : torch.Tensor, shape (M, row, column)
        Which pixels count. M is the number of images, or 1 for all alike.
    """

    def __init__(self, network, weights):
        super().__init__()
        self.network = network
        self.weights = weights / weights.sum((1, 2), keepdim=True)

    def forward(self, images):
        return torch.einsum("nchw,nhw->nc", self.network(images), self._weights_for(images))

    def _weights_for(self, images):
        if len(self.weights) == len(images):
            return self.weights
        return self.weights.expand(len(images), -1, -1)

    def of(self, place):
        """The same for one of the images."""
        return AtPixels(self.network, self.weights[place : place + 1])
