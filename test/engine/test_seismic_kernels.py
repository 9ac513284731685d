"""Power laws as sums of Gaussians and exponentials."""

import numpy as np
import pytest
import torch

from plugin.engine.seismic import kernels
from plugin.engine.seismic.cells import Cells
from plugin.engine.seismic.grid import SpaceTimeGrid

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
