"""Metrics of classification against truths worked out by hand or by construction."""

import numpy as np
import pytest

from plugin.engine.metrics import classification as score


def sample(probabilities, generator):
    """Draw one class per row of probabilities."""
    edges = np.cumsum(probabilities, axis=1)
    drawn = (generator.random((len(edges), 1)) > edges).sum(axis=1)
    return np.minimum(drawn, probabilities.shape[1] - 1)


def softmax(logits):
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


def test_perfect_predictions_score_one_everywhere():
    labels = np.array([0, 0, 1, 2, 2, 2])
    confusion = score.confusion_matrix(labels, labels, 3)
    assert score.accuracy(labels, labels) == 1
    assert score.macro_f1(confusion) == score.macro_recall(confusion) == 1
    assert score.cohen_kappa(confusion) == 1
    assert all(curve.area == 1 for curve in score.roc_curves(labels, np.eye(3)[labels]))


def test_kappa_of_the_textbook_example_is_two_fifths():
    # 50 proposals read by two: 20 both yes, 15 both no, 5 and 10 mixed.
    assert score.cohen_kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)


def test_kappa_of_a_guesser_is_zero():
    assert score.cohen_kappa(np.array([[30, 0], [10, 0]])) == 0
    assert score.cohen_kappa(np.array([[30, 0], [0, 0]])) == 0


def test_wilson_interval_agrees_with_published_values():
    # Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
    assert score.wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert score.wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert score.wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_interval_of_everything_right_is_not_a_point():
    low, high = score.wilson_interval(10, 10)
    assert low == pytest.approx(0.7225, abs=5e-5) and high == pytest.approx(1)


def test_precision_recall_and_f1_follow_from_the_counts():
    scores = score.class_scores(np.array([[8, 2], [4, 6]]))
    assert scores.precision == pytest.approx([8 / 12, 6 / 8])
    assert scores.recall == pytest.approx([0.8, 0.6])
    assert scores.f1 == pytest.approx([16 / 22, 12 / 18])
    assert scores.support.tolist() == [10, 10]


def test_class_without_an_image_does_not_change_the_means():
    two = np.array([[8, 2], [4, 6]])
    three = np.zeros((3, 3), int)
    three[:2, :2] = two
    assert score.macro_f1(three) == pytest.approx(score.macro_f1(two))
    assert score.macro_recall(three) == pytest.approx(score.macro_recall(two))
    assert np.isnan(score.class_scores(three).recall[2])


def test_class_never_predicted_has_f1_of_zero_and_no_precision():
    scores = score.class_scores(np.array([[5, 0], [3, 0]]))
    assert scores.f1[1] == 0 and np.isnan(scores.precision[1])


def test_roc_area_is_the_share_of_pairs_in_the_right_order():
    labels = np.array([0, 0, 1, 1])
    second = np.array([0.1, 0.4, 0.35, 0.8])
    curves = score.roc_curves(labels, np.column_stack([1 - second, second]))
    assert curves[1].area == pytest.approx(0.75)


def test_class_without_an_image_has_no_roc_curve():
    probabilities = np.full((4, 3), 1 / 3)
    assert score.roc_curves(np.array([0, 1, 0, 1]), probabilities)[2] is None


def test_calibrated_simulation_has_a_calibration_error_near_zero():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(4), 20000)
    labels = sample(probabilities, generator)
    assert score.expected_calibration_error(labels, probabilities) < 0.02


def test_calibration_error_of_the_overconfident_is_their_overconfidence():
    probabilities = np.tile([0.9, 0.1], (100, 1))
    labels = np.array([0] * 60 + [1] * 40)
    assert score.expected_calibration_error(labels, probabilities) == pytest.approx(0.3)


def test_reliability_bins_hold_every_image_once():
    generator = np.random.default_rng(1)
    probabilities = np.vstack([generator.dirichlet([1, 1], 50), [[1.0, 0.0], [0.5, 0.5]]])
    curve = score.reliability_curve(np.zeros(52, int), probabilities)
    assert curve.count.sum() == 52
    assert curve.count[-1] >= 1 and np.isnan(curve.accuracy[0])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_temperature_is_recovered_from_a_simulation(temperature):
    generator = np.random.default_rng(2)
    logits = generator.normal(0, 3, (20000, 5))
    labels = sample(softmax(logits / temperature), generator)
    assert score.fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


def test_few_images_all_right_do_not_make_certainty():
    labels = np.arange(12) % 3
    logits = 5.0 * np.eye(3)[labels]
    calibrated = softmax(logits / score.fit_temperature(logits, labels))
    # 12 of 12 right: the rule of succession gives 13/14.
    assert calibrated.max(axis=1) == pytest.approx(13 / 14, abs=0.01)


def test_temperature_stays_within_its_bounds():
    labels = np.zeros(2000, int)
    assert score.fit_temperature(np.tile([0.01, 0.0], (2000, 1)), labels) == pytest.approx(
        0.25, rel=0.01
    )
    assert score.fit_temperature(np.tile([0.0, 900.0], (5, 1)), labels[:5]) == pytest.approx(
        10, rel=0.01
    )
    assert score.fit_temperature(np.zeros((0, 3)), np.zeros(0, int)) == 1


def test_temperature_of_a_diverged_network_is_refused():
    with pytest.raises(ValueError, match="finite"):
        score.fit_temperature(np.array([[np.nan, 1.0]]), np.array([0]))


def test_majority_class_is_the_largest():
    assert score.majority_class(np.array([2, 2, 0]), 4) == 2


def test_paired_test_sees_only_images_on_which_two_classifiers_differ():
    both = np.ones(1000, bool)
    first, second = both.copy(), both.copy()
    second[:8] = False
    assert score.paired_p_value(first, second) == pytest.approx(2 * 0.5**8)
    assert score.paired_p_value(first, first) == 1
