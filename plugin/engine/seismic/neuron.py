"""A single neuron with four parameters: the control that every network has to beat.

References
----------
Mignan & Broccardo 2019, doi:10.1038/s41586-019-1582-8.
"""

import numpy as np
from scipy.optimize import minimize

# Share of the background below which an excitation is not told from none.
_FLOOR = 1e-3


def neuron_maps(maps):
    """The two excitation maps that it reads: counts one cell around, of short and of long decay."""
    width, decays = len(maps.widths_km) // 2, len(maps.decays_days)
    first = np.ravel_multi_index((width, 0, 1), maps.shape)
    return int(first), int(first) + decays - 3


def neuron_inputs(raw, units, maps):
    """Its inputs: 1 and the logarithms of background and two excitations, (n, 4).

    Parameters
    ----------
    raw : array, shape (n, map)
    units : array, shape (map,)
        Events in a cell of a window for a unit of each map, were it the only one.
    maps : ExcitationMaps
    """
    background = raw[:, -2] * units[-2]
    inputs = [np.ones(len(raw)), np.log(background)]
    for place in neuron_maps(maps):
        inputs.append(np.log(raw[:, place] * units[place] + _FLOOR * background))
    return np.stack(inputs, axis=1)


def fit_neuron(samples, units, maps):
    """Fit the four weights by maximum likelihood, (4,)."""
    inputs = neuron_inputs(samples.centers().double().numpy(), units, maps)
    counts, weights = samples.count.astype(float), samples.weight.astype(float)
    events = counts.sum()

    def loss(vector):
        logarithm = np.clip(inputs @ vector, -50, 20)
        rates = weights * np.exp(logarithm)
        value = (rates.sum() - counts @ logarithm) / events
        return value, (rates - counts) @ inputs / events

    start = np.array([0.0, 0.5, 0.25, 0.25])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-20, 20)] + [(-3, 3)] * 3)
    return found.x


def neuron_rates(vector, raw, units, maps):
    """Expected events of raw maps (n, map), shape (n,)."""
    return np.exp(np.clip(neuron_inputs(raw, units, maps) @ vector, -50, 20))
