"""Our tests of forecasts against pyCSEP's, on the same forecast and catalog."""

import numpy as np
import pytest

from csep_truth import load_pycsep
from plugin.engine.metrics import csep as ours, forecasts
from plugin.engine.seismic.catalog import Catalog
from plugin.engine.seismic.csep_files import magnitude_shares
from plugin.engine.seismic.window_tests import magnitude_bins, magnitude_counts

SIMULATIONS, SEED = 200, 7


@pytest.fixture(scope="module")
def observed():
    """Two forecasts and a catalog: (pyCSEP's objects, our arrays)."""
    pycsep = load_pycsep()
    chance = np.random.default_rng(3)
    corners = np.array([(10 + 0.5 * i, 40 + 0.5 * j) for i in range(8) for j in range(6)])
    magnitudes = np.array([3.0, 3.5, 4.0])
    region = pycsep.regions.CartesianGrid2D.from_origins(corners, dh=0.5, magnitudes=magnitudes)
    first = chance.gamma(0.6, 1.0, (48, 3)) * [1.0, 0.3, 0.1]
    second = np.full((48, 3), 0.2)
    counts = chance.poisson(first)
    place, size = np.repeat(np.argwhere(counts), counts[counts > 0], axis=0).T
    events = [
        (str(n), n * 1000, corners[p][1] + 0.25, corners[p][0] + 0.25, 5.0, magnitudes[m] + 0.1)
        for n, (p, m) in enumerate(zip(place, size))
    ]
    catalog = pycsep.catalogs.CSEPCatalog(data=events, region=region)
    made = [
        pycsep.forecasts.GriddedForecast(
            None, None, data=rates, region=region, magnitudes=magnitudes, name=name
        )
        for name, rates in (("first", first), ("second", second))
    ]
    return (*made, catalog), (first, second, counts)


def evaluations():
    return load_pycsep().poisson_evaluations


def test_joint_log_likelihood_agrees(observed):
    (forecast, _, catalog), (rates, _, counts) = observed
    theirs = evaluations().likelihood_test(forecast, catalog, num_simulations=1)
    assert forecasts.joint_log_likelihood(rates, counts) == pytest.approx(
        theirs.observed_statistic, abs=1e-6
    )


def test_number_test_agrees(observed):
    (forecast, _, catalog), (rates, _, counts) = observed
    theirs = evaluations().number_test(forecast, catalog)
    assert ours.number_test(rates.sum(), counts.sum()) == pytest.approx(theirs.quantile, abs=1e-6)


def test_negative_binomial_number_test_agrees(observed):
    (forecast, _, catalog), (rates, _, counts) = observed
    import csep.core.binomial_evaluations as binomial

    theirs = binomial.negative_binomial_number_test(forecast, catalog, 200.0)
    found = ours.negative_binomial_number_test(rates.sum(), counts.sum(), 200.0)
    assert found == pytest.approx(theirs.quantile, abs=1e-6)


@pytest.mark.parametrize(
    "name, mine, axis",
    [
        ("likelihood_test", ours.likelihood_test, None),
        ("conditional_likelihood_test", ours.conditional_likelihood_test, None),
        ("spatial_test", ours.spatial_test, 1),
        ("magnitude_test", ours.magnitude_test, 0),
    ],
)
def test_likelihood_tests_agree_with_every_simulated_catalog(observed, name, mine, axis):
    (forecast, _, catalog), (rates, _, counts) = observed
    theirs = getattr(evaluations(), name)(forecast, catalog, num_simulations=SIMULATIONS, seed=SEED)
    if axis is not None:
        rates, counts = rates.sum(axis=axis), counts.sum(axis=axis)
    found = mine(rates, counts, SIMULATIONS, SEED)
    assert found.log_likelihood == pytest.approx(theirs.observed_statistic, abs=1e-6)
    assert found.simulated == pytest.approx(np.array(theirs.test_distribution), abs=1e-6)
    assert found.quantile == pytest.approx(theirs.quantile, abs=1e-6)


@pytest.mark.parametrize("target, digits", [(3.0, 1), (3.0, 2), (2.95, 2), (-0.3, 1)])
def test_magnitude_bins_and_test_agree_whatever_the_catalog_holds(target, digits):
    """No event is near the target magnitude, and some lie under it: both ask for the same bins."""
    pycsep = load_pycsep()
    chance = np.random.default_rng(1)
    magnitude = np.round(target + 0.4 + chance.exponential(0.4, 300), digits)
    magnitude = np.append(magnitude, np.round(target - chance.uniform(0.1, 1, 50), 2))
    known = len(magnitude)
    catalog = Catalog.of(
        np.arange(known) / 10, np.full(known, 10.2), np.full(known, 40.2), np.full(known, 5.0),
        magnitude,
    )  # fmt: skip
    targets = catalog.above(target)
    edges = magnitude_bins(targets, target)
    assert edges[0] == target < targets.magnitude.min() - 0.3
    assert edges[-1] <= targets.magnitude.max() + 1e-9 < edges[-1] + 0.1 + 2e-9
    shares = magnitude_shares(1.0, len(edges))
    region = pycsep.regions.CartesianGrid2D.from_origins(
        np.array([(10.0, 40.0), (10.5, 40.0), (10.0, 40.5), (10.5, 40.5)]), dh=0.5, magnitudes=edges
    )
    rates = np.tile(shares * 80, (4, 1))
    forecast = pycsep.forecasts.GriddedForecast(
        None, None, data=rates, region=region, magnitudes=edges, name="flat"
    )
    events = [(str(n), n, 40.2, 10.2, 5.0, m) for n, m in enumerate(catalog.magnitude)]
    theirs = pycsep.catalogs.CSEPCatalog(data=events, region=region)
    theirs = theirs.filter(f"magnitude >= {target}")
    counts = magnitude_counts(targets, edges)
    assert counts.tolist() == theirs.magnitude_counts(mag_bins=edges).astype(int).tolist()
    their = evaluations().magnitude_test(forecast, theirs, num_simulations=SIMULATIONS, seed=SEED)
    found = ours.magnitude_test(rates.sum(axis=0), counts, SIMULATIONS, SEED)
    assert found.log_likelihood == pytest.approx(their.observed_statistic, abs=1e-6)
    assert found.quantile == pytest.approx(their.quantile, abs=1e-6) and found.quantile < 0.05


def test_paired_t_test_agrees(observed):
    (first, second, catalog), arrays = observed
    theirs = evaluations().paired_t_test(first, second, catalog)
    found = ours.paired_t_test(*arrays)
    assert found.gain == pytest.approx(theirs.observed_statistic, abs=1e-6)
    assert (found.low, found.high) == pytest.approx(theirs.test_distribution, abs=1e-6)
    assert (found.statistic, found.critical) == pytest.approx(theirs.quantile[:2], abs=1e-6)


def test_wilcoxon_test_agrees(observed):
    (first, second, catalog), arrays = observed
    theirs = evaluations().w_test(first, second, catalog)
    found = ours.wilcoxon_test(*arrays)
    assert found.statistic == pytest.approx(theirs.observed_statistic, abs=1e-6)
    assert found.probability == pytest.approx(theirs.quantile, abs=1e-6)
