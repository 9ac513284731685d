"""Explanations of networks whose reasons are known."""

import numpy as np
import pytest
import torch
from torch import nn

from plugin.engine import networks
from plugin.engine.explanation.band_importance import band_importance
from plugin.engine.explanation.gradcam import grad_cam, last_layer
from plugin.engine.explanation.integrated_gradients import integrated_gradients
from plugin.engine.explanation.occlusion import occlusion, starts
from plugin.engine.explanation.scores import AtPixels, log_odds

SIDE, MARK = 48, 10


def planted(count, seed=0, bands=3):
    """Images of noise; those of class 1 hold a checkered mark at a place of their own."""
    random = np.random.default_rng(seed)
    images = random.normal(0, 1, (count, bands, SIDE, SIDE)).astype(np.float32)
    labels = np.arange(count) % 2
    places = random.integers(0, SIDE - MARK, (count, 2))
    row, column = np.indices((MARK, MARK))
    mark = np.where((row + column) % 2, 3.0, -3.0)
    for image, label, (top, left) in zip(images, labels, places, strict=True):
        if label:
            image[:, top : top + MARK, left : left + MARK] = mark
    return torch.from_numpy(images), torch.from_numpy(labels), places


def trained(seed=0, steps=60):
    """A small network that has learned to see the mark."""
    torch.manual_seed(seed)
    network = networks.build_classifier("small_cnn", 3, 2)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    images, labels, _ = planted(320, seed=1)
    network.train()
    for step in range(steps):
        some = torch.arange(step * 32, step * 32 + 32) % len(images)
        loss = nn.functional.cross_entropy(network(images[some]), labels[some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


@pytest.fixture(scope="module")
def seeing():
    """The network, new images with the mark, and the places of the marks."""
    network = trained()
    images, labels, places = planted(24, seed=2)
    with torch.no_grad():
        assert (network(images).argmax(1) == labels).float().mean() > 0.95
    marked = labels == 1
    return network, images[marked], places[marked.numpy()]


def share_on_mark(heats, places, part=0.05):
    """Share of the hottest pixels that lie on the mark, or a pixel beside it."""
    shares = []
    for heat, (top, left) in zip(heats.numpy(), places, strict=True):
        inside = np.zeros((SIDE, SIDE), bool)
        inside[max(top - 1, 0) : top + MARK + 1, max(left - 1, 0) : left + MARK + 1] = True
        hottest = np.argsort(heat.ravel())[-int(part * heat.size) :]
        shares.append(inside.ravel()[hottest].mean())
    return float(np.mean(shares))


METHODS = {
    "gradcam": lambda network, images, classes: grad_cam(network, images, classes),
    "occlusion": lambda network, images, classes: occlusion(network, images, classes, 8),
    "integrated_gradients": lambda network, images, classes: integrated_gradients(
        network, images, classes
    ),
}


@pytest.mark.parametrize("method", METHODS)
def test_heat_lies_on_the_planted_mark(seeing, method):
    network, images, places = seeing
    heats = METHODS[method](network, images, torch.ones(len(images), dtype=torch.long))
    chance = (MARK + 2) ** 2 / SIDE**2
    share = share_on_mark(heats, places)
    assert heats.shape == (len(images), SIDE, SIDE)
    assert share > 10 * chance


@pytest.mark.parametrize("method", METHODS)
def test_heat_of_an_untrained_network_does_not_know_the_mark(method, seeing):
    _, images, places = seeing
    torch.manual_seed(0)
    network = networks.build_classifier("small_cnn", 3, 2).eval()
    trained_heat = METHODS[method](seeing[0], images, torch.ones(len(images), dtype=torch.long))
    heats = METHODS[method](network, images, torch.ones(len(images), dtype=torch.long))
    assert share_on_mark(heats, places) < 0.75 * share_on_mark(trained_heat, places)


def test_integrated_gradients_add_up_to_what_the_image_adds(seeing):
    network, images, _ = seeing
    classes = torch.ones(len(images), dtype=torch.long)
    with torch.no_grad():
        added = log_odds(network(images), classes) - log_odds(network(images * 0), classes)
    sums = integrated_gradients(network, images, classes, steps=64).sum((1, 2))
    assert ((sums - added).abs() / added.abs()).median() < 0.05


def test_gradients_of_a_linear_network_are_exact():
    weights = torch.randn(2, 3 * 4 * 4)
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 2, bias=False))
    network[1].weight.data.copy_(weights)
    images = torch.randn(2, 3, 4, 4)
    heat = integrated_gradients(network, images, torch.tensor([0, 1]), steps=3)
    difference = (weights[0] - weights[1]).view(3, 4, 4)
    assert torch.allclose(heat[0], (images[0] * difference).sum(0), atol=1e-5)
    assert torch.allclose(heat[1], -(images[1] * difference).sum(0), atol=1e-5)


