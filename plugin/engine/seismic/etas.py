"""Gridded ETAS: eight parameters by maximum likelihood of the counts in windows and cells.

The expected number of events in a cell during a window, given all events before the window, is
``mu * background(cell) * days + sum K 10^(a (M - Mc)) * [integral of (t + c)^-p over the window] *
[mass in the cell of a density ~ (r^2 + D^2)^-q with D = d 10^(gamma (M - Mc))]``, summed over the
past. What the events of a window trigger within the same window is added in the mean: the mean
intensity of a Hawkes process with a kernel of exponentials is exact.

References
----------
Ogata 1998, doi:10.1023/A:1003403601725; Zhuang et al. 2011, doi:10.5078/corssa-79905851.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.optimize import minimize

from .etas_law import (
    NAMES,
    EtasParameters,
    from_scale,
    in_space,
    in_time,
    to_scale,
    unpacked,
    vector_of,
)

_ITERATIONS = 400
_LEAST = 1e-12
_MOST_WITHIN_WINDOW, _AT_BOUND = 0.6, 2e-3


@dataclass(frozen=True)
class EtasFit:
    """A fit.

    Attributes
    ----------
    parameters : EtasParameters
    on_bound : tuple of str
        Parameters that are not identifiable: they ended on a bound.
    bounds : dict of str to (float, float)
    log_likelihood : float
        Of the counts, in nats, without the constant of the factorials.
    events : float
        Number of target events.
    """

    parameters: EtasParameters
    on_bound: tuple
    bounds: dict
    log_likelihood: float
    events: float


@dataclass(frozen=True)
class EtasData:
    """What a fit needs.

    Attributes
    ----------
    counts : array, shape (target,)
    background : array, shape (target,)
        Share of the background in the cells of the targets.
    sums : tensor, shape (target, magnitude * rate * width)
        From `sufficient.sums_at_targets`.
    region : tensor, shape (magnitude * rate * width,)
        From `sufficient.sums_of_region`.
    windows : int
    window_days : float
    basis : Basis
    magnitude_shares : array, shape (magnitude,)
        See `EtasModel`.
    """

    counts: np.ndarray
    background: np.ndarray
    sums: torch.Tensor
    region: torch.Tensor
    windows: int
    window_days: float
    basis: object
    magnitude_shares: np.ndarray


def parameter_bounds(basis, window_days, cells):
    """Box in which the parameters are looked for, by name."""
    return {
        "mu": (1e-6, 1e4),
        "K": (1e-6, 1e2),
        "a": (0.0, 2.0),
        "c": (1e-3, max(1.0, window_days)),
        "p": (0.6, 2.5),
        "d": (float(basis.widths_km[0]), 20 * cells.side_km),
        "gamma": (0.0, 1.0),
        "q": (1.05, 4.0),
    }


def fit_etas(data, bounds, progress, start=None):
    """Maximize the Poisson likelihood of the counts.

    Parameters
    ----------
    data : EtasData
    bounds : dict
        From `parameter_bounds`.
    progress : Progress
    start : EtasParameters, optional
        Where to begin.

    Returns
    -------
    EtasFit
    """
    box = np.array([to_scale(name, np.array(bounds[name])) for name in NAMES])
    scale = box[:, 1] - box[:, 0]
    begin = vector_of(start or _first_guess(data, bounds))
    begin = np.clip((begin - box[:, 0]) / scale, 1e-3, 1 - 1e-3)
    steps = [0]

    def loss(vector):
        progress.check()
        values = torch.tensor(box[:, 0] + scale * vector, requires_grad=True)
        value = -_log_likelihood(values, data) / data.counts.sum()
        value.backward()
        return float(value.detach()), values.grad.numpy() * scale

    def tell(_):
        steps[0] += 1
        progress(1 - 0.97 ** steps[0], f"ETAS: step {steps[0]}")

    found = minimize(
        loss, begin, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(NAMES), callback=tell,
        options={"maxiter": _ITERATIONS, "maxfun": 2 * _ITERATIONS, "ftol": 1e-10, "gtol": 1e-6},
    )  # fmt: skip
    vector = box[:, 0] + scale * found.x
    parameters = {
        name: float(from_scale(name, value)) for name, value in zip(NAMES, vector, strict=True)
    }
    ends = [name for name, x in zip(NAMES, found.x, strict=True) if min(x, 1 - x) < _AT_BOUND]
    events = float(data.counts.sum())
    return EtasFit(EtasParameters(**parameters), tuple(ends), bounds, -found.fun * events, events)


def rates_at_targets(parameters, data):
    """Expected numbers of events in the cells and windows of the targets, shape (target,)."""
    with torch.no_grad():
        values = torch.tensor(vector_of(parameters))
        rates, _ = _rates(values, data)
    return rates.numpy()


def expected_events(parameters, data):
    """Expected number of events in all cells and windows."""
    with torch.no_grad():
        return float(_rates(torch.tensor(vector_of(parameters)), data)[1])


def _log_likelihood(values, data):
    rates, expected = _rates(values, data)
    return (torch.from_numpy(data.counts) * torch.log(rates + _LEAST)).sum() - expected


def _rates(values, data):
    """Rates of the targets and the expected number of all events; the last is exact."""
    tensors = unpacked(values)
    direct, further, constant = in_time(tensors, data)
    near, far = in_space(tensors, data, torch.from_numpy(data.basis.magnitudes))
    weights = direct[None, :, None] * near[:, None] + further[None, :, None] * far[:, None]
    weights = weights.reshape(-1)
    triggered = (data.sums @ weights.float()).double()
    steady = tensors["mu"] * constant
    rates = steady * torch.from_numpy(data.background) + triggered
    return rates, steady * data.windows + data.region @ weights


def _first_guess(data, bounds):
    """Half of the events in the background, and usual values for the rest.

    K is smaller where targets are few among all events: begun at a cascade that grows without end
    within a window, the search does not find back.
    """
    daily = 0.5 * data.counts.sum() / (data.windows * data.window_days)
    guess = EtasParameters(
        mu=daily, K=0.02, a=0.8, c=0.02, p=1.1, d=4 * bounds["d"][0], gamma=0.3, q=1.6
    )
    within = _triggered_within_window(guess, data)
    return replace(guess, K=guess.K * min(1.0, _MOST_WITHIN_WINDOW / within))


def _triggered_within_window(parameters, data):
    """Target events per target event that the complete ones trigger at once within a window."""
    p, c = parameters.p, parameters.c
    omori = (c ** (1 - p) - (c + data.window_days) ** (1 - p)) / (p - 1)
    grown = 10 ** (parameters.a * data.basis.magnitudes)
    return parameters.K * omori * float(data.magnitude_shares @ grown)
