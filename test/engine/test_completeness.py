"""Completeness and b of catalogs that were made with known ones."""

import numpy as np
import pytest
from scipy.stats import norm

from plugin.engine.seismic import completeness
from plugin.engine.seismic.b_values import b_positive, b_value, frequencies
from plugin.engine.seismic.catalog import Catalog
from plugin.engine.seismic.completeness import b_stability, estimate, in_time, lilliefors
from plugin.engine.seismic.short_term import completeness_after, short_term


def exponential(count, b=1.0, smallest=1.95, seed=0, digits=1):
    """Magnitudes of a Gutenberg-Richter law from `smallest` on, rounded as catalogs do."""
    drawn = np.random.default_rng(seed).exponential(1 / (b * np.log(10)), count)
    return np.round(smallest + drawn, digits)


def detected(count, half=1.6, width=0.2, b=1.0, seed=0):
    """Magnitudes of which those around `half` are found only in part (Ogata & Katsura 1993)."""
    chance = np.random.default_rng(seed)
    magnitude = chance.exponential(1 / (b * np.log(10)), count)
    found = chance.random(count) < norm.cdf((magnitude - half) / width)
    return np.round(magnitude[found], 1)


def at_times(days, magnitude):
    nothing = np.zeros(len(days))
    return Catalog.of(days, nothing, nothing, nothing, magnitude)


@pytest.mark.parametrize("b", [0.7, 1.0, 1.3])
@pytest.mark.parametrize("of", [b_value, b_positive])
def test_b_is_recovered_and_its_error_is_the_spread(of, b):
    found = [of(exponential(1000, b, seed=seed), 2.0) for seed in range(150)]
    values, errors = np.array([f.value for f in found]), np.array([f.error for f in found])
    assert values.mean() == pytest.approx(b, rel=0.015)
    assert errors.mean() == pytest.approx(values.std(), rel=0.2)


def test_b_needs_no_rounding_of_magnitudes():
    # All from 1.95 on: the bin of 2.0 is whole.
    exact = b_value(exponential(50_000, digits=6), 2.0)
    assert exact.value == pytest.approx(1.0, abs=0.02) and exact.count == 50_000


def test_b_positive_withstands_what_a_mainshock_hides():
    chance = np.random.default_rng(4)
    days = np.sort(10 ** chance.uniform(-4, 2, 20_000))
    magnitude = np.round(1.95 + chance.exponential(1 / np.log(10), len(days)), 1)
    found = magnitude >= completeness_after(7.5, days)
    plain, positive = b_value(magnitude[found], 2.0), b_positive(magnitude[found], 2.0)
    assert plain.value < 0.9
    assert positive.value == pytest.approx(1.0, abs=3 * positive.error)


def test_b_of_nothing_or_of_one_magnitude_is_unknown():
    assert not b_value([3.0], 2.0).is_known
    assert not b_value([3.0, 3.0, 3.0], 2.0).is_known
    assert not b_positive([3.0, 2.0], 2.0).is_known


def test_frequencies_have_bins_around_multiples_of_the_step():
    centers, counts = frequencies([2.04, 2.05, 1.96, 2.3, 2.26], 0.1)
    assert np.round(centers, 6).tolist() == [2.0, 2.1, 2.2, 2.3]
    assert counts.tolist() == [2, 1, 0, 2]


def test_completeness_of_a_sharp_cut_is_the_cut_by_every_method():
    magnitude = exponential(5000)
    assert estimate(magnitude) == 2.2  # the fullest bin, and 0.2
    assert b_stability(magnitude).completeness == 2.0
    assert lilliefors(magnitude)[2] == 2.0


@pytest.mark.parametrize("seed", range(3))
def test_completeness_of_a_soft_cut_is_where_nearly_all_are_found(seed):
    # At 2.0, two widths above the half, 97.7 % are found.
    magnitude = detected(400_000, seed=seed)
    assert estimate(magnitude) == pytest.approx(2.0, abs=0.15)
    assert b_stability(magnitude).completeness == pytest.approx(2.0, abs=0.25)
    assert lilliefors(magnitude)[2] == pytest.approx(2.0, abs=0.25)
    assert b_value(magnitude, estimate(magnitude)).value == pytest.approx(1.0, abs=0.05)


def test_completeness_is_a_multiple_of_the_step():
    assert estimate(exponential(5000), step=0.25) == 2.25
    assert estimate(exponential(5000, smallest=4.45)) == 4.7


def test_exponential_test_refuses_as_often_as_it_says():
    chances = [lilliefors(exponential(400, seed=seed))[1][0] for seed in range(200)]
    assert np.mean(np.array(chances) < 0.1) < 0.15
    assert 0.35 < np.median(chances) < 0.65


def test_exponential_test_knows_another_law():
    even = np.round(np.random.default_rng(0).uniform(2, 5, 2000), 1)
    assert lilliefors(even)[1][0] < 0.01


def test_departures_are_those_that_stephens_tabulated():
    # Stephens (1974): upper 15, 10, 5 and 1 percent.
    found = np.quantile(completeness._null(), [0.85, 0.9, 0.95, 0.99])
    assert found == pytest.approx([0.926, 0.990, 1.094, 1.308], rel=0.03)


def test_completeness_in_time_shows_the_year_of_better_stations():
    before, after = detected(300_000, half=2.6), detected(50_000, half=1.6, seed=1)
    days = np.concatenate([np.linspace(0, 1000, len(before)), np.linspace(1000, 2000, len(after))])
    starts, ends, found = in_time(at_times(days, np.concatenate([before, after])))
    assert found[ends < 1000] == pytest.approx(3.0, abs=0.31)
    assert found[starts > 1000] == pytest.approx(2.0, abs=0.31)
    assert (ends > starts).all() and (np.diff(starts) > 0).all()


def test_large_events_hide_small_ones_as_long_as_helmstetter_says():
    # M 7.5 hides M 3 for one day and M 2.25 for ten.
    assert completeness_after(7.5, 1.0) == pytest.approx(3.0)
    assert completeness_after(7.5, 10.0) == pytest.approx(2.25)
    found = short_term(at_times([0.0, 50.0, 100.0], [7.5, 3.0, 3.0]), 3.0)
    assert found.days == pytest.approx(1.0) and found.share == pytest.approx(0.01)
    assert found.largest == [(0, pytest.approx(1.0))]


def test_spans_that_overlap_are_one():
    catalog = at_times([0.0, 0.5, 40.0, 100.0], [7.5, 7.5, 7.5, 3.0])
    found = short_term(catalog, 3.0)
    assert found.starts.tolist() == [0.0, 40.0]
    assert found.ends.tolist() == pytest.approx([1.5, 41.0])
    assert found.days == pytest.approx(2.5)
