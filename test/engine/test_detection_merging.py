"""Boxes of overlapping windows become objects that appear once."""

import time

import numpy as np
import pytest

from plugin.engine.detection.finder import lay_windows
from plugin.engine.detection.merging import _objects, merge, touches
from plugin.engine.detection.scenes import Scene
from plugin.jobs.errors import Stopped

SIZE = (400, 600)
PATCH, OVERLAP = 128, 32


def seen(truth, windows, size=SIZE):
    """What a perfect detector sees in every window: boxes cut at the window's borders."""
    boxes, cut = [], []
    for window in windows:
        row, column, height, width = window
        for left, top, right, bottom in truth:
            part = [max(left, column), max(top, row), min(right, column + width),
                    min(bottom, row + height)]  # fmt: skip
            if part[2] - part[0] >= 2 and part[3] - part[1] >= 2:
                boxes.append(part)
                cut.append(touches(np.array([part], float), window, size)[0])
    return np.array(boxes, float), np.array(cut)


def windows_over(area=None, size=SIZE, patch=PATCH, overlap=OVERLAP):
    scene = Scene("", "", *size, None, None)
    return lay_windows(scene, area or (0, 0, *size), patch, overlap)


def merged(truth, windows, overlap=OVERLAP, size=SIZE):
    boxes, cut = seen(truth, windows, size)
    scores = np.random.default_rng(0).uniform(0.5, 1, len(boxes))
    return merge(boxes, scores, np.zeros(len(boxes), int), cut, overlap, 0.5)[0]


def in_order(boxes):
    return boxes[np.lexsort(boxes.T)]


def test_windows_cover_every_pixel_and_stay_inside():
    covered = np.zeros(SIZE, int)
    for row, column, height, width in windows_over():
        assert row >= 0 and column >= 0 and row + height <= 400 and column + width <= 600
        covered[row : row + height, column : column + width] += 1
    assert covered.min() >= 1


def test_neighboring_windows_overlap_as_asked():
    starts = sorted({column for _, column, _, _ in windows_over()})
    assert all(b - a <= PATCH - OVERLAP for a, b in zip(starts, starts[1:], strict=False))


@pytest.mark.parametrize("size", [(70, 90), (128, 128), (400, 600)])
def test_small_scenes_are_one_window(size):
    windows = windows_over(size=size, patch=640)
    assert len(windows) == 1 and windows[0][:2] == (0, 0)
    assert windows[0][2] >= size[0] and windows[0][2] % 32 == 0


def test_objects_anywhere_appear_once_and_whole():
    """Hundreds of places, most of them across borders of windows."""
    chance = np.random.default_rng(1)
    windows = windows_over()
    for _ in range(60):
        corners = chance.integers(0, 10, (12, 2)) + 48 * np.stack(
            np.unravel_index(chance.permutation(96)[:12], (12, 8)), axis=1
        )
        truth = np.hstack([corners, corners + chance.integers(6, 29, (12, 2))]).astype(float)
        truth = np.clip(truth, 0, [600, 400, 600, 400])
        assert np.array_equal(in_order(merged(truth, windows)), in_order(truth))


@pytest.mark.parametrize("box", [[40, 100, 210, 160], [100, 30, 150, 330], [20, 20, 380, 390]])
def test_objects_larger_than_a_window_are_joined_from_pieces(box):
    found = merged(np.array([box], float), windows_over())
    assert len(found) == 1
    assert found[0] == pytest.approx(box, abs=1)


def test_a_small_object_inside_a_large_one_stays():
    truth = np.array([[100, 100, 200, 200], [140, 140, 160, 160.0]])
    assert len(merged(truth, windows_over(overlap=64, patch=256), 64)) == 2


def test_classes_do_not_suppress_each_other():
    boxes = np.array([[10, 10, 30, 30], [10, 10, 30, 30.0]])
    kept = merge(boxes, np.array([0.9, 0.8]), np.array([0, 1]), np.zeros((2, 4), bool), 32, 0.5)
    assert len(kept[0]) == 2


