"""The success-rate curve against its definition."""

import numpy as np
import pytest

from plugin.engine.metrics.success_rate import success_rate


def curve_of(scores, pixels):
    levels = np.unique(scores)
    below = np.array([(pixels < level).sum() for level in levels], float)
    equal = np.array([(pixels == level).sum() for level in levels], float)
    return success_rate(scores, levels, below, equal, len(pixels) - below - equal)


def test_area_is_the_chance_that_a_deposit_beats_a_pixel_with_ties_as_halves():
    random = np.random.default_rng(0)
    pixels, scores = random.integers(0, 10, 500), random.integers(3, 10, 40)
    curve = curve_of(scores, pixels)
    pairs = scores[:, None] - pixels[None]
    assert curve.auc == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert np.trapezoid(curve.captured, curve.area_share) == pytest.approx(curve.auc)


def test_deposits_in_the_best_tenth_are_all_captured_there():
    pixels = np.arange(1000)
    curve = curve_of(np.array([905, 950, 990]), pixels)
    assert curve.captured_at(0.1) == 1 and curve.captured_at(0.0) == 0
    assert curve.captured_at(0.03) == pytest.approx(1 / 3)


def test_constant_map_knows_nothing():
    curve = curve_of(np.ones(5), np.ones(100))
    assert curve.auc == 0.5 and curve.captured_at(0.1) == pytest.approx(0.1)


def test_interval_holds_the_truth_as_often_as_it_says():
    random, held = np.random.default_rng(1), []
    pixels = random.random(20_000)
    for _ in range(300):
        curve = curve_of(random.beta(3, 1, 30), pixels)
        held.append(curve.auc_low <= 0.75 <= curve.auc_high)
    assert 0.90 < np.mean(held) < 0.99


def test_one_deposit_has_no_interval():
    assert np.isnan(curve_of(np.array([5]), np.arange(10)).auc_low)
