"""Recalibration of probabilities and bands of counts."""

import numpy as np
import pytest
from scipy.stats import poisson

from plugin.engine.seismic.calibration import (
    Calibration,
    RateHistogram,
    calibrate,
    fit_dispersion,
    fit_line,
)


def drawn(seed, shift=0.0, slope=1.0, count=200_000, dispersion=0.0):
    """Rates, and counts whose true rates lie on a line on the log scale."""
    chance = np.random.default_rng(seed)
    rates = np.exp(chance.normal(-4.0, 1.5, count))
    truth = np.exp(shift + slope * np.log(rates))
    if dispersion:
        truth = truth * chance.gamma(1 / dispersion, dispersion, count)
    return rates, chance.poisson(truth)


def histogram(*arguments, **options):
    found = RateHistogram()
    found.add(*drawn(*arguments, **options))
    return found


def test_line_that_made_the_counts_is_found():
    shift, slope = fit_line(histogram(0, -0.4, 0.8))
    assert shift == pytest.approx(-0.4, abs=0.1)
    assert slope == pytest.approx(0.8, abs=0.04)


def test_recalibration_is_kept_where_it_helps_in_both_halves():
    found = calibrate(histogram(0, -0.5, 0.8), histogram(1, -0.5, 0.8))
    assert found.is_kept and found.slope == pytest.approx(0.8, abs=0.04)


def test_recalibration_is_dropped_where_the_halves_disagree():
    assert not calibrate(histogram(0, 0.4), histogram(1, -0.4)).is_kept


def test_without_recalibration_the_probability_is_that_of_poisson():
    rates = np.array([1e-8, 0.01, 2.0])
    np.testing.assert_allclose(Calibration().probability(rates), 1 - np.exp(-rates), rtol=1e-7)


def test_recalibrated_probabilities_are_as_frequent_as_they_say():
    early, late = (histogram(seed, -0.5, 0.8) for seed in (0, 1))
    rates, counts = drawn(2, -0.5, 0.8)
    said = calibrate(early, late).probability(rates)
    top = said > np.quantile(said, 0.95)
    assert said[top].mean() == pytest.approx((counts[top] > 0).mean(), rel=0.08)


def test_dispersion_that_made_the_counts_is_found():
    assert fit_dispersion(histogram(0, dispersion=2.0)) == pytest.approx(2.0, rel=0.2)


def test_bands_are_wider_where_counts_are_scattered_more():
    rates = np.array([0.001, 1.0, 20.0])
    low, high = Calibration(dispersion=1.0).band(rates)
    np.testing.assert_array_equal(Calibration().band(rates)[1], poisson.ppf(0.95, rates))
    assert high[-1] > poisson.ppf(0.95, 20.0) and low[-1] < poisson.ppf(0.05, 20.0)
    assert low[0] == high[0] == 0


def test_band_holds_nine_tenths_of_scattered_counts():
    chance = np.random.default_rng(0)
    rates = np.full(20_000, 30.0)
    counts = chance.poisson(rates * chance.gamma(2.0, 0.5, len(rates)))
    low, high = Calibration(dispersion=0.5).band(rates)
    assert np.mean((counts >= low) & (counts <= high)) == pytest.approx(0.9, abs=0.02)
