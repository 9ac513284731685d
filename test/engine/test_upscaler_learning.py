"""Parts of training an upscaler: ground kept apart, pairs found, collapse turned back."""

import math

import numpy as np
import pytest
import torch
from affine import Affine
from scipy.ndimage import shift as moved_by

from landscapes import NORTH_UP, write_raster
from plugin.engine.degradation import cubic, degrade
from plugin.engine.metrics.upscaling import psnr
from plugin.engine.progress import Silent
from plugin.engine.rasters import Raster
from plugin.engine.upscaling import adversarial, opponents
from plugin.engine.upscaling.fidelity import Lesson, train_fidelity
from plugin.engine.upscaling.fine_images import FineImages, in_network_range
from plugin.engine.upscaling.ground import (
    TRAINING,
    VALIDATION,
    WATCHED,
    Block,
    blocks_of,
    divide,
    scored_places,
)
from plugin.engine.upscaling.guard import Guard
from plugin.engine.upscaling.lessons import joined, training_images, watched_patches
from plugin.engine.upscaling.paired_images import PairedImages, draw_pairs
from plugin.engine.upscaling.pairs import make_pair
from plugin.engine.upscaling.scenes import Scene
from plugin.engine.upscaling.simulation import Sensor
from plugin.engine.upscaling.starting import with_bands
from plugin.jobs.errors import JobError
from terrain import terrain
from upscalers import wild_network

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """A raster in which every pixel has a value of its own."""
    values = np.arange(640 * 768, dtype="float64").reshape(1, 640, 768)
    path = write_raster(tmp_path_factory.mktemp("numbers") / "numbers.tif", values)
    with Raster(path) as raster:
        yield Scene(raster, 4)


def numbers_in(scene, places):
    """The pixels of places, by their values."""
    found = [scene.fine(*place)[0].astype(int).ravel() for _, place in places]
    return set(np.concatenate(found).tolist())


def test_parts_of_the_ground_share_no_pixel_and_leave_none_out(numbered):
    blocks = divide([numbered], 32, 0.2, seed=3)
    parts = [
        numbers_in(numbered, blocks_of(blocks, part)) for part in (TRAINING, WATCHED, VALIDATION)
    ]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 640 * 768
    assert len(parts[2]) / (640 * 768) == pytest.approx(0.2, abs=0.05)


def test_no_patch_of_training_touches_the_validation(numbered):
    blocks = divide([numbered], 32, 0.3, seed=1)
    apart = numbers_in(numbered, blocks_of(blocks, VALIDATION) + blocks_of(blocks, WATCHED))
    kinds = training_images([numbered], blocks, 32, 0, Silent())
    seen = set()
    for image in kinds[0].images:
        values = numbered.scale.to_unit(torch.from_numpy(image)[None])
        seen |= set(np.rint(values).astype(int).ravel().tolist())
    assert not seen & apart
    assert seen == numbers_in(numbered, blocks_of(blocks, TRAINING))


def test_watched_and_scored_squares_lie_in_their_own_blocks(numbered):
    blocks = divide([numbered], 32, 0.2, seed=5)
    _, fine = watched_patches([numbered], blocks, 32, 1, 0.3)
    values = numbered.scale.to_unit(fine.flatten(0, 1)[:, None][:, 0][None])
    assert set(np.rint(values).astype(int).ravel().tolist()) <= numbers_in(
        numbered, blocks_of(blocks, WATCHED)
    )
    places = scored_places(blocks, 32, 0)
    assert numbers_in(numbered, places) <= numbers_in(numbered, blocks_of(blocks, VALIDATION))


def test_neighboring_blocks_are_joined_to_the_largest_rectangles():
    grid = ["111", "101", "110"]
    blocks = [
        Block(0, (10 * row, 20 * column, 10, 20), TRAINING)
        for row, line in enumerate(grid)
        for column, mark in enumerate(line)
        if mark == "1"
    ]
    assert joined(blocks) == [
        (0, 0, 10, 60), (0, 0, 30, 20), (0, 40, 20, 20), (20, 0, 10, 40),
    ]  # fmt: skip


def test_a_large_raster_is_divided_in_large_blocks(tmp_path):
    class Wide:
        height, width, factor, raster = 4096, 4096, 4, None

        def in_raster(self, *place):
            return tuple(self.factor * each for each in place)

    blocks = divide([Wide()], 32, 0.2, 0)
    assert min(min(block.place[2:]) for block in blocks) >= 512


