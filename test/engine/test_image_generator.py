"""The networks of the image generator, what varies images, and the guard of the training."""

import math

import numpy as np
import pytest
import torch

from plugin.engine.generation import learning
from plugin.engine.generation.features import Eye
from plugin.engine.generation.guard import Guard
from plugin.engine.generation.learning import Lesson, Pool, teach
from plugin.engine.generation.noise import make
from plugin.engine.generation.varying import crops, vary
from plugin.engine.networks.image_generator import ImageGenerator, ImageJudge
from plugin.engine.progress import Progress, Silent
from plugin.jobs.errors import Stopped

CPU = torch.device("cpu")


def generator(bands=3, side=64, classes=2, width=4):
    torch.manual_seed(0)
    return ImageGenerator(bands, side, classes, width).eval()


@pytest.mark.parametrize("bands, side", [(1, 64), (4, 128), (7, 64), (3, 256)])
def test_images_have_the_bands_and_the_side_asked_for(bands, side):
    made = make(generator(bands, side), [3, 4], [0, 1])
    assert made.shape == (2, bands, side, side) and made.abs().max() <= 1
    judged = ImageJudge(bands, side, 2, 4)(made, torch.tensor([0, 1]))
    assert judged.shape == (2,) and judged.isfinite().all()


def test_an_image_is_the_same_alone_and_in_a_batch():
    network = generator()
    together = make(network, range(5), [0, 1, 0, 1, 0])
    for seed in range(5):
        assert torch.allclose(make(network, [seed], [seed % 2])[0], together[seed], atol=1e-5)


def test_seeds_and_classes_make_different_images():
    network = generator()
    made = make(network, [1, 2, 1], [0, 0, 1])
    assert (made[0] - made[1]).abs().mean() > 0.01
    assert (made[0] - made[2]).abs().mean() > 0.001


def test_the_judge_sees_that_images_are_all_alike():
    torch.manual_seed(0)
    judge, labels = ImageJudge(1, 64, 1, 4).eval(), torch.zeros(8, dtype=torch.int64)
    one = torch.randn(1, 1, 64, 64)
    alone, alike = judge(one, labels[:1]), judge(one.repeat(8, 1, 1, 1), labels)
    varied = judge(torch.cat([one, torch.randn(7, 1, 64, 64)]), labels)
    assert torch.allclose(alike, alone.expand(8), atol=1e-5)
    assert abs(varied[0] - alone[0]) > 1e-4


