"""Gridded ETAS: statistics, likelihood, fit, and the forecast that follows from it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from plugin.engine.progress import Silent
from plugin.engine.seismic import etas, etas_choice, simulation, sufficient
from plugin.engine.seismic.basis import choose_basis, magnitude_shares
from plugin.engine.seismic.cells import Targets
from plugin.engine.seismic.etas import (
    EtasData,
    expected_events,
    fit_etas,
    parameter_bounds,
    rates_at_targets,
)
from plugin.engine.seismic.etas_choice import choose_etas, fit_etas_again
from plugin.engine.seismic.etas_law import NAMES, EtasModel, branching_ratio, vector_of
from plugin.engine.seismic.excitation import Past
from plugin.engine.seismic.kernels import cell_masses
from plugin.engine.seismic.simulation import Region, magnitudes, simulate
from plugin.engine.seismic.smoothing import Smoothing, shares_at
from plugin.engine.seismic.span import lay_out_training
from seismic_truth import EXTENT, TRUTH, etas_catalog, layout

BACKGROUND = Smoothing("fixed", 6.0, 0.01)


@pytest.fixture(scope="module")
def span():
    catalog = etas_catalog(1, 900.0)
    return lay_out_training(layout((100, 500, 700, 900), cell_size=0.2), catalog, Silent())


@pytest.fixture(scope="module")
def data(span):
    events, above = span.events, span.events.magnitude - 2.5
    targets = span.targets.where(span.targets.window < span.training)
    starts = span.starts[: span.training]
    basis = choose_basis(span.cells, above.max(), 900.0, 1e-3, len(targets))
    node, share = magnitude_shares(above, basis.magnitudes)
    mean = np.bincount(node.ravel(), share.ravel(), len(basis.magnitudes)) / len(above)
    work = events, span.cells, above, basis, starts
    return EtasData(
        targets.count, shares_at(events, span.cells, BACKGROUND, starts, targets, Silent()),
        sufficient.sums_at_targets(*work, targets, Silent()), sufficient.sums_of_region(*work),
        len(starts), 1.0, basis, mean,
    ), targets  # fmt: skip


def test_sums_of_a_target_are_those_over_its_past(span, data, monkeypatch):
    known, targets = data
    place = len(targets) - 3
    start = span.starts[targets.window[place]]
    past = span.events.between(-np.inf, start)
    basis = known.basis
    rows, columns = cell_masses(past.longitude, past.latitude, span.cells, basis.widths_km)
    mass = rows[:, :, targets.row[place]] * columns[:, :, targets.column[place]]
    decay = np.exp(-(start - past.days)[:, None] * basis.rates)
    node, share = magnitude_shares(past.magnitude - 2.5, basis.magnitudes)
    truth = np.zeros(basis.shape)
    for side in (0, 1):
        each = share[:, side, None, None] * decay[:, :, None] * mass[:, None]
        np.add.at(truth, node[:, side], each)
    np.testing.assert_allclose(known.sums[place], truth.ravel(), rtol=1e-3, atol=1e-6)


def test_events_in_chunks_give_the_same_sums(span, data, monkeypatch):
    known, targets = data
    monkeypatch.setattr(sufficient, "_MOST_AT_ONCE", 97)
    monkeypatch.setattr(sufficient, "_MANY_EVENTS", 5)
    above = span.events.magnitude - 2.5
    starts = span.starts[: span.training]
    again = sufficient.sums_at_targets(
        span.events, span.cells, above, known.basis, starts, targets, Silent()
    )
    np.testing.assert_allclose(again, known.sums, rtol=1e-3, atol=1e-5)


def test_forecast_of_all_windows_is_what_the_likelihood_adds_up(span, data):
    known, targets = data
    model = EtasModel(TRUTH, known.basis, known.magnitude_shares, 1.0)
    past = Past(span.events, span.cells, 2.5, model, None, {"background": BACKGROUND})
    rates = []
    for start in span.starts[: span.training]:
        past.advance(start)
        rates.append(past.etas())
    rates = np.stack(rates)
    at_targets = rates[targets.window, targets.row, targets.column]
    # Between the nodes of magnitude the likelihood interpolates, the forecast does not.
    np.testing.assert_allclose(at_targets, rates_at_targets(TRUTH, known), rtol=0.03)
    assert rates.sum() == pytest.approx(expected_events(TRUTH, known), rel=0.01)


def test_gradient_is_that_of_the_likelihood(data):
    known, _ = data
    values = torch.tensor(vector_of(TRUTH), requires_grad=True)
    etas._log_likelihood(values, known).backward()
    for place in range(len(values)):
        step = torch.zeros(len(values), dtype=torch.float64)
        step[place] = 1e-3
        with torch.no_grad():
            up, down = (etas._log_likelihood(values + s, known) for s in (step, -step))
        assert float(up - down) / 2e-3 == pytest.approx(
            float(values.grad[place]), rel=0.02, abs=0.5
        )


def test_fit_is_likelier_than_the_truth_and_every_neighbor(span, data):
    known, _ = data
    fit = fit_etas(known, parameter_bounds(known.basis, 1.0, span.cells), Silent())
    found = vector_of(fit.parameters)
    best = float(etas._log_likelihood(torch.tensor(found), known))
    assert best > float(etas._log_likelihood(torch.tensor(vector_of(TRUTH)), known))
    inside = [n for n, name in enumerate(NAMES) if name not in fit.on_bound]
    for place in inside:
        for side in (-0.2, 0.2):
            moved = found.copy()
            moved[place] += side
            assert float(etas._log_likelihood(torch.tensor(moved), known)) < best + 1e-2


def test_parameter_on_a_bound_is_named(span, data):
    known, _ = data
    bounds = {**parameter_bounds(known.basis, 1.0, span.cells), "q": (3.0, 4.0)}
    assert "q" in fit_etas(known, bounds, Silent()).on_bound


def test_simulated_magnitudes_follow_their_b_value():
    region = Region(*EXTENT, 0, 1, b=1.2)
    drawn = magnitudes(100_000, region, np.random.default_rng(0))
    assert 1 / (np.log(10) * (drawn.mean() - 2.5)) == pytest.approx(1.2, rel=0.02)
    assert drawn.min() >= 2.5 and drawn.max() <= 7.0


def test_simulation_has_the_expected_number_of_events():
    catalogs = [etas_catalog(seed, 3000.0) for seed in range(6)]
    above = np.concatenate([c.magnitude for c in catalogs]) - 2.5
    # In 3000 days all but a few of the aftershocks of most events have come.
    ratio = branching_ratio(TRUTH, above) * (1 - (3000 / 0.01 / 2) ** -0.15)
    expected = 6 * 0.8 * 3000 / (1 - ratio)
    assert sum(map(len, catalogs)) == pytest.approx(expected, rel=0.15)


def test_simulation_that_explodes_is_refused(monkeypatch):
    monkeypatch.setattr(simulation, "_MOST_EVENTS", 20_000)
    with pytest.raises(ValueError, match="too many"):
        simulate(replace(TRUTH, K=0.2), Region(*EXTENT, 0, 1000), 0)


@pytest.mark.soak
def test_parameters_of_twenty_simulated_catalogs_come_back():
    """Medians of the fits of 20 catalogs, with the truth in brackets.

    mu .798 (.8), K .0115 (.011), a .791 (.8), c .0122 (.01), p 1.160 (1.15), d 2.87 (3),
    gamma .298 (.3), q 1.560 (1.6).
    """
    found = []
    for seed in range(20):
        span = lay_out_training(layout((500, 3500, 4500, 5000)), etas_catalog(seed), Silent())
        smoothings = {"fixed": Smoothing("fixed", 5.0, 0.01), "adaptive": Smoothing("adaptive", 5)}
        chosen = choose_etas(span, smoothings, Silent())
        basis, fit = chosen.model.basis, chosen.fit
        fit, _ = fit_etas_again(span, chosen.cut, chosen.background, basis, fit, Silent())
        found.append(fit.parameters)
        print(seed, chosen.cut, fit.parameters, fit.on_bound, flush=True)
    middle = {name: np.median([getattr(p, name) for p in found]) for name in vars(TRUTH)}
    print(middle)
    assert middle["a"] == pytest.approx(TRUTH.a, abs=0.1)
    assert middle["p"] == pytest.approx(TRUTH.p, abs=0.06)
    assert middle["q"] == pytest.approx(TRUTH.q, abs=0.25)
    assert middle["K"] == pytest.approx(TRUTH.K, rel=0.3)
    assert TRUTH.d / 1.7 < middle["d"] < 1.7 * TRUTH.d


def test_targets_count_every_event_in_the_grid_once(span):
    inside = span.grid.count(span.events.above(2.5))[: span.validation]
    targets = Targets.of(span.grid, span.events)
    assert targets.count.sum() == inside.sum()
    np.testing.assert_array_equal(
        inside[targets.window, targets.row, targets.column], targets.count
    )


def productivity_found(catalog, target, shares_times=1.0):
    """K and mu of whole windows of ten days, the rest of ETAS known, over what they should be.

    By the law of Gutenberg and Richter, with b = 1, of all that every event triggers
    ``10 ** -(target - 2.5)`` is a target.
    """
    asked = layout((300, 3000, 3500, 4000), cell_size=0.25, window_days=10)
    asked.target_magnitude = target
    span = lay_out_training(asked, catalog, Silent())
    basis = etas_choice._basis(span)
    shares = shares_times * etas_choice._mean_shares(span, basis, span.training)
    learned = etas_choice._gather(span, 1, 0, span.training, basis, Silent())
    data = etas_choice._data(span, learned, BACKGROUND, basis, shares, Silent())
    bounds = parameter_bounds(basis, 10.0, span.cells)
    for name in ("a", "c", "p", "d", "gamma", "q"):
        bounds[name] = getattr(TRUTH, name) * 0.999, getattr(TRUTH, name) * 1.001
    found, part = fit_etas(data, bounds, Silent()).parameters, 10 ** (2.5 - target)
    return found.K / TRUTH.K / part, found.mu / TRUTH.mu / part


def test_productivity_comes_back_where_targets_are_larger_than_the_completeness():
    catalogs = [etas_catalog(seed, 4000.0) for seed in range(4)]
    small, large = (
        np.median([productivity_found(one, target) for one in catalogs], axis=0)
        for target in (2.5, 3.0)
    )
    assert large[0] == pytest.approx(1, abs=0.15)
    assert large == pytest.approx(small, rel=0.15)
    # Had the events of a window been counted per event and not per target event:
    wrong = [productivity_found(one, 3.0, 10**-0.5)[0] for one in catalogs]
    assert np.median(wrong) > large[0] + 0.1
