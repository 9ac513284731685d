"""The loop learns, keeps its time, and penalizes what it is told to."""

import time

import numpy as np
import pytest
import torch

from images import stripes
from plugin.engine import networks
from plugin.engine.augmentation import augment
from plugin.engine.losses import class_weights, cross_entropy
from plugin.engine.normalization import measure
from plugin.engine.progress import Progress, Silent
from plugin.engine.training import Images, Recipe, predict, train
from plugin.jobs.errors import Stopped

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def striped():
    labels = np.arange(120) % 2
    values = np.stack([stripes(label, seed=i) for i, label in enumerate(labels)])
    return values, labels


def fit(striped, recipe, training=slice(0, 80), watched=slice(80, 100), progress=None):
    values, labels = striped
    indices = np.arange(len(labels))
    torch.manual_seed(recipe.seed)
    network = networks.build_classifier("small_cnn", 3, 2)
    numbers = measure(values, indices[training])
    images = [Images(values, labels, indices[part]) for part in (training, watched)]
    return train(network, *images, numbers, recipe, CPU, progress or Silent()), numbers


def test_a_planted_pattern_is_learned(striped):
    fitted, numbers = fit(striped, Recipe(15, 2e-3, augment="photo"))
    held = Images(*striped, np.arange(100, 120))
    logits = predict(fitted.network, held, numbers, CPU, Silent())
    assert (logits.argmax(1).numpy() == held.labels[100:]).mean() >= 0.95


def test_turning_images_destroys_what_only_the_direction_tells(striped):
    """Level and upright stripes are one class to a training that turns its images."""
    fitted, numbers = fit(striped, Recipe(15, 2e-3, augment="overhead"))
    held = Images(*striped, np.arange(100, 120))
    logits = predict(fitted.network, held, numbers, CPU, Silent())
    assert float(logits.softmax(1).max(1).values.mean()) < 0.75


def test_the_epoch_with_the_lowest_watched_loss_is_kept(striped):
    fitted, numbers = fit(striped, Recipe(8, 5e-3))
    losses = [entry["validation_loss"] for entry in fitted.history]
    assert fitted.best_epoch == 1 + int(np.argmin(losses))
    watched = Images(*striped, np.arange(80, 100))
    logits = predict(fitted.network, watched, numbers, CPU, Silent())
    again = float(cross_entropy(logits, torch.from_numpy(watched.labels[80:100])))
    assert abs(again - min(losses)) < 1e-4


def test_with_nothing_to_watch_the_last_epoch_is_kept(striped):
    fitted, _ = fit(striped, Recipe(3, 1e-3), watched=slice(0, 0))
    assert fitted.best_epoch == 3


def test_the_last_epoch_is_kept_where_the_recipe_says_so(striped):
    """Also where the watched labels are wrong, so that their loss is lowest at first."""
    values, labels = striped
    wrong = np.where(np.arange(len(labels)) < 80, labels, 1 - labels)
    for last in (False, True):
        fitted, _ = fit((values, wrong), Recipe(6, 5e-3, keep_last=last))
        assert (fitted.best_epoch == 6) == last
        assert fitted.history[-1]["validation_loss"] > fitted.history[0]["validation_loss"]


def _statistics(network):
    return torch.cat([v for k, v in network.state_dict().items() if "running" in k])


def test_statistics_are_kept_while_the_weights_learn(striped):
    torch.manual_seed(0)
    before = networks.build_classifier("small_cnn", 3, 2)
    for keep in (False, True):
        after = fit(striped, Recipe(2, 2e-3, keep_statistics=keep))[0].network
        assert torch.allclose(_statistics(after), _statistics(before)) == keep
        assert not torch.equal(after.head[1].weight, before.head[1].weight)


