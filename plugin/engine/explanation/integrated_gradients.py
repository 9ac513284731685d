"""Integrated gradients: what every pixel adds to a class on the way from a blank image.

References
----------
Sundararajan et al. 2017, Axiomatic attribution for deep networks, arXiv:1703.01365.
"""

import torch

from .scores import log_odds


def integrated_gradients(network, images, classes, steps=32, check=lambda: None):
    """Explain classes by the gradient along the straight way from the mean image.

    Parameters
    ----------
    network : callable
        Images to logits (N, classes).
    images : torch.Tensor, shape (N, band, row, column)
        In the network's range, where 0 is the mean of a band: the image that the way starts from.
    classes : torch.Tensor of int, shape (N,)
    steps : int
        Points on the way.
    check : callable
        Called before every step; may raise.

    Returns
    -------
    torch.Tensor, shape (N, row, column)
        What each pixel adds to the log-odds of the class, all bands together; under 0 where it
        speaks against it. The sum over an image is the log-odds of the image less those of the
        blank one, but for the steps.
    """
    total = torch.zeros_like(images)
    for step in range(steps):
        check()
        # The middles of equal parts of the way: the error falls with the square of their number.
        part = (images * ((step + 0.5) / steps)).detach().requires_grad_(True)
        with torch.enable_grad():
            score = log_odds(network(part), classes).sum()
            (slope,) = torch.autograd.grad(score, part)
        total += slope
    return (images * total / steps).sum(1).detach()