def test_too_little_ground_is_refused_with_what_was_found(tmp_path):
    small = write_raster(tmp_path / "s.tif", terrain(256, 500))
    with Raster(small) as raster, pytest.raises(JobError) as caught:
        divide([Scene(raster, 4)], 32, 0.2, 0)
    assert "at least 20 squares of 128 x 128 fine pixels; found 6." in str(caught.value)


@pytest.fixture
def pair_of(tmp_path):
    """Make a fine raster and the coarse one that a sensor saw; gives both paths."""

    def make(blur=0.3, gain=0.5, offset=10.0, moved=(0.0, 0.0), corner=(0, 0), cut=(0, 0)):
        values = terrain(320, 400, 2, seed=2)
        fine = write_raster(tmp_path / "fine.tif", values.astype("float32"))
        seen = np.stack(
            [moved_by(band, (4 * moved[0], 4 * moved[1]), mode="nearest") for band in values]
        )
        coarse = degrade(torch.from_numpy(seen)[None], 4, blur)[0].numpy() * gain + offset
        coarse = coarse[:, cut[0] :, cut[1] :].astype("float32")
        transform = NORTH_UP @ Affine.translation(*corner) @ Affine.scale(4)
        transform = transform @ Affine.translation(cut[1], cut[0])
        return fine, write_raster(tmp_path / "coarse.tif", coarse, transform)

    return make


@pytest.mark.parametrize("blur", [0.2, 0.4, 0.6])
def test_blur_gain_and_offset_of_a_sensor_are_found(pair_of, blur):
    fine, coarse = pair_of(blur)
    with Raster(fine) as raster:
        pair = make_pair(raster, coarse, [], 4)
        assert pair.blur == pytest.approx(blur, abs=0.01)
        assert pair.gain == pytest.approx([0.5, 0.5], abs=0.01)
        assert pair.offset == pytest.approx([10, 10], abs=1)
        assert pair.error < 0.02 and math.hypot(*pair.moved) < 0.02
        scene = Scene(raster, 4, pair=pair)
        piece = scene.piece((10, 10, 20, 20), 8, pair.blur)
        assert np.abs(scene.scale.to_unit(piece.coarse) - pair.read(*piece.whole)[0]).max() < 1e-3
        pair.coarse.close()


def test_a_coarse_raster_of_a_part_is_put_in_its_place(pair_of):
    fine, coarse = pair_of(cut=(7, 12))
    with Raster(fine) as raster:
        pair = make_pair(raster, coarse, [], 4)
        assert pair.corner == (0, 0) and pair.window == (28, 48, 320 - 28, 400 - 48)
        assert pair.error < 0.02
        pair.coarse.close()


def test_pairs_that_do_not_belong_together_are_refused(pair_of, tmp_path):
    def said(path, factor=4, bands=()):
        with Raster(fine, bands) as raster, pytest.raises(JobError) as caught:
            make_pair(raster, path, (), factor)
        return str(caught.value)

    fine, coarse = pair_of(moved=(1.7, 0.0))
    assert "a shift of 1.7 px was found" in said(coarse)
    fine, coarse = pair_of()
    assert "pixel sizes 40 and 10: ratio 4.00 is not 2." in said(coarse, 2)
    assert "has 2 bands" in said(coarse, bands=[1])
    odd = write_raster(tmp_path / "odd.tif", terrain(80, 80, 2), NORTH_UP @ Affine.scale(3.85))
    assert "ratio 3.85 is not 2, 4 or 8" in said(odd)
    fine, off = pair_of(corner=(1.4, 0))
    assert "of their size off those of" in said(off)


def test_drawn_pairs_show_the_same_ground():
    fine = in_network_range(terrain(256, 320))
    coarse = degrade(torch.from_numpy(fine)[None], 4, 0.3)[0].numpy()
    kinds = [PairedImages([fine], 1.0, [coarse])]
    low, told, high, gains = draw_pairs(
        kinds, Lesson(1, side=24), Sensor(4, 0.3, 0.3), 1, np.random.default_rng(0)
    )
    assert low.shape == (8, 1, 24, 24) and high.shape == (8, 1, 96, 96) and len(gains) == 8
    again = degrade(high, 4, 0.3)
    assert (again - low)[..., 4:-4, 4:-4].abs().max() < 1e-4
    assert sorted(set(told.tolist())) == pytest.approx([0.0, 0.3])


