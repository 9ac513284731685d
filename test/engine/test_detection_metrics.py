"""Average precision as COCO defines it, against truths worked out by hand."""

import numpy as np
import pytest

from plugin.engine.metrics.detection import (
    Objects,
    average_precisions,
    curve,
    match,
    mean_average_precision,
    overlaps,
)


def objects(boxes, scores=None, labels=None):
    boxes = np.array(boxes, float).reshape(-1, 4)
    labels = np.zeros(len(boxes), int) if labels is None else np.array(labels)
    return Objects(boxes, labels, None if scores is None else np.array(scores, float))


SQUARES = [[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10]]


def test_overlap_is_intersection_over_union():
    shared = overlaps(np.array([[0, 0, 10, 10.0]]), np.array([[5, 0, 15, 10.0], [50, 50, 51, 51]]))
    assert shared[0] == pytest.approx([50 / 150, 0])


def test_overlap_of_an_empty_box_is_none():
    assert overlaps(np.array([[3, 3, 3, 3.0]]), np.array([[3, 3, 3, 3.0]]))[0, 0] == 0


def test_average_precision_of_a_hand_made_ranking():
    """Right, false, right, and two of four objects never found.

    Precision is 1 up to recall 1/4, then 2/3 up to 1/2, then 0: of the 101 recalls 0 to 0.25 are
    26, and 0.26 to 0.50 are 25.
    """
    found = objects([SQUARES[0], [100, 100, 110, 110], SQUARES[2]], [0.9, 0.8, 0.7])
    one = curve([found], [objects(SQUARES)], 0)
    assert one.average_precision == pytest.approx((26 * 1 + 25 * 2 / 3) / 101)


def test_average_precision_takes_the_highest_precision_at_a_higher_recall():
    """False, right: precision 0, then 1/2; the envelope is 1/2 over all recalls."""
    found = objects([[100, 100, 110, 110], SQUARES[0]], [0.9, 0.8])
    assert curve([found], [objects(SQUARES[:1])], 0).average_precision == pytest.approx(0.5)


def test_an_object_counts_once():
    found = objects([SQUARES[0], SQUARES[0]], [0.9, 0.8])
    assert list(match(found, objects(SQUARES[:1]))) == [0, -1]


def test_the_surer_box_is_matched_first():
    found = objects([SQUARES[0], SQUARES[0]], [0.2, 0.8])
    assert list(match(found, objects(SQUARES[:1]))) == [-1, 0]


def test_a_shifted_box_is_right_up_to_its_overlap():
    """A shift by 2 of 10 pixels leaves 80 of 120: an overlap of 2/3, right at 4 of 10 thresholds."""
    found = objects([[2, 0, 12, 10]], [0.9])
    table = average_precisions([found], [objects(SQUARES[:1])], 1)[:, 0]
    assert list(table) == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert mean_average_precision([found], [objects(SQUARES[:1])], 1) == pytest.approx((1.0, 0.4))


def test_boxes_of_another_class_or_image_match_nothing():
    truth = [objects(SQUARES[:1]), objects(SQUARES[:1])]
    found = [objects(SQUARES[:1], [0.9], [1]), objects(SQUARES[1:2], [0.9])]
    assert curve(found, truth, 0).average_precision == 0


def test_classes_without_objects_do_not_count_in_the_mean():
    found = [objects([SQUARES[0], SQUARES[1]], [0.9, 0.8], [0, 2])]
    truth = [objects(SQUARES[:1])]
    assert np.isnan(average_precisions(found, truth, 3)[0, 1:]).all()
    assert mean_average_precision(found, truth, 3)[0] == 1.0


def test_nothing_found_scores_nothing_and_nothing_true_scores_nan():
    none = objects([], [])
    assert mean_average_precision([none], [objects(SQUARES)], 1) == (0.0, 0.0)
    assert np.isnan(mean_average_precision([none], [objects([])], 1)[0])


def test_only_the_surest_of_an_image_count():
    found = objects([[100, 100, 110, 110], SQUARES[0]], [0.9, 0.8])
    assert curve([found], [objects(SQUARES[:1])], 0, most=1).average_precision == 0


def test_best_f1_is_where_found_and_false_balance():
    found = objects([SQUARES[0], SQUARES[1], [100, 100, 110, 110]], [0.9, 0.6, 0.3])
    score, precision, recall, f1 = curve([found], [objects(SQUARES[:3])], 0).best_f1()
    assert (score, precision, recall) == pytest.approx((0.6, 1.0, 2 / 3))
    assert f1 == pytest.approx(0.8)


def test_average_precision_does_not_depend_on_the_order_of_boxes():
    chance = np.random.default_rng(3)
    boxes = chance.uniform(0, 80, (30, 2))
    boxes = np.hstack([boxes, boxes + chance.uniform(5, 20, (30, 2))])
    truth = objects(boxes[:18] + chance.normal(0, 1, (18, 4)))
    scores = chance.permutation(30) / 30
    order = chance.permutation(30)
    first = mean_average_precision([objects(boxes, scores)], [truth], 1)
    again = mean_average_precision([objects(boxes[order], scores[order])], [truth], 1)
    assert first == pytest.approx(again)
