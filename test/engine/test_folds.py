"""Splits keep neighbors and sources together."""

import numpy as np
import pytest

from plugin.engine.folds import cross_validation, hold_out, keep_distance, leave_one_out
from plugin.engine.groups import block_groups, merge_groups, name_groups
from plugin.jobs.errors import JobError


@pytest.fixture
def labels():
    return np.repeat([0, 1, 2], [60, 30, 10])


def test_hold_out_keeps_the_share_of_every_class(labels):
    train, test = hold_out(labels, None, 0.2, seed=3)
    assert np.bincount(labels[test]).tolist() == [12, 6, 2]
    assert sorted([*train, *test]) == list(range(100))


def test_hold_out_never_splits_a_group(labels):
    groups = np.arange(100) // 5
    train, test = hold_out(labels, groups, 0.2, seed=3)
    assert not set(groups[train]) & set(groups[test])
    assert 10 <= len(test) <= 30
    assert set(labels[test]) == {0, 1, 2}


def test_held_out_groups_hold_the_share_of_every_class_from_several_sources():
    """Sources of very different size, most with few classes, as crops of photographs are."""
    chance = np.random.default_rng(1)
    sizes = chance.geometric(0.03, 120)
    groups = np.repeat(np.arange(120), sizes)
    kind = chance.choice(4, 120, p=[0.5, 0.3, 0.15, 0.05])[groups]
    labels = np.where(chance.random(len(groups)) < 0.7, kind, 0)
    _, test = hold_out(labels, groups, 0.2, seed=0)
    shares = np.bincount(labels[test]) / np.bincount(labels)
    assert np.abs(shares - 0.2).max() < 0.07
    for label in range(4):
        assert len(np.unique(groups[test][labels[test] == label])) >= 2


def test_hold_out_of_tiny_classes_leaves_every_class_on_both_sides():
    labels = np.array([0, 0, 1, 1, 2, 2])
    train, test = hold_out(labels, None, 0.2, seed=0)
    assert set(labels[train]) == set(labels[test]) == {0, 1, 2}


def test_a_class_in_one_group_only_is_refused():
    labels, groups = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 1, 2, 3, 4, 4])
    with pytest.raises(JobError, match="groups only"):
        hold_out(labels, groups, 0.8, seed=0)


def test_the_seed_decides_the_split(labels):
    first, again, other = (hold_out(labels, None, 0.2, seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_cross_validation_scores_every_image_once_and_never_splits_a_group(labels):
    groups = np.arange(100) // 2
    splits = cross_validation(labels, groups, 5, seed=0)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(100))
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])


def test_leave_one_out_leaves_out_each_group_once():
    groups = np.array([4, 4, 7, 9])
    splits = leave_one_out(groups)
    assert [test.tolist() for _, test in splits] == [[0, 1], [2], [3]]


def test_names_are_grouped_by_the_expression():
    paths = [
        "edge/ESP_016715_2025_RED-0077.jpg",
        "dune/ESP_016715_2025_RED-0081.jpg",
        "x/PSP_1-2.jpg",
    ]
    assert name_groups(paths, r"^(.+)-\d+").tolist() == [0, 0, 1]


def test_an_expression_that_misses_names_says_which():
    with pytest.raises(JobError, match=r"1 of 2 file names.*b\.jpg"):
        name_groups(["a-1.jpg", "b.jpg"], r"^(.+)-\d+")


def test_merged_groups_join_what_either_joins():
    merged = merge_groups(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]))
    assert merged[0] == merged[1] == merged[2] != merged[3]


def test_blocks_hold_neighbors_together():
    positions = np.stack(np.meshgrid(np.arange(40.0), np.arange(40.0)), -1).reshape(-1, 2) * 10
    labels = (positions[:, 0] // 10 % 2).astype(int)
    groups, side = block_groups(positions, 5.0, 5, labels)
    assert len(np.unique(groups)) >= 30
    for group in np.unique(groups):
        spans = np.ptp(positions[groups == group], axis=0)
        assert (spans <= side).all()


def test_labels_in_one_place_cannot_be_validated_in_blocks():
    positions = np.zeros((20, 2))
    with pytest.raises(JobError, match="places only"):
        block_groups(positions, 32.0, 5, np.repeat([0, 1], 10))


def test_training_chips_that_touch_test_ground_are_dropped():
    positions = np.array([[0.0, 0], [64, 0], [32, 0], [200, 0], [264, 10]])
    kept = keep_distance(np.array([1, 2, 3, 4]), np.array([0]), positions, 64.0)
    assert kept.tolist() == [1, 3, 4]