def test_pairs_are_drawn_where_the_fine_image_ends_before_the_coarse_one():
    fine = in_network_range(terrain(66, 66))
    coarse = degrade(torch.from_numpy(fine)[None], 2, 0.3)[0].numpy()
    kinds = [PairedImages([fine[:, :64, :64]], 1.0, [coarse])]  # 33 coarse pixels, 32 of them fine
    low, _, high, _ = draw_pairs(
        kinds, Lesson(1, side=24), Sensor(2, 0.3, 0.3), 1, np.random.default_rng(0)
    )
    assert low.shape == (8, 1, 24, 24) and high.shape == (8, 1, 48, 48)


def test_a_network_of_one_band_as_one_of_three_sees_the_mean_and_adds_the_same():
    one = wild_network().fidelity
    three = with_bands(one, 3)
    image = torch.randn(1, 1, 20, 20)
    told = torch.tensor([0.3])
    single, several = one(image, told), three(image.repeat(1, 3, 1, 1), told)
    assert (several - single).abs().max() < 1e-5


@pytest.fixture(scope="module")
def learned():
    """A small generator that learned for a moment, with its ground and what is watched."""
    image = in_network_range(terrain(400, 512))
    kinds = [FineImages([image[:, :, :384]])]
    fine = torch.from_numpy(
        image[:, :384, 384:].reshape(1, 3, 128, 128).transpose(1, 0, 2, 3).copy()
    )
    watched = degrade(fine, 4, 0.3), fine
    network = wild_network(strength=0.0, width=12, blocks=2).fidelity
    lesson = Lesson(steps=120, learning_rate=3e-3, batch_size=4, side=20)
    return train_fidelity(network, kinds, Sensor(4), lesson, CPU, Silent()), kinds, watched


def test_the_faithful_generator_learns_more_than_cubic_interpolation(learned):
    network, _, (coarse, fine) = learned
    with torch.no_grad():
        made = cubic(coarse, 4) + network(coarse, torch.full((3,), 0.3))
    gained = psnr(fine.numpy(), made.numpy()) - psnr(fine.numpy(), cubic(coarse, 4).numpy())
    assert gained > 0.5


def teach(learned, weight, steps=60):
    network, kinds, watched = learned
    lesson = Lesson(steps=steps, batch_size=4, side=20)
    return adversarial.train_adversarial(
        network, kinds, watched, Sensor(4), lesson, weight, CPU, Silent()
    )


def test_texture_that_goes_wrong_is_turned_back_and_the_faithful_generator_is_kept(
    learned, monkeypatch
):
    monkeypatch.setattr(adversarial, "_WATCH_EVERY", 5)
    monkeypatch.setattr(opponents, "_RATES", (3e-2, 3e-4))  # a generator out of control
    result = teach(learned, weight=1.0)
    assert len(result.rollbacks) == 3 and result.stopped.startswith("adversarial stage stopped at")
    broken = [seen for seen in result.history if seen["psnr"] < seen["cubic_psnr"]]
    assert broken  # it did collapse
    weights = [seen["weight"] for seen in result.history]
    assert weights[0] == 1.0 and min(weights) == 0.25
    guard = Guard(learned[2], learned[0], CPU)
    kept = guard.judge(result.network)
    assert kept["psnr"] > kept["cubic_psnr"]


def test_the_guard_refuses_every_kind_of_collapse(learned):
    guard = Guard(learned[2], learned[0], CPU)
    good = guard.judge(learned[0])
    assert guard.broken(good, [(0.6, 0.1)]) == ""
    calm = [(0.6, 0.1)]
    wrong = {
        "no longer a number": ({"psnr": float("nan")}, calm),
        "loss is no longer": ({}, [(float("inf"), 0.1)]),
        "larger than that of cubic": ({"psnr": good["cubic_psnr"] - 0.1}, calm),
        "lost its way": ({}, [(1.7, 0.1)]),
        "tells every patch apart": ({}, [(0.01, 0.1)] * 100),
        "contrast": ({"spread": 1.6}, calm),
        "all alike": ({"diversity": 0.05}, calm),
    }
    for words, (change, losses) in wrong.items():
        assert words in guard.broken({**good, **change}, losses)


def test_texture_in_its_bounds_is_kept(learned, monkeypatch):
    monkeypatch.setattr(adversarial, "_WATCH_EVERY", 20)
    result = teach(learned, weight=0.02, steps=40)
    assert not result.stopped and result.best_step > 0 and result.rollbacks == []
