"""Kernels in space and time as sums of Gaussians and of exponentials.

A power law is a mixture: over Gaussians of all widths in space, over exponentials of all rates
in time. Both mixtures are sums over a few nodes that are evenly spaced in the logarithm, where
the trapezoidal rule converges exponentially fast. The mass of a Gaussian in a cell is a product
of two differences of erf, one per axis, and a sum of exponentials needs no memory of its events:
the past of a window follows from the past of the window before.
"""

import numpy as np
import torch
from scipy.special import erf

KM_PER_DEGREE = 111.195
EARTH_RADIUS_KM = 6371.0
# Steps of the nodes in the natural logarithm: the mixtures follow the power laws within 1 to 3 %.
_STEP_WIDTH = np.log(1.75)
_STEP_RATE = 1.4
_BYTES_AT_ONCE = 2**22
_WIDE_DEGREES, _SLIVER = 180.0, 1e-6


def width_nodes(smallest_km, largest_km):
    """Standard deviations in km of the Gaussians that make up a power law, each 1.75 times the last."""
    count = int(np.ceil(np.log(largest_km / smallest_km) / _STEP_WIDTH)) + 1
    return smallest_km * np.exp(_STEP_WIDTH * np.arange(count))


def rate_nodes(shortest_days, longest_days):
    """Rates per day of the exponentials that make up an Omori law, from fast to slow."""
    fastest, slowest = 10.0 / shortest_days, 0.05 / longest_days
    count = int(np.ceil(np.log(fastest / slowest) / _STEP_RATE)) + 1
    return fastest * np.exp(-_STEP_RATE * np.arange(count))


def axis_masses(position, edges_degrees, km_per_degree, widths_km):
    """Mass of Gaussians between the edges of cells along one axis.

    Parameters
    ----------
    position : array, shape (event,)
        Longitudes or latitudes in degrees.
    edges_degrees : array, shape (cell + 1,)
        Increasing or decreasing.
    km_per_degree : float or array, shape (event,)
    widths_km : array, shape (event, width) or (width,)

    Returns
    -------
    array of float32, shape (event, width, cell)
    """
    widths = np.broadcast_to(widths_km, (len(position), np.shape(widths_km)[-1]))
    scale = np.broadcast_to(km_per_degree, (len(position),)) / np.sqrt(2.0)
    masses = np.empty((*widths.shape, len(edges_degrees) - 1), np.float32)
    at_once = events_at_once(widths.shape[1] * len(edges_degrees), _BYTES_AT_ONCE)
    for first in range(0, len(position), at_once):
        part = slice(first, first + at_once)
        scaled = (edges_degrees[None] - position[part, None]) * scale[part, None]
        below = erf(scaled[:, None, :] / widths[part, :, None])
        masses[part] = 0.5 * np.abs(np.diff(below, axis=2))
    return masses


def events_at_once(numbers, most_bytes, itemsize=8):
    """How many events may be worked on together if each needs some numbers; at least 1."""
    return max(int(most_bytes / (itemsize * numbers)), 1)


def cell_masses(longitude, latitude, cells, widths_km):
    """Mass of Gaussians around events in the rows and in the columns of a grid.

    The mass in a cell is the product of its row's and its column's. Distances are local
    kilometers around the event, so that no mass is lost or made. On a grid around the Earth what
    leaves at one side comes in at the other, and what would go over a pole is turned back there.

    Parameters
    ----------
    longitude, latitude : array, shape (event,)
    cells : Cells
    widths_km : array, shape (event, width) or (width,)

    Returns
    -------
    rows, columns : arrays of float32, shapes (event, width, row) and (event, width, column)
    """
    east_km = KM_PER_DEGREE * np.cos(np.radians(latitude))
    rows = axis_masses(latitude, cells.latitude_edges, KM_PER_DEGREE, widths_km)
    columns = axis_masses(longitude, cells.longitude_edges, east_km, widths_km)
    width = abs(cells.longitude_edges[-1] - cells.longitude_edges[0])
    if width > _WIDE_DEGREES:
        for turn in (-360.0, 360.0):
            columns += axis_masses(longitude + turn, cells.longitude_edges, east_km, widths_km)
    if width > 360 - _SLIVER:
        # What goes further around than one turn is as good as even.
        left = np.maximum(1 - columns.sum(axis=2, keepdims=True), 0.0)
        columns += left / columns.shape[2]
        for pole in _poles(cells.latitude_edges):
            mirrored = 2 * pole - latitude
            rows += axis_masses(mirrored, cells.latitude_edges, KM_PER_DEGREE, widths_km)
    return rows, columns