def test_real_and_made_images_are_varied_alike_and_the_generator_can_learn_through_it():
    images = torch.rand(16, 3, 64, 64, requires_grad=True)
    first, again = (vary(images, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, again) and not torch.equal(first, images)
    first.sum().backward()
    assert images.grad.isfinite().all() and (images.grad != 0).any(dim=(1, 2, 3)).all()


def test_a_hole_covers_at_most_a_quarter_and_a_shift_an_eighth():
    images = torch.ones(200, 1, 64, 64)
    images[:, :, 32, :] = -1  # a line; what varies color keeps it darker
    changed = vary(images, torch.Generator().manual_seed(0))
    empty = (changed == 0).float().mean((1, 2, 3))
    assert 0.05 < empty.mean() < 0.5 and empty.max() <= 0.25 + 2 / 8
    rows = changed.mean(3).squeeze(1).argmin(1)
    seen = rows[(changed.amin((1, 2, 3)) < changed.amax((1, 2, 3)) - 0.1) & (empty < 0.3)]
    assert len(seen) > 50


def test_each_image_is_changed_as_often_as_asked():
    images = torch.rand(400, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    assert torch.equal(vary(images, torch.Generator().manual_seed(0), 0.0), images)
    changed = vary(images, torch.Generator().manual_seed(0), 0.2)
    share = (changed != images).flatten(1).any(1).float().mean()
    assert float(share) == pytest.approx(1 - 0.8**3, abs=0.08)


def test_images_are_varied_more_the_surer_the_judge_is_of_the_real_ones():
    school = learning._School(generator(1), Lesson(1.0, width=4), CPU)
    for _ in range(50):
        school._vary_as_needed(torch.full((16,), 0.3))
    assert school.varied == pytest.approx(50 * 16 / 8_000)
    for _ in range(60):
        school._vary_as_needed(torch.tensor([-0.3, 0.2] * 8))
    assert school.varied == 0


def test_crops_are_cut_from_everywhere_and_mirrored_sideways_only():
    side = torch.arange(72, dtype=torch.float32)
    images = torch.stack([side.view(1, 72).expand(72, 72), side.view(72, 1).expand(72, 72)])
    cut = crops(images[None].repeat(300, 1, 1, 1), 64, torch.Generator().manual_seed(0))
    columns, rows = cut[:, 0, 0, :], cut[:, 1, :, 0]
    assert cut.shape == (300, 2, 64, 64)
    assert set(columns.amin(1).tolist()) == set(range(9)) == set(rows[:, 0].int().tolist())
    mirrored = columns[:, 0] > columns[:, -1]
    assert 100 < mirrored.sum() < 200
    assert (rows[:, 0] < rows[:, -1]).all()


def squares(count=64, seed=0):
    """Bright squares on dark ground; class 1 is dark on bright."""
    chance = np.random.default_rng(seed)
    images, labels = torch.full((count, 1, 64, 64), -0.8), np.arange(count) % 2
    for image in images:
        row, column = chance.integers(8, 36, 2)
        image[:, row : row + 20, column : column + 20] = 0.8
    images[labels == 1] *= -1
    return images, labels


def pool_of(images, labels):
    return Pool(lambda rows: images[rows], labels, 64)


class Watch(Guard):
    """A guard that keeps what it saw."""

    def __init__(self, images, labels):
        eye = Eye(1, CPU)
        super().__init__(eye, images, labels[:16])


def test_training_comes_nearer_to_the_images_and_tells_classes_apart():
    images, labels = squares()
    guard, network = Watch(images, labels), generator(1)
    before = guard.judge(network, (1.0, 1.0))["distance"]
    lesson = Lesson(0.0, steps=240, batch_size=8, width=4)
    taught = teach(network, pool_of(images, labels), guard, lesson, CPU, Silent())
    assert taught.steps == 240 and not taught.stopped
    assert min(seen["distance"] for seen in taught.history) < 0.7 * before
    made = make(taught.network, range(40), np.arange(40) % 2)
    bright = made.mean((1, 2, 3))
    assert bright[1::2].mean() > bright[::2].mean() + 0.4
    assert {"step", "judge_loss", "generator_loss", "distance", "variety"} <= set(taught.history[0])


def test_the_same_seed_teaches_the_same_generator():
    images, labels = squares()
    lesson = Lesson(0.0, steps=6, batch_size=4, width=4, seed=3)
    results = []
    for _ in range(2):
        guard = Watch(images, labels)
        taught = teach(generator(1), pool_of(images, labels), guard, lesson, CPU, Silent())
        results.append(make(taught.network, [0], [0]))
    assert torch.equal(*results)


def test_rare_classes_come_more_often_than_they_are():
    labels = np.array([0] * 100 + [1] * 4)
    pool = pool_of(torch.zeros(104, 1, 64, 64), labels)
    _, drawn = pool.draw(6000, torch.Generator().manual_seed(0))
    assert float((drawn == 1).float().mean()) == pytest.approx(2 / 12, abs=0.02)


class Spoiled(Pool):
    """A pool whose images are no numbers in some steps."""

    def draw(self, count, chance):
        images, labels = super().draw(count, chance)
        self.drawn = getattr(self, "drawn", 0) + 1
        return (images * math.nan if self.drawn in self.spoiled else images), labels


def spoiled_training(spoiled, steps=30):
    images, labels = squares()
    pool = Spoiled(lambda rows: images[rows], labels, 64)
    pool.spoiled = spoiled
    lesson = Lesson(0.0, steps=steps, batch_size=4, width=4)
    return teach(generator(1), pool, Watch(images, labels), lesson, CPU, Silent())


def test_after_numbers_out_of_bounds_the_training_goes_on_from_its_last_good_state():
    taught = spoiled_training((13,))
    assert [turn["step"] for turn in taught.rollbacks] == [13]
    assert "out of all bounds" in taught.rollbacks[0]["reason"]
    assert taught.steps == 30 and not taught.stopped
    assert make(taught.network, [0], [0]).isfinite().all()
    assert all(
        map(math.isfinite, (taught.history[-1]["distance"], taught.history[-1]["judge_loss"]))
    )


def test_the_third_time_the_training_stops_and_gives_its_last_good_generator():
    taught = spoiled_training((9, 15, 21))
    assert taught.steps == 21 and "stopped at step 21" in taught.stopped
    assert make(taught.network, [0], [0]).isfinite().all() and taught.best_step < 21


def test_images_that_are_all_alike_are_a_reason_to_go_back():
    images, labels = squares()
    guard, network = Watch(images, labels), generator(1)
    with torch.no_grad():
        for part in network.levels:
            part.style.weight.zero_()
            part.grain.zero_()
        network.start.weight.zero_()
    seen = guard.judge(network, (1.0, 1.0))
    assert seen["variety"] < 0.2
    assert "all alike" in guard.broken(seen, 600)
    assert guard.broken(seen, 50) == ""  # at the beginning that is how every generator is


def test_varied_images_are_preferred_at_the_same_distance():
    guard = Watch(*squares())
    assert guard.is_best({"distance": 2.0, "variety": 0.35})
    assert not guard.is_best({"distance": 4.1, "variety": 1.0})
    assert guard.is_best({"distance": 3.9, "variety": 0.9})


def test_training_stops_when_the_user_cancels(monkeypatch):
    images, labels = squares()
    said = []
    progress = Progress(lambda kind, **words: said.append(words), lambda: len(said) > 1)
    monkeypatch.setattr("plugin.engine.progress.SECONDS_BETWEEN", 0.0)
    lesson = Lesson(600.0, batch_size=4, width=4)
    with pytest.raises(Stopped):
        teach(generator(1), pool_of(images, labels), Watch(images, labels), lesson, CPU, progress)
    assert "left" in said[0]["text"] and len(said) == 2


def test_looks_are_rarer_in_short_trainings():
    assert learning._pause(Lesson(20.0)) == 0.5
    assert learning._pause(Lesson(1200.0)) == 1 / 24