def test_log_odds_are_those_of_the_softmax():
    logits = torch.randn(5, 4)
    chance = torch.softmax(logits, 1)[:, 2]
    found = log_odds(logits, torch.full((5,), 2))
    assert torch.allclose(found, torch.log(chance / (1 - chance)), atol=1e-5)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "convnext_tiny", "small_cnn"])
def test_every_network_has_a_layer_that_shows_places(name):
    network = networks.build_classifier(name, 2, 3).eval()
    images = torch.randn(1, 2, 64, 64)
    heat = grad_cam(network, images, torch.tensor([1]), last_layer(network, images))
    assert heat.shape == (1, 64, 64) and torch.isfinite(heat).all() and (heat >= 0).all()


def test_windows_cover_an_axis_to_its_end():
    assert starts(10, 4, 2) == [0, 2, 4, 6] and starts(11, 4, 2) == [0, 2, 4, 6, 7]
    assert starts(3, 8, 4) == [0]


def test_hiding_what_does_not_matter_changes_nothing():
    def network(images):
        seen = images[:, 0, :4, :4].mean((1, 2))
        return torch.stack([seen, -seen], 1)

    heat = occlusion(network, torch.ones(1, 2, 16, 16), torch.tensor([0]), 4)
    assert heat[0, :2, :2].min() > 0.1 and heat[0, 6:].abs().max() == 0


class Sum(nn.Module):
    """A classifier of pixels: class 1 where the mean of the bands around is high."""

    def __init__(self):
        super().__init__()
        self.blur = nn.Conv2d(2, 4, 5, padding=2, bias=False)
        nn.init.constant_(self.blur.weight, 0.1)
        self.act, self.head = nn.ReLU(), nn.Conv2d(4, 2, 1, bias=False)
        nn.init.constant_(self.head.weight[1].data, 1.0)
        nn.init.constant_(self.head.weight[0].data, -1.0)

    def forward(self, images):
        return self.head(self.act(self.blur(images)))


@pytest.mark.parametrize("method", METHODS)
def test_pixel_is_explained_by_what_lies_around_it(method):
    images = torch.rand(2, 2, 24, 24)
    weights = torch.zeros(2, 24, 24)
    weights[0, 6, 6] = weights[1, 18, 15] = 1
    network = AtPixels(Sum(), weights).eval()
    heats = METHODS[method](network, images, torch.ones(2, dtype=torch.long))
    if method == "integrated_gradients":  # the gradient knows the field exactly
        outside = heats.clone()
        outside[0, 4:9, 4:9] = outside[1, 16:21, 13:18] = 0
        assert outside.abs().max() == 0 and heats[0, 6, 6] > 0 and heats[1, 18, 15] > 0
    if method == "occlusion":
        assert heats[0, 6, 6] > heats[0, 18, 15] and heats[1, 18, 15] > heats[1, 6, 6]


def test_informative_band_ranks_first_by_far():
    random = np.random.default_rng(0)
    labels = np.arange(80) % 2
    images = random.normal(0, 1, (80, 5, 8, 8))
    images[:, 3] += 2.0 * labels[:, None, None] - 1

    def probabilities(values):
        score = values[:, 3].mean((1, 2)) * 8 + 0.01 * values[:, 0].mean((1, 2))
        chance = 1 / (1 + np.exp(-score))
        return np.stack([1 - chance, chance], 1)

    for are_true in (True, False):
        found = band_importance(probabilities, images, labels, are_true, repeats=5, seed=1)
        drops = found.drops.mean(axis=1)
        assert drops.argmax() == 3 and drops[3] > 0.3 > 10 * np.delete(drops, 3).max()
        assert found.before > 0.95 and found.changed[3].mean() > 0.3


def test_single_image_is_shuffled_within():
    images = np.zeros((1, 2, 8, 8))
    images[0, 1, :, 4:] = 1

    def probabilities(values):
        contrast = values[:, 1, :, 4:].mean((1, 2)) - values[:, 1, :, :4].mean((1, 2))
        return np.stack([1 - contrast, contrast], 1)

    found = band_importance(probabilities, images, np.array([1]), repeats=3)
    assert found.drops[1].min() > 0.5 and (found.drops[0] == 0).all()


def test_importance_is_the_same_for_the_same_seed():
    images = np.random.default_rng(0).normal(size=(9, 2, 4, 4))

    def probabilities(values):
        return np.stack([values[:, 0, 0, 0], values[:, 1, 0, 0]], 1)

    first, again = (
        band_importance(probabilities, images, np.zeros(9, int), seed=4) for _ in range(2)
    )
    assert (first.drops == again.drops).all()