def _poles(latitude_edges):
    """The poles that a grid ends at, in degrees."""
    ends = latitude_edges[[0, -1]]
    return [pole for pole in (-90.0, 90.0) if np.abs(ends - pole).min() < _SLIVER]


def power_law_weights(widths_km, scale_km, q):
    """Shares of Gaussians whose sum is the density ``~ (r^2 + scale^2)^-q`` over the plane.

    Parameters
    ----------
    widths_km : tensor, shape (width,)
        From `width_nodes`.
    scale_km : tensor, shape (n,)
    q : tensor
        Over 1.

    Returns
    -------
    tensor, shape (n, width)
        They add up to 1: the tail beyond the widest Gaussian is spread over all.
    """
    scaled = scale_km[:, None] ** 2 / (2 * widths_km**2)
    return torch.softmax((q - 1) * torch.log(scaled) - scaled, dim=1)


def omori_weights(rates, c, p):
    """Weights of exponentials whose sum is ``(t + c)^-p``, in 1/day^p.

    Parameters
    ----------
    rates : tensor, shape (rate,)
        From `rate_nodes`.
    c, p : tensor
        In days; exponent.

    Returns
    -------
    tensor, shape (rate,)
        What is slower than the slowest node is added to it.
    """
    weights = _STEP_RATE * torch.exp(p * torch.log(rates) - rates * c - torch.lgamma(p))
    # Beyond the last node the sum is geometric, with ratio exp(-p step).
    slowest = weights[-1:] / (1 - torch.exp(-p * _STEP_RATE))
    return torch.cat([weights[:-1], slowest])


def window_shares(rates, days):
    """Integral of every exponential over a window, by its value at the window's start, in days."""
    return (1 - torch.exp(-rates * days)) / rates


def cascade_shares(rates, weights, productivity, days):
    """Integrals over a window with all that its own events trigger within it.

    The mean intensity of a Hawkes process with a kernel of exponentials follows a linear system:
    every event adds `weights` to the intensities, each of which decays at its own rate. Its
    solution is a matrix exponential, here of the intensities and of their integral.

    Parameters
    ----------
    rates, weights : tensor, shape (rate,)
        Of the kernel's exponentials, per day.
    productivity : tensor
        Mean expected number of events by which the kernel is multiplied.
    days : float
        Length of the window.

    Returns
    -------
    shares : tensor, shape (rate,)
        Expected events in the window for an intensity of 1 per day at its start that decays at
        each rate; without triggering, `window_shares`.
    constant : tensor
        The same for an intensity that stays at 1 per day.
    """
    count = len(rates)
    # Order of the states: intensities, a constant, and the number of events so far.
    decay = torch.diag(torch.cat([-rates, torch.zeros(2, dtype=rates.dtype)]))
    source = torch.cat([torch.ones(count + 1, dtype=rates.dtype), torch.zeros(1)])
    excited = torch.cat([productivity * weights, torch.zeros(1), torch.ones(1)])
    grown = torch.linalg.matrix_exp(days * (decay + excited[:, None] * source[None]))
    return grown[-1, :count], grown[-1, count]


def convolved_nodes(widths_km):
    """How the convolution of two Gaussians of the nodes lies between the nodes.

    Returns
    -------
    tensor, shape (width, width, width)
        Share of the third node in the convolution of the first two.
    """
    wide = np.sqrt(widths_km[:, None] ** 2 + widths_km[None] ** 2)
    place = np.clip(np.log(wide / widths_km[0]) / _STEP_WIDTH, 0, len(widths_km) - 1)
    return torch.from_numpy(
        np.clip(1 - np.abs(place[:, :, None] - np.arange(len(widths_km))), 0, None)
    )
