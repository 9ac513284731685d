"""What a pixel network says of a pixel depends on the ground around it, never on the window."""

import pytest
import torch
from torch import nn

from plugin.engine import networks
from plugin.engine.networks import PIXEL_NETWORKS, build_pixel_network

WINDOW_FREE = ("unet_mobilenet_v2", "unet_mobilenet_v2_torchvision", "unet_resnet18", "pixel_mlp")


def _lively(name, bands=2):
    """A network whose layers all answer, in evaluation mode and double precision."""
    torch.manual_seed(1)
    network = build_pixel_network(name, bands, 3).double().eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, 0.1, 0.5)
    return network


@pytest.mark.parametrize("name", PIXEL_NETWORKS)
@torch.no_grad()
def test_every_pixel_gets_logits_and_features_whatever_the_side(name):
    network = build_pixel_network(name, 5, 4).eval()
    images = torch.rand(2, 5, 37, 50)
    features = network.features(images)
    assert features.shape == (2, network.body.width, 37, 50)
    assert network.classify(features).shape == (2, 4, 37, 50)
    torch.testing.assert_close(network(images), network.classify(features))


@pytest.mark.parametrize("name", WINDOW_FREE)
@torch.no_grad()
def test_moving_the_window_by_the_stride_moves_the_result(name):
    network = _lively(name)
    stride, halo = network.stride, network.receptive_radius
    ground = torch.randn(1, 2, 2 * halo + 64, 2 * halo + 96, dtype=torch.double)
    rows, columns = slice(halo + stride, halo + 64), slice(halo + 2 * stride, halo + 96)
    whole = network(ground)[..., rows, columns]
    part = network(ground[..., stride:, 2 * stride :])[..., halo : halo + 64 - stride, halo:]
    assert whole.std() > 1e-6
    torch.testing.assert_close(whole, part[..., : whole.shape[-1]], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", WINDOW_FREE)
@torch.no_grad()
def test_leaving_out_a_border_changes_nothing_of_the_rest(name):
    network, images = _lively(name), torch.randn(1, 2, 130, 171, dtype=torch.double)
    whole = network.features(images)
    for cut in (3, 37):
        part = network.features(images, cut)
        torch.testing.assert_close(part, whole[..., cut:-cut, cut:-cut], rtol=1e-12, atol=0)


@torch.no_grad()
def test_a_border_that_is_left_out_is_not_computed_by_the_decoder():
    network, seen = build_pixel_network("unet_mobilenet_v2", 2, 3).eval(), []
    network.body.decoder[-1].register_forward_hook(lambda *known: seen.append(known[-1].shape[-1]))
    network.features(torch.rand(1, 2, 512, 512), 192)
    assert seen == [512 - 2 * (192 - 2)]


@pytest.mark.parametrize("name", PIXEL_NETWORKS)
def test_the_receptive_radius_is_as_far_as_a_pixel_looks(name):
    network = _receptive(build_pixel_network(name, 1, 1).double().eval())
    radius, stride = network.receptive_radius, network.stride
    first = -(-radius // stride) * stride
    image = torch.ones(1, 1, stride, 2 * first + stride, dtype=torch.double, requires_grad=True)
    answers, reached = network.body(image)[0, :, 0].sum(0), 0
    for center in range(first, first + stride):
        (seen,) = torch.autograd.grad(answers[center], image, retain_graph=True)
        places = seen.abs().sum((0, 1, 2)).nonzero().ravel()
        reached = max(reached, center - int(places.min()), int(places.max()) - center)
    assert reached == radius


class _Sum(nn.Module):
    """In the place of a maximum, whose gradient reaches one pixel only."""

    def __init__(self, pool):
        super().__init__()
        self.pool = nn.AvgPool2d(pool.kernel_size, pool.stride, pool.padding)

    def forward(self, images):
        return self.pool(images)


class _Nothing(nn.Module):
    def forward(self, images):
        return torch.zeros_like(images[:, :1]).expand(-1, 256, -1, -1)


def _receptive(network):
    """Make a network linear with weights that let every path show."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.MaxPool2d):
                setattr(parent, name, _Sum(layer))
            elif isinstance(layer, (nn.ReLU, nn.ReLU6, nn.BatchNorm2d, nn.Dropout)):
                setattr(parent, name, nn.Identity())
            elif isinstance(layer, nn.Conv2d):
                nn.init.constant_(layer.weight, 1 / layer.weight[0].numel())
    if network.sees_all:
        network.body.pyramid.convs[-1] = _Nothing()  # the mean over the window, which sees all
    return network


def test_the_encoder_of_a_u_net_starts_from_the_backbone_it_is_given():
    backbone = networks.NETWORKS["mobilenet_v2"]()[0]
    first = backbone.features[0][0].weight.detach().clone()
    network = build_pixel_network("unet_mobilenet_v2", 4, 3, backbone=backbone)
    mean = first.mean(1, keepdim=True) * 3 / 4
    torch.testing.assert_close(network.body.encoder[0][0][0].weight, mean.repeat(1, 4, 1, 1))


def test_deeplab_starts_from_the_resnet_it_is_given():
    backbone = networks.NETWORKS["resnet50"]()[0]
    network = build_pixel_network("deeplabv3_resnet50", 3, 2, backbone=backbone)
    mine = network.body.encoder[7][2].conv2.weight
    torch.testing.assert_close(mine, backbone.layer4[2].conv2.weight)
