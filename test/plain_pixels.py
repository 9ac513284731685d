"""Pixel classifiers whose answers are known or made by chance, for tests of dense prediction."""

import torch
from torch import nn

from plugin.engine import model_file, networks
from plugin.engine.networks.pixel_network import PixelNetwork
from plugin.jobs.model_card import PIXELS, ModelCard

ROCKS = (("chalk", "#f0f0e0"), ("marl", "#90a080"), ("basalt", "#202030"))


def pixel_card(network, count=3, **values):
    """The card of a model that knows three rocks in some bands."""
    known = {
        "arguments": {"bands": count, "classes": len(ROCKS)},
        "bands": [{"name": f"band {i}", "unit": ""} for i in range(1, count + 1)],
        "normalization": {"mean": [120.0] * count, "sd": [60.0] * count},
        "classes": [
            {"value": value, "name": name, "color": color}
            for value, (name, color) in enumerate(ROCKS, 1)
        ],
        "patch": 64,
        "gsd": 10.0,
    }
    return ModelCard(PIXELS, network, **{**known, **values})


def chance_network(name="pixel_mlp", bands=3, classes=3, seed=0):
    """A network with weights by chance, whose classes differ from place to place.

    `name` is one of the list, or ``"small"``.
    """
    torch.manual_seed(seed)
    if name == "small":
        network = PixelNetwork(Small(bands), classes).eval()
    else:
        network = networks.build_pixel_network(name, bands, classes).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    with torch.no_grad():
        features = network.features(nn.functional.interpolate(torch.randn(4, bands, 16, 16), 128))
        mean, deviation = features.mean((0, 2, 3)), features.std((0, 2, 3)).clamp_min(1e-9)
        weight = torch.randn(classes, len(mean)) / deviation
        network.head[1].weight[:] = weight[:, :, None, None]
        network.head[1].bias[:] = -weight @ mean
    return network


class Small(nn.Module):
    """Halves the image and doubles it again."""

    sees_all, encoder, stride, width = False, None, 2, 8

    def __init__(self, bands):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(bands, 8, 3, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(),
        )

    def forward(self, images):
        return self.layers(images)

    def longest_path(self):
        return self.layers


class Brightness(nn.Module):
    """Features are the bands themselves, or their mean over a square of some radius."""

    sees_all, encoder, stride = False, None, 1

    def __init__(self, bands=3, radius=0):
        super().__init__()
        self.width, self.radius = bands, radius

    def forward(self, images):
        if not self.radius:
            return images
        return nn.functional.avg_pool2d(images, 2 * self.radius + 1, 1, self.radius)

    def longest_path(self):
        side = 2 * self.radius + 1
        return [nn.Conv2d(1, 1, side, padding=self.radius)]


def level_network(bands=3, radius=0):
    """A network that tells the levels 40, 120 and 200 apart by the mean of the bands."""
    network = PixelNetwork(Brightness(bands, radius), 3).eval()
    # Logit of a class: how near the mean is to its level, without the part they share.
    levels = torch.tensor([-4 / 3, 0.0, 4 / 3])
    with torch.no_grad():
        network.head[1].weight[:] = (20 * levels / bands)[:, None, None, None]
        network.head[1].bias[:] = -10 * levels**2
    return network


def save_model(path, name="pixel_mlp", bands=3, extras=None, **values):
    """Write a model with weights by chance; gives its path as text."""
    network = chance_network(name, bands)
    known = {"halo": network.receptive_radius, "stride": network.stride, **values}
    model_file.save(str(path), pixel_card(name, bands, **known), network, extras)
    return str(path)
