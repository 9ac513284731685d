"""Scores of forecasts, where the truth is known."""

import numpy as np
import pytest
from scipy.stats import poisson

from plugin.engine.metrics import alarms, csep, forecasts

CHANCE = np.random.default_rng(1)


def simulated(periods=200, rows=6, columns=7, mean=0.05, seed=0):
    """Rates that vary by a factor of ten, and counts that follow them."""
    chance = np.random.default_rng(seed)
    rates = mean * chance.gamma(0.5, 2.0, (periods, rows, columns))
    return rates, chance.poisson(rates)


def gain(rates, reference, counts, window_days=1.0, **known):
    likelihoods = [forecasts.period_log_likelihoods(r, counts) for r in (rates, reference)]
    return forecasts.information_gain(*likelihoods, counts.sum((1, 2)), window_days, **known)


def test_likelihood_is_the_sum_of_poisson_probabilities():
    rates, counts = simulated(20, mean=1.0)
    truth = poisson.logpmf(counts, rates)
    assert forecasts.joint_log_likelihood(rates, counts) == pytest.approx(truth.sum())
    assert forecasts.period_log_likelihoods(rates, counts) == pytest.approx(truth.sum((1, 2)))


def test_event_where_the_rate_is_zero_is_impossible():
    assert forecasts.joint_log_likelihood(np.array([0.0, 1.0]), np.array([1, 0])) == -np.inf
    assert forecasts.joint_log_likelihood(np.array([0.0, 1.0]), np.array([0, 1])) == -1.0


def test_reference_gains_nothing_over_itself():
    rates, counts = simulated()
    assert gain(rates, rates, counts) == (0.0, 0.0, 0.0)


def test_gain_is_that_of_the_mean_log_ratio():
    rates, counts = simulated()
    uniform = np.full_like(rates, rates.mean())
    per_event = (counts * np.log(rates / uniform)).sum() / counts.sum()
    assert gain(rates, uniform, counts).value == pytest.approx(per_event)
    assert gain(2 * rates, rates, counts).value == pytest.approx(
        np.log(2) - rates.sum() / counts.sum()
    )


def test_interval_holds_the_true_gain_as_often_as_it_says():
    """The truth is the expected gain; 95 % intervals of 120 catalogs may miss it 13 times."""
    misses = 0
    for seed in range(120):
        rates, counts = simulated(300, seed=seed)
        uniform = np.full_like(rates, 0.05)
        truth = ((rates * np.log(rates / uniform)) - rates + uniform).sum() / rates.sum()
        found = gain(rates, uniform, counts, 6.0, draws=300)
        misses += not found.low <= truth <= found.high
    assert misses <= 13


def test_blocks_of_dependent_windows_widen_the_interval():
    rates, counts = simulated(40)
    repeated = [np.repeat(values, 30, axis=0) for values in (rates, counts)]
    uniform = np.full_like(repeated[0], rates.mean())
    single = gain(repeated[0], uniform, repeated[1], block_days=1)
    blocked = gain(repeated[0], uniform, repeated[1], block_days=30)
    assert single.value == blocked.value
    assert blocked.high - blocked.low > 3 * (single.high - single.low)


@pytest.mark.parametrize(
    "window, blocks", [(1.0, [0] * 30 + [1] * 30 + [2]), (45.0, list(range(61)))]
)
def test_windows_are_in_blocks_of_thirty_days(window, blocks):
    assert forecasts.blocks_of(61, window).tolist() == blocks


def test_no_event_and_one_block_have_no_interval():
    rates, counts = simulated(10)
    assert np.isnan(gain(rates, rates, 0 * counts)).all()
    found = gain(2 * rates, rates, counts)
    assert np.isfinite(found.value) and np.isnan([found.low, found.high]).all()


def test_brier_skill_is_one_for_a_prophet_and_zero_for_the_reference():
    happened = CHANCE.random(1000) < 0.1
    assert forecasts.brier_skill(happened, happened, 0.1) == 1
    assert forecasts.brier_skill(np.full(1000, 0.1), happened, 0.1) == 0