def test_the_same_seed_gives_the_same_weights(striped):
    first, again, other = (
        fit(striped, Recipe(2, 1e-3, augment="overhead", seed=seed))[0].network.head[1].weight
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_training_ends_within_its_time_and_its_rate_falls_to_nothing(striped):
    began = time.monotonic()
    fitted, _ = fit(striped, Recipe(100_000, 1e-3, seconds=3))
    assert time.monotonic() - began < 10
    assert fitted.history[-1]["learning_rate"] < 0.1e-3


def test_the_l1_penalty_makes_weights_small(striped):
    def size(l1):
        network = fit(striped, Recipe(5, 2e-3, l1=l1))[0].network
        return sum(float(p.detach().abs().sum()) for p in network.parameters() if p.ndim > 1)

    assert size(0.01) < 0.8 * size(0.0)


def test_the_l2_penalty_makes_weights_small(striped):
    def size(l2):
        network = fit(striped, Recipe(5, 5e-3, l2=l2))[0].network
        return sum(float(p.detach().square().sum()) for p in network.parameters() if p.ndim > 1)

    assert size(5.0) < 0.8 * size(0.0)


def test_only_the_head_learns_when_asked(striped):
    values, labels = striped
    network = networks.build_classifier("small_cnn", 3, 2)
    networks.freeze(network.backbone)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    images = Images(values, labels, np.arange(80))
    numbers = measure(values, np.arange(80))
    train(network, images, images, numbers, Recipe(2, 1e-2, head_only=True), CPU, Silent())
    changed = {
        name for name, value in network.state_dict().items() if not torch.equal(value, before[name])
    }
    assert changed == {"head.1.weight", "head.1.bias"}


@pytest.mark.parametrize("balance", ["weights", "sampling"])
def test_balance_lifts_the_recall_of_a_rare_class(balance):
    chance = np.random.default_rng(0)
    labels = (np.arange(300) % 10 == 0).astype(int)
    values = chance.normal(0, 1, (300, 1, 8, 8)).astype("float32")
    values += 0.25 * labels[:, None, None, None]

    def rare_chance(how):
        torch.manual_seed(0)
        network = networks.build_classifier("small_cnn", 1, 2)
        images = Images(values, labels, np.arange(300))
        numbers = measure(values, np.arange(300))
        recipe = Recipe(8, 2e-3, balance=how)
        fitted = train(
            network, images, Images(values, labels, np.arange(0)), numbers, recipe, CPU, Silent()
        )
        logits = predict(fitted.network, images, numbers, CPU, Silent())
        return float(logits.softmax(1)[labels == 1, 1].mean())

    assert rare_chance(balance) > rare_chance("none") + 0.05


def test_cancel_stops_within_a_step(striped):
    calls = []
    progress = Progress(lambda kind, **words: None, lambda: len(calls) > 3 or calls.append(1))
    with pytest.raises(Stopped):
        fit(striped, Recipe(1000, 1e-3), progress=progress)


def test_class_weights_keep_the_scale_of_the_loss():
    labels = np.repeat([0, 1, 2], [90, 9, 1])
    weights = class_weights(labels, 3)
    assert abs(float(weights[torch.from_numpy(labels)].mean()) - 1) < 1e-5
    assert abs(float(weights[2] / weights[0]) - 90**0.5) < 1e-3


def test_images_seen_from_above_take_all_eight_positions():
    image = torch.arange(9.0).reshape(1, 1, 3, 3).repeat(400, 1, 1, 1)
    chance = torch.Generator().manual_seed(0)
    seen = augment(image, "overhead", 0.0, chance)
    order = seen.flatten(1).argsort(dim=1).unique(dim=0)
    assert len(order) == 8


def test_photographs_are_never_upside_down():
    image = torch.arange(9.0).reshape(1, 1, 3, 3).repeat(100, 1, 1, 1)
    seen = augment(image, "photo", 0.0, torch.Generator().manual_seed(0))
    assert len(seen.flatten(1).argsort(dim=1).unique(dim=0)) == 2
    assert (seen[:, 0, 0].mean(1) < seen[:, 0, 2].mean(1)).all()