def test_merge_overlap_says_when_two_boxes_are_one():
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10.0]])  # 60 of 140: 0.43
    known = np.array([0.9, 0.8]), np.zeros(2, int), np.zeros((2, 4), bool), 32
    assert len(merge(boxes, *known, 0.5)[0]) == 2
    assert len(merge(boxes, *known, 0.4)[0]) == 1


def test_nothing_merges_to_nothing():
    none = np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), np.zeros((0, 4), bool)
    assert [len(part) for part in merge(*none, 32, 0.5)] == [0, 0, 0]


def test_many_boxes_are_merged_in_seconds():
    chance = np.random.default_rng(0)
    corners = chance.uniform(0, 20_000, (20_000, 2))
    boxes = np.hstack([corners, corners + 30])
    cut = np.zeros((len(boxes), 4), bool)
    kept = merge(boxes, chance.random(20_000), np.zeros(20_000, int), cut, 64, 0.5)[0]
    assert 15_000 < len(kept) <= 20_000


def plain_fit(first, first_cut, second, second_cut, overlap):
    for along, across in ((0, 1), (1, 0)):
        low = max(first[across], second[across]), min(first[across], second[across])
        high = (
            min(first[across + 2], second[across + 2]),
            max(first[across + 2], second[across + 2]),
        )
        if (
            first_cut[along + 2]
            and second_cut[along]
            and first[along] < second[along]
            and first[along + 2] < second[along + 2]
            and first[along + 2] - second[along] >= 0.7 * overlap
            and high[0] - low[0] >= 0.5 * (high[1] - low[1])
        ):
            return True
    return False


def plain_objects(boxes, cut, overlap):
    """Every piece compared with every other, in their order."""
    name = list(range(len(boxes)))
    for first in range(len(boxes)):
        for second in range(len(boxes)):
            if plain_fit(boxes[first], cut[first], boxes[second], cut[second], overlap):
                old, new = name[first], name[second]
                name = [new if one == old else one for one in name]
    return [[n for n, one in enumerate(name) if one == root] for root in sorted(set(name))]


@pytest.mark.parametrize("seed", range(6))
def test_near_pieces_alone_are_compared_and_the_objects_are_those_of_all_pairs(seed):
    chance = np.random.default_rng(seed)
    # Whole numbers, so that many sides are equal.
    corners = chance.integers(0, 40, (150, 2))
    boxes = np.hstack([corners, corners + chance.integers(0, 25, (150, 2))]).astype(float)
    cut = chance.random((150, 4)) < 0.5
    objects = _objects(boxes, cut, 8 * (seed % 2), lambda: None)
    assert objects == plain_objects(boxes, cut, 8 * (seed % 2))
    assert 1 < len(objects) < 150


def many_pieces(count):
    chance = np.random.default_rng(0)
    corners = chance.uniform(0, 20_000, (count, 2))
    cut = chance.random((count, 4)) < 0.5
    known = chance.random(count), np.zeros(count, int), cut
    return np.hstack([corners, corners + 200]), *known


def test_many_pieces_are_joined_in_seconds():
    started = time.monotonic()
    assert len(merge(*many_pieces(20_000), 64, 0.5)[0]) > 5_000
    assert time.monotonic() - started < 30  # minutes if all are compared with all


def test_a_chain_of_pieces_is_one_object():
    starts = np.arange(0, 300_000, 100.0)
    boxes = np.stack([starts, 0 * starts, starts + 164, 0 * starts + 90], axis=1)
    cut = np.tile([True, False, True, False], (len(boxes), 1))
    found = merge(boxes, np.ones(len(boxes)), np.zeros(len(boxes), int), cut, 64, 0.5)[0]
    assert found.tolist() == [[0, 0, starts[-1] + 164, 90]]


def test_joining_and_suppressing_end_when_the_user_cancels():
    def check():
        raise Stopped

    boxes, scores, labels, cut = many_pieces(10)
    for mine in (cut | True, cut & False):
        with pytest.raises(Stopped):
            merge(boxes, scores, labels, mine, 64, 0.5, check)