def test_true_probabilities_lie_on_the_diagonal_and_doubled_ones_do_not():
    rates = 10 ** CHANCE.uniform(-4, -0.5, 400_000)
    happened = CHANCE.poisson(rates) > 0
    curve = forecasts.reliability_curve(forecasts.at_least_one(rates), happened)
    expected = curve.count * curve.probability
    held = expected > 20
    assert np.abs(curve.frequency - curve.probability)[held] == pytest.approx(
        0, abs=5 * np.sqrt(curve.probability[held] / curve.count[held]).max()
    )
    doubled = forecasts.reliability_curve(forecasts.at_least_one(2 * rates), happened)
    errors = [forecasts.expected_calibration_error(c) for c in (curve, doubled)]
    assert errors[0] < 0.1 * errors[1]


def test_probability_one_is_in_the_last_bin():
    curve = forecasts.reliability_curve(np.array([1.0, 0.0]), np.array([True, False]))
    assert curve.count[[0, -1]].tolist() == [1, 1] and curve.count.sum() == 2


def test_molchan_area_is_one_half_for_the_measure_and_near_one_for_a_prophet():
    rates, counts = simulated(50)
    assert alarms.molchan(rates, counts, rates).area == pytest.approx(0.5)
    assert alarms.molchan(np.ones_like(rates), counts).area == pytest.approx(0.5)
    best = alarms.molchan(counts, counts)
    assert best.area > 0.95 and best.along[0] == 0 and best.up[-1] == 1


def test_molchan_equals_the_curve_of_a_full_sort():
    rates, counts = simulated(30, mean=0.3)
    measure = CHANCE.random((6, 7))
    found = alarms.molchan(rates, counts, measure)
    order = np.argsort(-(rates / measure).ravel())
    x = np.append(0, np.cumsum(np.broadcast_to(measure, rates.shape).ravel()[order]))
    y = np.append(0, np.cumsum(counts.ravel()[order]))
    assert found.area == pytest.approx(np.trapezoid(y / y[-1], x / x[-1]))
    assert np.interp(found.along, x / x[-1], y / y[-1]) == pytest.approx(found.up)


def test_roc_area_is_the_chance_that_a_bin_with_events_has_the_higher_rate():
    rates = np.round(CHANCE.random(300), 1)  # with ties, which count half
    happened = CHANCE.random(300) < rates
    higher = rates[happened][:, None] - rates[~happened][None]
    truth = np.mean(higher > 0) + 0.5 * np.mean(higher == 0)
    assert alarms.roc_curve(rates, happened).area == pytest.approx(truth)


def test_never_has_the_accuracy_of_quiet_bins():
    found = alarms.threshold_scores(np.array([0.6, 0.1, 0.7, 0.2]), np.array([1, 0, 0, 0]))
    assert found == (0.75, pytest.approx(2 / 3), 0.75, 0.25)


def test_true_forecast_passes_the_tests_and_a_wrong_one_fails():
    rates, counts = simulated(1, 30, 30, 0.2)
    wrong = rates[..., ::-1]
    for test in (csep.likelihood_test, csep.conditional_likelihood_test, csep.spatial_test):
        assert test(rates, counts).quantile > 0.025 > test(wrong, counts).quantile


def test_quantiles_of_the_true_forecast_are_spread_evenly():
    found = []
    for seed in range(60):
        rates, counts = simulated(1, 12, 12, 0.3, seed)
        found.append(csep.spatial_test(rates, counts, 200, seed).quantile)
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.2)


def test_negative_binomial_forgives_what_poisson_does_not():
    assert csep.number_test(10, 30)[0] < 1e-5
    assert csep.negative_binomial_number_test(10, 30, 200)[0] > 0.05
    assert csep.negative_binomial_number_test(10, 12, 9) == csep.number_test(10, 12)


def test_wilcoxon_sees_which_forecast_is_better():
    rates, counts = simulated(mean=0.2)
    uniform = np.full_like(rates, rates.mean())
    assert csep.wilcoxon_test(rates, uniform, counts).probability < 0.01
    assert np.isnan(csep.wilcoxon_test(rates, rates, counts)).all()


def test_single_event_has_no_interval():
    found = csep.paired_t_test(np.array([2.0, 1.0]), np.array([1.0, 1.0]), np.array([1, 0]))
    assert found.gain == pytest.approx(np.log(2) - 1) and np.isnan(found.low)
