"""Fit batch normalization to new images without changing what a network computes.

A pretrained network carries the statistics of the images it was trained on (or, if its batch
normalization was folded into the convolutions, none at all). When training goes on with
the statistics of each batch, its features break before they are any use. Here
every normalization layer takes the statistics of the user's images, and its scale and offset are
set so that the layer's output stays what it was; convolution kernels are brought to unit norm,
which the normalization undoes, so that one learning rate suits all layers.
"""

import torch
from torch import nn

_LEAST_VARIANCE = 1e-8


@torch.no_grad()
def recalibrate(network, images):
    """Refit every batch normalization layer of a network to images, in place.

    Parameters
    ----------
    network : torch.nn.Module
    images : torch.Tensor, shape (N, band, row, column)
        Images in the network's range; some hundred are enough.
    """
    network.eval()
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    hooks = [layer.register_forward_pre_hook(_take_statistics) for layer in layers]
    try:
        network(images)
    finally:
        for hook in hooks:
            hook.remove()
    for convolution, layer in _pairs(network):
        _to_unit_norm(convolution, layer)


def _take_statistics(layer, inputs):
    """``scale * x + offset`` becomes ``weight * (x - mean) / sd + bias``, the same line."""
    (values,) = inputs
    scale = layer.weight / torch.sqrt(layer.running_var + layer.eps)
    offset = layer.bias - layer.running_mean * scale
    mean = values.mean((0, 2, 3))
    variance = values.var((0, 2, 3), unbiased=False).clamp_min(_LEAST_VARIANCE)
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(variance)
    layer.weight.copy_(scale * torch.sqrt(variance + layer.eps))
    layer.bias.copy_(offset + scale * mean)


def _pairs(network):
    """Convolutions that are directly followed by batch normalization in a sequence."""
    for module in network.modules():
        children = list(module.children()) if isinstance(module, nn.Sequential) else []
        for first, second in zip(children, children[1:], strict=False):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                yield first, second


def _to_unit_norm(convolution, layer):
    if convolution.bias is not None:
        return
    norm = convolution.weight.flatten(1).norm(dim=1).clamp_min(1e-12)
    before = torch.sqrt(layer.running_var + layer.eps)
    convolution.weight.div_(norm[:, None, None, None])
    layer.running_mean.div_(norm)
    layer.running_var.div_(norm**2)
    layer.weight.mul_(torch.sqrt(layer.running_var + layer.eps) * norm / before)
