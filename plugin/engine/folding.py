"""Fold batch normalization into the convolutions before it: one pass over memory less each.

Which layers belong together is seen from a run of the network, not from its code: a
normalization is folded where its input is the very output of a convolution.
"""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

_NEAR = 1e-3


@torch.no_grad()
def folded(network, images):
    """A copy of a network whose normalizations are folded into its convolutions.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode; it gives a tensor or a dict of tensors.
    images : torch.Tensor, shape (N, C, H, W)
        Any that it takes; small ones will do.

    Returns
    -------
    torch.nn.Module
        It computes the same; the network itself if a copy did not.
    """
    before = network(images)
    copied = copy.deepcopy(network)
    for convolution, normalization in _pairs(copied, images):
        _fold(convolution, normalization)
    return copied if _same(before, copied(images)) else network


def _same(before, after):
    """Whether results are the same: tensors, or dicts of them."""
    if isinstance(before, dict):
        return all(_same(before[name], after[name]) for name in before)
    return torch.allclose(before, after, rtol=_NEAR, atol=_NEAR * float(before.abs().max()))


def _pairs(network, images):
    """Convolutions, each with the normalization that takes its output."""
    made, pairs = {}, []

    def keep(layer, inputs, output):
        made[id(output)] = (layer, output)  # the output is kept, so that no other gets its id

    def look(layer, inputs):
        found = made.get(id(inputs[0]))
        if found is not None:
            pairs.append((found[0], layer))

    hooks = [m.register_forward_hook(keep) for m in _of(network, nn.Conv2d)]
    hooks += [m.register_forward_pre_hook(look) for m in _of(network, nn.BatchNorm2d)]
    try:
        network(images)
    finally:
        for hook in hooks:
            hook.remove()
    return pairs


def _of(network, kind):
    return [module for module in network.modules() if isinstance(module, kind)]


def _fold(convolution, normalization):
    """The convolution takes the normalization over, which then passes on what it gets."""
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        normalization.running_mean,
        normalization.running_var,
        normalization.eps,
        normalization.weight,
        normalization.bias,
    )
    # Left in place, as containers count their layers; folded again it would count twice.
    normalization.forward = _pass_on


def _pass_on(values):
    return values
