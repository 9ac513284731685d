"""The area of applicability: foreign ground lights up, own ground does not."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn
from torch.nn import functional

from plugin.engine.networks.pixel_network import PixelNetwork
from plugin.engine.pixels.trust import Trust, block_weights, measure_trust, trust_features
from plugin.jobs.model_card import PIXELS, ModelCard

SIDE, CELL = 192, 24
SMOOTH = ((0.8, 0.8), (3, 3), (0.7, 4))  # what makes the texture of every rock
LEVELS = np.array([[0.0, 3.0, 1.5], [3.0, 0.0, 1.0], [0.6, 1.5, 3.0]])  # of every band and rock


class Body(nn.Module):
    """Four plain layers."""

    sees_all, encoder, stride, width = False, None, 1, 16

    def __init__(self):
        super().__init__()
        layers = []
        for before in (3, 16, 16, 16):
            layers += [nn.Conv2d(before, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, images):
        return self.layers(images)

    def longest_path(self):
        return self.layers


def ground(seed):
    """Bands (3, row, column) of three rocks in cells, each with its level and its texture."""
    chance = np.random.default_rng(seed)
    rows, columns = np.indices((SIDE, SIDE)) // CELL
    truth = chance.integers(0, 3, (SIDE // CELL, SIDE // CELL))[rows, columns]
    bands = []
    for levels in LEVELS:
        textures = [_texture(chance, smooth) for smooth in SMOOTH]
        bands.append(levels[truth] + 0.5 * np.choose(truth, textures))
    return np.stack(bands).astype(np.float32), truth


def _texture(chance, smooth):
    noise = gaussian_filter(chance.normal(size=(SIDE, SIDE)), smooth)
    return noise / noise.std()


@pytest.fixture(scope="module")
def known():
    """A network that tells the rocks apart, its normalization, and its trust."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    values, truth = ground(1)
    numbers = values.mean((1, 2), keepdims=True), values.std((1, 2), keepdims=True)
    images, labels = torch.from_numpy((values - numbers[0]) / numbers[1])[None], truth[None]
    network = PixelNetwork(Body(), 3)
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
    for step in range(60):
        part = slice(64 * (step % 3), 64 * (step % 3) + 64)
        loss = functional.cross_entropy(
            network(images[:, :, part]), torch.from_numpy(labels[:, part])
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    return network, numbers, trust_of(network, images)


@torch.no_grad()
def trust_of(network, images, cell=CELL):
    features = pixels(network, images)
    rows, columns = np.indices(images.shape[-2:]) // cell
    folds = ((rows * 8 + columns) * 7 % 5).ravel()
    some = np.random.default_rng(0).permutation(len(folds))[:4000]
    weights = block_weights(network, images.shape[1], features.shape[1])
    return measure_trust(features[some].numpy(), folds[some], weights, seed=0)


@torch.no_grad()
def pixels(network, images):
    return trust_features(network, images)[0].flatten(1).T


def lit(known, values):
    """Map (row, column) of where ground is outside of the area of applicability."""
    network, numbers, trust = known
    images = torch.from_numpy(((values - numbers[0]) / numbers[1]).astype(np.float32))[None]
    outside = trust.dissimilarity(pixels(network, images)) > trust.applicable
    return outside.numpy().reshape(values.shape[1:])


def shuffled(part, block):
    """The same pixels at other places within blocks."""
    chance, mixed = np.random.default_rng(3), part.copy()
    for row in range(0, part.shape[1], block):
        for column in range(0, part.shape[2], block):
            square = mixed[:, row : row + block, column : column + block]
            flat = square.reshape(3, -1)
            square[:] = flat[:, chance.permutation(flat.shape[1])].reshape(square.shape)
    return mixed


def elsewhere(name, part):
    """The region's values as they would be on foreign ground."""
    chance = np.random.default_rng(5)
    mean, deviation = part.mean((1, 2), keepdims=True), part.std((1, 2), keepdims=True)
    return {
        "other value range": lambda: part + 4,
        "other texture and value range": lambda: mean + 4 + chance.normal(size=part.shape),
        "more contrast": lambda: mean + 3 * (part - mean),
        "same values, other texture": lambda: shuffled(part, part.shape[1]),
        "flat": lambda: np.broadcast_to(mean, part.shape),
        "checkered": lambda: (
            mean + deviation * np.sign(np.indices(part.shape[1:]).sum(0) % 8 - 3.5)
        ),
    }[name]()


NAMES = (
    "other value range", "other texture and value range", "more contrast",
    "same values, other texture", "flat", "checkered",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_region_pasted_from_elsewhere_lights_up_and_own_ground_does_not(known, name):
    values, _ = ground(7)
    inside = np.s_[:, 48:144, 48:144]
    values[inside] = elsewhere(name, values[inside].copy())
    outside = lit(known, values)
    assert outside[53:139, 53:139].mean() > 0.8
    outside[44:148, 44:148] = False  # the seam is foreign too
    assert outside.mean() < 0.06


def test_own_ground_stays_applicable(known):
    assert lit(known, ground(8)[0]).mean() < 0.06


def test_last_features_alone_miss_foreign_ground(known):
    network, numbers, _ = known
    values, _ = ground(1)
    images = torch.from_numpy((values - numbers[0]) / numbers[1])[None]
    with torch.no_grad():
        own = network.features(images)[0].flatten(1).T[:4000]
        trust = measure_trust(own.numpy(), np.arange(4000) // 800)
        other = elsewhere("other texture and value range", ground(7)[0])
        foreign = torch.from_numpy(((other - numbers[0]) / numbers[1]).astype(np.float32))[None]
        alone = trust.dissimilarity(network.features(foreign)[0].flatten(1).T) > trust.applicable
    assert alone.float().mean() < 0.9 < lit(known, other).mean()


def test_dissimilarity_is_distance_to_the_nearest_in_units_of_the_mean_distance():
    points = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    points = (points - points.mean(0)) / points.std(0)
    trust = measure_trust(points, np.arange(300) % 3)
    there = np.array([[9.0, 0, 0], [0, 0, 0], points[5]], np.float32)
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    mean = apart.sum() / (300 * 299)
    truth = np.linalg.norm(there[:, None] - points, axis=2).min(1) / mean
    assert np.allclose(trust.dissimilarity(torch.from_numpy(there)), truth, atol=2e-3)


def test_threshold_comes_from_the_other_folds():
    chance = np.random.default_rng(0)
    folds = np.repeat(np.arange(4), 200)
    places = chance.normal(size=(4, 2))[folds] * 5 + chance.normal(size=(800, 2)) * 0.1
    apart = measure_trust(places, folds)
    mixed = measure_trust(places, chance.permutation(folds))
    assert apart.applicable > 3 * mixed.applicable


def test_outliers_do_not_widen_the_threshold():
    chance = np.random.default_rng(0)
    points = chance.uniform(size=(500, 2)).astype(np.float32)
    with_outliers = np.concatenate([points, [[40.0, 40.0], [-40.0, 60.0]]]).astype(np.float32)
    trust = measure_trust(with_outliers, chance.integers(0, 3, 502))
    foreign = torch.tensor([[20.0, 5.0]])
    assert trust.dissimilarity(foreign)[0] > trust.applicable


def test_single_fold_silent_units_and_equal_pixels_are_no_trouble():
    points = np.zeros((50, 4), np.float32)
    trust = measure_trust(points, np.zeros(50, int))
    assert trust.dissimilarity(torch.zeros(3, 4)).tolist() == [0.0] * 3
    assert (trust.dissimilarity(torch.ones(3, 4)) > trust.applicable).all()
    assert trust.dissimilarity(torch.zeros(0, 4)).shape == (0,)


def test_trust_comes_back_from_its_tensors_and_numbers(known):
    trust = known[2]
    card = ModelCard(PIXELS, "unet", trust=trust.card())
    again = Trust.load(card, trust.to_tensors())
    features = torch.rand(40, len(trust.center))
    assert torch.equal(again.dissimilarity(features), trust.dissimilarity(features))
    assert again.applicable == trust.applicable and again.summary == trust.summary
    assert Trust.load(ModelCard(PIXELS, "unet"), {}) is None
    size = sum(part.numel() * part.element_size() for part in trust.to_tensors().values())
    assert size < 300_000


def test_blocks_have_the_same_weight(known):
    network = known[0]
    weights = block_weights(network, 3, 16 + 3 + 12)
    parts = [(weights[a:b] ** 2).sum() for a, b in ((0, 16), (16, 19), (19, 31))]
    assert parts == pytest.approx([1, 1, 1])
