"""Grad-CAM: where in its last layers a network finds what speaks for a class.

References
----------
Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74. For classifiers of pixels, where the class is
explained at some pixels: Vinogradova et al. 2020, doi:10.1609/aaai.v34i10.7244.
"""

import torch
from torch import nn
from torch.nn import functional

from .scores import log_odds

# Coarser layers show no place any more: small chips leave 3 x 3 of them.
_LEAST_SIDE = 4


def last_layer(network, images):
    """Find the layer to explain: the last of the coarsest ones that still show places.

    Parameters
    ----------
    network : torch.nn.Module
        Images to logits.
    images : torch.Tensor, shape (N, band, row, column)

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    ValueError
        If no layer is a map of at least 4 x 4.
    """
    seen, hooks = [], []
    for layer in network.modules():
        if not list(layer.children()) and not isinstance(layer, nn.AdaptiveAvgPool2d):
            hooks.append(layer.register_forward_hook(lambda *said: seen.append(said)))
    try:
        with torch.no_grad():
            logits = network(images)
    finally:
        for hook in hooks:
            hook.remove()
    maps = [(layer, out) for layer, _, out in seen if _is_map(out) and not _is_head(out, logits)]
    if not maps:
        raise ValueError("no layer of the network shows places")
    least = min(out.shape[-1] * out.shape[-2] for _, out in maps)
    return [layer for layer, out in maps if out.shape[-1] * out.shape[-2] == least][-1]


def _is_map(out):
    return torch.is_tensor(out) and out.ndim == 4 and min(out.shape[-2:]) >= _LEAST_SIDE


def _is_head(out, logits):
    return out.shape[1] == logits.shape[1]


def grad_cam(network, images, classes, layer=None):
    """Explain classes by Grad-CAM.

    Parameters
    ----------
    network : torch.nn.Module
        Images to logits (N, classes).
    images : torch.Tensor, shape (N, band, row, column)
        In the network's range.
    classes : torch.Tensor of int, shape (N,)
    layer : torch.nn.Module, optional
        As `last_layer` if not given.

    Returns
    -------
    torch.Tensor, shape (N, row, column)
        What each place adds to the log-odds of the class, by the gradient there; never under 0.
    """
    layer = last_layer(network, images) if layer is None else layer
    caught = []
    hook = layer.register_forward_hook(lambda *said: caught.append(said[2]))
    try:
        with torch.enable_grad():
            # The input asks for a gradient, so that frozen networks have one, too.
            score = log_odds(network(images.detach().requires_grad_(True)), classes)
            (slope,) = torch.autograd.grad(score.sum(), caught[-1])
    finally:
        hook.remove()
    weights = slope.mean((2, 3), keepdim=True)
    heat = functional.relu((weights * caught[-1].detach()).sum(1, keepdim=True))
    return functional.interpolate(heat, images.shape[-2:], mode="bilinear")[:, 0].detach()
