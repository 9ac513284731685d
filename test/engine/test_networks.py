"""Networks see what their weights were trained to see."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from plugin.engine import model_file, networks
from plugin.engine.classifier import load_classifier
from plugin.engine.fine_tuning import BUNDLED
from plugin.engine.networks.mobilenet_v2 import SameConv2d
from plugin.engine.rasters import read_image
from plugin.engine.recalibration import recalibrate
from plugin.jobs.train_image_classifier import NETWORKS as OFFERED

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def bundled():
    return load_classifier(BUNDLED, "cpu")


@pytest.mark.parametrize(
    ("photo", "words"), [("cat.jpg", ("cat",)), ("espresso.jpg", ("espresso",))]
)
def test_the_bundled_weights_name_what_is_on_a_photograph(bundled, photo, words):
    values, valid = read_image(str(DATA / photo))
    chances = bundled.probabilities(bundled.fit(values, valid)[None])[0]
    best = bundled.card.classes[int(chances.argmax())]["name"]
    assert any(word in best for word in words), best
    assert chances.max() > 0.3


def test_same_padding_puts_the_odd_pixel_right_and_below():
    layer = SameConv2d(1, 1, 3, stride=2, bias=False)
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 0, 1, 1] = 1.0
    picks = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert layer(picks)[0, 0].tolist() == [[5.0, 7.0], [13.0, 15.0]]


@pytest.mark.parametrize("side", [7, 8, 33, 64])
def test_same_padding_halves_every_side_rounding_up(side):
    layer = SameConv2d(1, 1, 3, stride=2)
    assert layer(torch.zeros(1, 1, side, side)).shape[-1] == -(-side // 2)


def _first(network):
    return next(layer for layer in network.modules() if isinstance(layer, nn.Conv2d))


def test_one_band_is_seen_as_the_same_gray_in_three():
    color, gray = (networks.build_classifier("resnet18", 3, 2) for _ in range(2))
    gray.load_state_dict(color.state_dict())
    networks.adapt_bands(gray.backbone, 1)
    image = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        seen = _first(gray)(image)
        truth = _first(color)(image.repeat(1, 3, 1, 1))
    assert torch.allclose(seen, truth, atol=1e-5)


@pytest.mark.parametrize("bands", [2, 4, 7, 13])
def test_alike_bands_answer_as_strongly_as_three_did(bands):
    network = networks.build_classifier("resnet18", 3, 2).backbone
    image = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        truth = _first(network)(image.repeat(1, 3, 1, 1))
        networks.adapt_bands(network, bands)
        seen = _first(network)(image.repeat(1, bands, 1, 1))
    assert torch.allclose(seen, truth, atol=1e-5)


@pytest.mark.parametrize("name", [name for name, _ in OFFERED if name != "vgg16"])
def test_every_network_that_is_offered_gives_a_logit_per_class(name):
    network = networks.build_classifier(name, 2, 5).eval()
    assert network(torch.zeros(2, 2, 64, 64)).shape == (2, 5)


def test_every_network_that_is_offered_is_in_the_list():
    assert {name for name, _ in OFFERED} <= set(networks.NETWORKS)


def test_recalibration_keeps_what_the_network_computes():
    network = networks.build_classifier("mobilenet_v2", 3, 1000)
    network.load_state_dict(model_file.load(BUNDLED)[1].state_dict())
    images = torch.randn(16, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.5
    network.eval()
    with torch.no_grad():
        before = network(images)
        recalibrate(network.backbone, images)
        after = network(images)
    assert float((after - before).abs().max()) < 0.02 * float(before.std())


def test_after_recalibration_batch_statistics_change_little():
    """That is what it is for: the first training step sees the features that were learned."""
    images = torch.randn(32, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.5
    gaps = {}
    for refit in (False, True):
        network = networks.build_classifier("mobilenet_v2", 3, 1000)
        network.load_state_dict(model_file.load(BUNDLED)[1].state_dict())
        if refit:
            recalibrate(network.backbone, images)
        with torch.no_grad():
            truth = network.eval().backbone(images)
            gaps[refit] = float((network.train().backbone(images) - truth).abs().mean())
    assert gaps[True] < 0.05 * gaps[False]


def test_probabilities_do_not_depend_on_the_batch_size(bundled):
    images = np.random.default_rng(0).integers(0, 255, (5, 3, 224, 224)).astype("uint8")
    together = bundled.probabilities(images)
    alone = np.concatenate([bundled.probabilities(image[None]) for image in images])
    assert np.abs(together - alone).max() < 1e-4
