"""Labeled pixels that score are never near those that train, and every class can be learned."""

import re

import numpy as np
import pytest
from scipy.ndimage import maximum_filter

from plugin.engine.pixels.ground import BLOCK, Ground, Pixels
from plugin.engine.pixels.splits import block_numbers, inner_split, plan_splits
from plugin.jobs.errors import JobError
from plugin.jobs.train_pixel_classifier import TrainPixelClassifier

NAMES = ["a", "b", "c"]


def make_ground(rows, columns, labels, units=None, size=(256, 256)):
    pixels = Pixels(rows, columns, labels, units if units is not None else np.arange(len(rows)))
    blocks = tuple(-(-side // BLOCK) for side in size)
    slots = np.arange(blocks[0] * blocks[1], dtype=np.int32).reshape(blocks)
    values = np.zeros((slots.size, 1, BLOCK, BLOCK), np.float32)
    return Ground(pixels, *size, slots, values)


@pytest.fixture
def ground():
    """Fields of 16 pixels of three classes, all labeled; a unit for each field."""
    rows, columns = (part.ravel() for part in np.indices((256, 256)))
    labels = np.random.default_rng(0).integers(0, 3, (16, 16))[rows // 16, columns // 16]
    return make_ground(rows, columns, labels, rows // 16 * 16 + columns // 16)


def plan(ground, layer=None, **wishes):
    job = TrainPixelClassifier(rasters=["r.tif"], labels="l.json", class_field="f", **wishes)
    return plan_splits(job, ground, NAMES, (10.0, "m"), layer)


def test_every_pixel_is_tested_once_and_never_trains_where_it_tests(ground):
    made = plan(ground)
    tested = np.concatenate([s.test.rows * 256 + s.test.columns for s in made.splits])
    assert len(made.splits) == 3 and len(np.unique(tested)) == len(tested) == 256 * 256
    for fold, split in enumerate(made.splits):
        assert (made.folds[split.train] != fold).all()
        assert set(ground.pixels.labels[split.train]) == {0, 1, 2}


def test_automatic_blocks_are_wider_than_the_fields_of_the_labels(ground):
    made = plan(ground)
    assert 16 < made.block < 64
    assert f"{made.block * 10:.4g} m wide" in made.sentence


def test_training_pixels_keep_the_buffer_from_blocks_that_test(ground):
    made = plan(ground, block_size=400.0)
    for fold, split in enumerate(made.splits):
        tested = np.zeros((256, 256), bool)
        tested[split.test.rows, split.test.columns] = True
        some = ground.pixels.take(split.train)
        # Of all pixels around, those at the corners of a block too: farther than 4 of them.
        near = maximum_filter(tested, size=2 * 4 + 1)
        assert not near[some.rows, some.columns].any()
        assert len(split.train) > 0.6 * (made.folds != fold).sum()


def test_a_class_near_borders_only_is_kept_without_a_buffer_and_the_sentence_says_so(ground):
    labels = np.where(ground.pixels.labels == 2, 0, ground.pixels.labels)
    labels[np.isin(ground.pixels.rows, (39, 40)) & (ground.pixels.columns == 20)] = 2
    rare = make_ground(ground.pixels.rows, ground.pixels.columns, labels, ground.pixels.units)
    made = plan(rare, block_size=400.0, folds=2)
    assert "nearer labels were seen" in made.sentence and 'All labels of "c"' in made.warnings[-1]
    assert "nearer labels were seen" not in plan(ground, block_size=400.0).sentence


def test_a_given_block_size_is_in_map_units(ground):
    made = plan(ground, block_size=320.0)
    assert made.block == 32.0
    numbers = block_numbers(ground.pixels.rows, ground.pixels.columns, 32.0)
    for number in np.unique(numbers):
        assert len(np.unique(made.folds[numbers == number])) == 1


def test_labels_that_lie_near_each_other_get_smaller_blocks_and_a_warning():
    chance = np.random.default_rng(1)
    rows = np.concatenate([chance.integers(0, 40, 300), chance.integers(60, 100, 300)])
    columns = chance.integers(0, 60, 600)
    labels = np.repeat([0, 1], 300)
    made = plan_splits(
        TrainPixelClassifier(rasters=["r"], labels="l", class_field="f"),
        make_ground(rows, columns, labels),
        NAMES[:2],
        (10.0, "degrees"),
    )
    assert any("too near each other" in text for text in made.warnings)
    assert any(re.search(r"blocks of \d+(\.\d+)? degrees", text) for text in made.warnings)
    assert re.search(r"blocks \d+(\.\d+)? degrees wide", made.sentence)
    assert all(set(labels[s.train]) == {0, 1} for s in made.splits)


def test_whole_labels_are_held_out(ground):
    made = plan(ground, validation="holdout_polygons")
    units = ground.pixels.units
    for split in made.splits:
        assert not set(units[split.train]) & set(split.test.units)
    assert sum(len(s.test) for s in made.splits) == len(units)


def test_pixels_of_both_layers_only_test(ground):
    rows, columns = (part.ravel() for part in np.indices((64, 64)))
    layer = make_ground(rows, columns, np.zeros(64 * 64, int))
    made = plan(ground, layer, validation="layer", validation_labels="v.json")
    assert len(made.splits) == 1 and not made.refit
    some = ground.pixels.take(made.splits[0].train)
    assert not ((some.rows < 64) & (some.columns < 64)).any()
    assert len(some) == 256 * 256 - 64 * 64 and "4,096 pixels" in made.warnings[0]


def test_watched_pixels_share_no_block_with_those_that_are_learned_from(ground):
    made = plan(ground)
    train = made.splits[0].train
    learned, watched = inner_split(ground, made.groups, train, 0)
    assert not set(made.groups[learned]) & set(made.groups[watched])
    assert len(learned) + len(watched) == len(train) and 0.05 < len(watched) / len(train) < 0.3
    assert set(ground.pixels.labels[learned]) == {0, 1, 2}


def test_a_class_in_one_place_is_refused():
    rows = np.concatenate([np.arange(0, 240, 4), np.full(6, 3)])
    columns = np.concatenate([np.arange(0, 240, 4), np.arange(6)])
    ground = make_ground(rows, columns, np.repeat([0, 1], (60, 6)))
    with pytest.raises(JobError) as refused:
        plan(ground)
    assert 'Class "b" lies in one block of ' in refused.value.found
    assert re.search(r"of [\d.]+ m \([\d.]+ pixels\) only", refused.value.found)
    assert "a smaller BLOCK_SIZE (in m)" in refused.value.remedy


def test_a_class_with_one_label_cannot_be_held_out():
    rows = np.arange(0, 240, 4)
    units = np.concatenate([np.arange(50), np.full(10, 50)])
    ground = make_ground(rows, rows, np.repeat([0, 1], (50, 10)), units)
    with pytest.raises(JobError) as refused:
        plan(ground, validation="holdout_polygons")
    assert 'Class "b" has one label only' in refused.value.found
