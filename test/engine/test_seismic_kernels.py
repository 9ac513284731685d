"""Power laws as sums of Gaussians and exponentials."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from plugin.engine.progress import Silent
from plugin.engine.seismic import excitation, kernels, smoothing, sufficient
from plugin.engine.seismic.basis import choose_basis
from plugin.engine.seismic.catalog import Catalog
from plugin.engine.seismic.cells import Cells, Targets
from plugin.engine.seismic.etas_law import EtasModel, EtasParameters
from plugin.engine.seismic.excitation import ExcitationMaps, Past
from plugin.engine.seismic.grid import SpaceTimeGrid
from plugin.engine.seismic.smoothing import SmoothedSeismicity, Smoothing
from plugin.engine.seismic.sufficient import sums_at_targets

GRID = SpaceTimeGrid(10.0, 40.0, 0.5, 12, 16, 0.0, 1.0, 10)


def numbers(*values):
    return [torch.tensor(value, dtype=torch.float64) for value in values]


@pytest.mark.parametrize("c, p", [(0.001, 0.8), (0.01, 1.1), (0.1, 1.5)])
def test_exponentials_add_up_to_the_omori_law(c, p):
    rates = torch.from_numpy(kernels.rate_nodes(1e-3, 1.2e4))
    days = np.geomspace(1e-3, 1e4, 100)
    weights = kernels.omori_weights(rates, *numbers(c, p)).numpy()
    found = np.exp(-days[:, None] * rates.numpy()) @ weights
    np.testing.assert_allclose(found, (days + c) ** -p, rtol=0.025)


def test_windows_hold_the_integral_of_the_omori_law():
    rates = torch.from_numpy(kernels.rate_nodes(1e-3, 1.2e4))
    weights = kernels.omori_weights(rates, *numbers(0.02, 1.2)) * kernels.window_shares(rates, 7.0)
    lag = np.array([0.1, 3.0, 400.0])
    found = np.exp(-lag[:, None] * rates.numpy()) @ weights.numpy()
    truth = ((lag + 0.02) ** -0.2 - (lag + 7.02) ** -0.2) / 0.2
    np.testing.assert_allclose(found, truth, rtol=0.02)


@pytest.mark.parametrize("scale, q", [(2.0, 1.4), (10.0, 1.8)])
def test_gaussians_add_up_to_the_power_law_of_distance(scale, q):
    widths = torch.from_numpy(kernels.width_nodes(0.3, 3000.0))
    shares = kernels.power_law_weights(widths, torch.tensor([scale]), torch.tensor(q))[0].numpy()
    km, wide = np.geomspace(0.5, 300, 60)[:, None], widths.numpy()
    found = (np.exp(-((km / wide) ** 2) / 2) / (2 * np.pi * wide**2)) @ shares
    truth = (q - 1) / np.pi * scale ** (2 * q - 2) * (km[:, 0] ** 2 + scale**2) ** -q
    np.testing.assert_allclose(found, truth, rtol=0.04)
    assert shares.sum() == pytest.approx(1)


def test_mass_in_all_cells_is_one_however_far_the_grid_reaches_beyond_the_kernel():
    place = np.array([13.3]), np.array([42.9])
    rows, columns = kernels.cell_masses(*place, Cells(GRID), np.array([5.0, 30.0]))
    mass = np.einsum("nkr,nkc->nk", rows, columns)
    np.testing.assert_allclose(mass, 1, atol=1e-6)


def test_mass_in_a_cell_is_the_integral_of_the_gaussian():
    longitude, latitude, width = 13.27, 42.81, 25.0
    rows, columns = kernels.cell_masses(
        np.array([longitude]), np.array([latitude]), Cells(GRID), np.array([width])
    )
    row, column = 5, 7
    east = kernels.KM_PER_DEGREE * np.cos(np.radians(latitude))
    step = (np.arange(200) + 0.5) / 400
    x = (GRID.west + 0.5 * column + step - longitude) * east
    y = (GRID.north - 0.5 * row - step - latitude) * kernels.KM_PER_DEGREE
    density = np.exp(-(x[:, None] ** 2 + y**2) / 2 / width**2) / (2 * np.pi * width**2)
    truth = density.sum() * east * kernels.KM_PER_DEGREE / 400**2
    assert rows[0, 0, row] * columns[0, 0, column] == pytest.approx(truth, rel=1e-3)


def test_cascade_is_the_mean_of_simulated_generations():
    """A kernel of one exponential: the mean of a Hawkes process is known in closed form."""
    rate, weight, productivity, days = 2.0, 3.0, 0.4, 1.5
    shares, constant = kernels.cascade_shares(
        *numbers([rate], [weight]), *numbers(productivity), days
    )
    net = rate - productivity * weight
    grown = -np.expm1(-net * days) / net
    assert float(shares[0]) == pytest.approx(grown, rel=1e-9)
    known = days + productivity * weight * (days - grown) / net
    assert float(constant) == pytest.approx(known, rel=1e-9)


def test_without_triggering_a_cascade_is_the_plain_integral():
    rates, weights = numbers([0.3, 5.0], [1.0, 2.0])
    shares, constant = kernels.cascade_shares(rates, weights, *numbers(0.0), 2.0)
    np.testing.assert_allclose(shares, kernels.window_shares(rates, 2.0), rtol=1e-12)
    assert float(constant) == pytest.approx(2.0)


@pytest.mark.parametrize("west", [-180.0, 0.0, 100.0])
def test_around_the_earth_no_mass_is_lost_at_the_seam_or_a_pole(west):
    cells = Cells(SpaceTimeGrid(west, -90.0, 2.0, 90, 180, 0.0, 1.0, 10))
    place = np.array([west + 0.3, west + 359.9, west + 180, 45.0]), np.array([10.0, -40, 89.5, -88])
    rows, columns = kernels.cell_masses(*place, cells, np.array([5.0, 300.0, 4000.0]))
    np.testing.assert_allclose(np.einsum("nkr,nkc->nk", rows, columns), 1, atol=1e-5)
    assert (rows >= 0).all() and (columns >= 0).all()


def test_mass_is_as_large_on_both_sides_of_the_seam():
    cells = Cells(SpaceTimeGrid(-180.0, -10.0, 1.0, 20, 360, 0.0, 1.0, 10))
    _, columns = kernels.cell_masses(np.array([-180.0]), np.array([0.0]), cells, np.array([200.0]))
    np.testing.assert_allclose(columns[0, 0], columns[0, 0, ::-1], atol=1e-7)
    assert columns[0, 0, 0] > 0.1


def test_an_event_beyond_the_edge_of_a_wide_grid_reaches_both_of_its_ends():
    """From 170 West to 170 East: an event at 179 is 9 degrees from one end and 11 from the other."""
    cells = Cells(SpaceTimeGrid(-170.0, -10.0, 1.0, 20, 340, 0.0, 1.0, 10))
    _, columns = kernels.cell_masses(np.array([179.0]), np.array([0.0]), cells, np.array([800.0]))
    assert columns[0, 0, -1] > columns[0, 0, 0] > 0.5 * columns[0, 0, -1]


WIDE = Cells(SpaceTimeGrid(0.0, 20.0, 0.1, 500, 600, 0.0, 30.0, 10))


def many_events(count, seed=0):
    chance = np.random.default_rng(seed)
    return Catalog.of(
        np.sort(chance.uniform(0, 300, count)), chance.uniform(0, 60, count),
        chance.uniform(20, 70, count), np.full(count, 5.0), 3 + chance.exponential(0.4, count),
    )  # fmt: skip


def peak_bytes(act):
    """The most memory that numpy held at once while something was done."""
    tracemalloc.start()
    try:
        result = act()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


def test_masses_of_many_events_need_little_more_memory_than_they_are():
    events, widths = many_events(2000), np.geomspace(5, 500, 8)
    peak, masses = peak_bytes(
        lambda: kernels.axis_masses(events.longitude, WIDE.longitude_edges, 80.0, widths)
    )
    assert peak < masses.nbytes + 2**25  # all of it at once would need six times the masses


def test_maps_of_smoothed_seismicity_fit_the_memory_however_many_events_there_are():
    events = many_events(15_000)
    stream = SmoothedSeismicity(events, WIDE, Smoothing("fixed", 30.0))
    peak, _ = peak_bytes(lambda: stream.advance(290.0))
    assert peak < 80e6  # masses of all events in rows and columns are 130 MB, as float64
    assert stream.shares().sum() == pytest.approx(1)


def etas_past(events, cells):
    basis = choose_basis(cells, 4.0, 300.0, 1e-3, 100)
    shares = np.full(len(basis.magnitudes), 0.05)
    model = EtasModel(EtasParameters(1.0, 0.01, 0.8, 0.01, 1.1, 3.0, 0.3, 1.6), basis, shares, 30.0)
    maps = ExcitationMaps.of(30.0, cells)
    return Past(events, cells, 3.0, model, maps, {"background": Smoothing("adaptive", 5)})


def test_past_is_the_same_however_few_events_are_taken_in_at_once(monkeypatch):
    cells, chance = Cells(GRID), np.random.default_rng(2)
    events = replace(
        many_events(400), longitude=chance.uniform(10, 18, 400),
        latitude=chance.uniform(40, 46, 400),
    )  # fmt: skip
    found = []
    for at_once in (256, 7):
        monkeypatch.setattr(excitation, "_MOST_AT_ONCE", at_once)
        monkeypatch.setattr(smoothing, "_BLOCK_BYTES", at_once * 8 * sum(cells.shape))
        past = etas_past(events, cells)
        for day in (100.0, 130.0, 250.0):
            past.advance(day)
        found.append((past.etas(), past.raw().numpy()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-4, atol=1e-7)


def test_sums_for_the_likelihood_are_the_same_in_chunks_that_fit_the_memory(monkeypatch):
    events = many_events(900)
    targets = Targets.of(WIDE.grid, events.where(np.arange(900) % 30 == 0))
    basis = choose_basis(WIDE, 4.0, 300.0, 1e-3, 100)
    starts, above = WIDE.grid.edges[:-1], events.magnitude - 3.0

    def gather():
        return sums_at_targets(events, WIDE, above, basis, starts, targets, Silent())

    peak, whole = peak_bytes(gather)
    monkeypatch.setattr(sufficient, "_MASS_BYTES", 10e6)
    less, parts = peak_bytes(gather)
    torch.testing.assert_close(whole, parts, rtol=1e-4, atol=1e-9)
    assert less < 60e6 < peak
