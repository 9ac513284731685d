"""Networks whose normalizations are folded into their convolutions compute the same."""

import pytest
import torch
from torch import nn

from plain_pixels import chance_network
from plugin.engine.folding import folded
from plugin.engine.networks import build_classifier, build_detector


def lively(network):
    """A network in evaluation mode whose normalizations have something to do."""
    torch.manual_seed(3)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.2)
            layer.running_var.uniform_(0.5, 2.0)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
    return network.eval()


def at_work(network, images):
    """How many normalizations of a network compute anything when it runs."""
    changed = []

    def look(layer, inputs, output):
        changed.append(output is not inputs[0])

    hooks = [m.register_forward_hook(look) for m in network.modules() if _normalizes(m)]
    network(images)
    for hook in hooks:
        hook.remove()
    return sum(changed)


def _normalizes(module):
    return isinstance(module, nn.BatchNorm2d)


@torch.no_grad()
@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "small_cnn"])
def test_a_folded_classifier_says_the_same_and_normalizes_nothing(name):
    network, images = lively(build_classifier(name, 2, 4)), torch.randn(3, 2, 64, 64)
    lighter = folded(network, images[:1])
    assert at_work(network, images) > 2 and at_work(lighter, images) == 0
    torch.testing.assert_close(lighter(images), network(images), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_folded_backbone_of_a_detector_gives_the_same_pyramid():
    backbone = lively(build_detector("fcos_mobilenet_v2_fpn", 3, 2).backbone)
    images = torch.randn(1, 3, 128, 128)
    lighter = folded(backbone, images)
    assert at_work(lighter, images) == 0
    for name, features in backbone(images).items():
        torch.testing.assert_close(lighter(images)[name], features, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_a_network_that_changed_by_folding_stays_as_it_is():
    class Shared(nn.Module):
        """One convolution before two normalizations: neither may be folded into it."""

        def __init__(self):
            super().__init__()
            self.convolution = nn.Conv2d(1, 2, 3)
            self.normalizations = nn.ModuleList([nn.BatchNorm2d(2), nn.BatchNorm2d(2)])

        def forward(self, images):
            seen = self.convolution(images)
            return sum(normalization(seen) for normalization in self.normalizations)

    network, images = lively(Shared()), torch.randn(1, 1, 8, 8)
    assert folded(network, images) is network


def test_folding_leaves_the_network_itself_alone():
    network, images = chance_network("small"), torch.randn(1, 3, 16, 16)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    folded(network, images)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
