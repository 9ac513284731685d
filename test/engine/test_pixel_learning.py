"""What a pixel classifier learns from, and what it makes small."""

import numpy as np
import pytest
import torch

from plugin.engine.networks import build_pixel_network
from plugin.engine.pixels.feeding import Patches, Singles, Watched
from plugin.engine.pixels.ground import BLOCK, Ground, Pixels
from plugin.engine.pixels.learning import Recipe, learn
from plugin.engine.pixels.losses import pixel_loss
from plugin.engine.progress import Progress, Silent
from plugin.jobs.errors import JobError, Stopped

NUMBERS = {"mean": [0.0, 0.0], "sd": [1.0, 1.0]}


@pytest.fixture
def ground():
    """Two bands; the first tells class 1 from class 0; rows 0 to 99 are labeled, class 1 rarely."""
    chance, side = np.random.default_rng(0), BLOCK
    truth = np.zeros((side, side), int)
    truth[:, :6] = 1
    values = chance.normal(size=(2, side, side)).astype(np.float32)
    values[0] += 5 * truth
    rows, columns = (part.ravel() for part in np.indices((100, side)))
    pixels = Pixels(rows, columns, truth[:100].ravel(), rows)
    return Ground(pixels, side, side, np.zeros((1, 1), np.int32), values[None])


def drawn(feed, size=16, epochs=5):
    """All batches of some epochs."""
    chance = np.random.default_rng(0)
    return [batch for _ in range(epochs) for batch in feed.batches(size, chance)]


def test_labels_that_are_not_chosen_never_show(ground):
    chosen = np.flatnonzero(ground.pixels.rows < 50)
    for values, labels in drawn(Patches(ground, chosen, 32, turned=True)):
        shown = labels >= 0
        assert values.shape[1:] == (2, 32, 32) and shown.any()
        assert (shown.sum(axis=(1, 2)) <= 50 * 32).all()
    count = ground.label_store(chosen) >= 0
    assert count.sum() == len(chosen) and not count[0, 50:].any()


def test_a_turned_patch_keeps_every_label_with_its_pixel(ground):
    marked = ground.values.copy()
    marked[0, 1] = 7.0 * (np.pad(ground.pixels.labels.reshape(100, BLOCK), ((0, 28), (0, 0))) == 1)
    ground.values = marked
    feed = Patches(ground, np.arange(len(ground.pixels)), 32, "sampling", turned=True)
    for values, labels in drawn(feed):
        held = labels >= 0
        np.testing.assert_array_equal(values[:, 1][held] == 7.0, labels[held] == 1)


def test_balance_shows_rare_classes_more_often(ground):
    shares = []
    for balance in ("none", "weights", "sampling"):
        feed = Patches(ground, np.arange(len(ground.pixels)), 32, balance)
        labels = np.concatenate([labels for _, labels in drawn(feed, epochs=20)])
        shares.append((labels == 1).any(axis=(1, 2)).mean())
    assert shares[0] + 0.08 < shares[1] < shares[2] - 0.08


def test_watched_patches_show_watched_labels_only(ground):
    watched = np.flatnonzero(ground.pixels.rows >= 80)
    total = 0
    for _, labels in Watched(ground, watched, 32, 0).batches(4):
        assert (labels >= 0).any(axis=(1, 2)).all()
        total += (labels >= 0).sum()
    assert total >= len(watched)


@pytest.mark.parametrize("kind", ["cross_entropy", "focal", "dice"])
def test_every_loss_is_smaller_for_better_answers(kind):
    labels = torch.tensor([0, 1, 2, 1])
    good = torch.nn.functional.one_hot(labels, 3).float() * 4
    losses = [float(pixel_loss(kind, logits, labels)) for logits in (good, good * 0, -good)]
    assert losses[0] < losses[1] < losses[2]


def test_focal_loss_cares_for_hard_pixels():
    easy = torch.tensor([[3.0, 0.0]])
    hard = torch.tensor([[0.0, 3.0]])
    label = torch.tensor([0])
    plain = [float(pixel_loss("cross_entropy", logits, label)) for logits in (easy, hard)]
    focal = [float(pixel_loss("focal", logits, label)) for logits in (easy, hard)]
    assert focal[1] / focal[0] > 5 * plain[1] / plain[0]


@pytest.mark.parametrize("kind", ["cross_entropy", "focal", "dice"])
def test_a_network_of_single_pixels_learns_what_single_pixels_tell(ground, kind):
    torch.manual_seed(0)
    chosen = np.flatnonzero(ground.pixels.rows < 60)
    watched = Watched(ground, np.flatnonzero(ground.pixels.rows >= 80), 1, 0)
    feed = Singles(ground, chosen, "weights")
    recipe = Recipe(epochs=5, learning_rate=5e-3, batch_size=256, loss=kind, augment="none")
    network = build_pixel_network("pixel_mlp", 2, 2)
    labels = ground.pixels.labels[chosen]
    learned = learn(network, feed, labels, watched, NUMBERS, recipe, torch.device("cpu"), Silent())
    assert learned.history[-1]["validation_accuracy"] > 0.95
    assert len(learned.history) == 5 and not learned.network.training


def test_a_cancel_stops_the_training_within_a_batch(ground):
    said = []

    def stop():
        said.append(1)
        return len(said) > 3

    feed = Patches(ground, np.arange(len(ground.pixels)), 32)
    recipe = Recipe(epochs=100, learning_rate=1e-3, batch_size=2)
    network = build_pixel_network("pixel_mlp", 2, 2)
    watched = Watched(ground, np.zeros(0, int), 32, 0)
    with pytest.raises(Stopped):
        learn(network, feed, ground.pixels.labels, watched, NUMBERS, recipe, torch.device("cpu"), Progress(lambda kind, **words: None, stop))  # fmt: skip


def test_a_loss_that_is_no_number_is_refused(ground):
    network = build_pixel_network("pixel_mlp", 2, 2)
    torch.nn.init.constant_(network.head[1].weight, float("nan"))
    feed = Singles(ground, np.arange(len(ground.pixels)))
    watched = Watched(ground, np.zeros(0, int), 1, 0)
    with pytest.raises(JobError) as refused:
        learn(network, feed, ground.pixels.labels, watched, NUMBERS, Recipe(1, 1e-3, batch_size=64), torch.device("cpu"), Silent())  # fmt: skip
    assert "no longer a number" in refused.value.found
