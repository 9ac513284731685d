"""Gridded ETAS: eight parameters by maximum likelihood of the counts in windows and cells.

The expected number of events in a cell during a window, given all events before the window, is
``mu * background(cell) * days + sum K 10^(a (M - Mc)) * [integral of (t + c)^-p over the window] *
[mass in the cell of a density ~ (r^2 + D^2)^-q with D = d 10^(gamma (M - Mc))]``, summed over the
past. What events of a window trigger within the same window is part of K.

References
----------
Ogata 1998, doi:10.1023/A:1003403601725; Zhuang et al. 2011, doi:10.5078/corssa-79905851.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np
import torch
from scipy.optimize import minimize

from .kernels import (
    cascade_shares,
    omori_weights,
    power_law_weights,
    window_shares,
)

_ITERATIONS = 400
_LEAST = 1e-12


@dataclass(frozen=True)
class EtasParameters:
    """The eight parameters; a scale `d` in km, not in square kilometers.

    Attributes
    ----------
    mu : float
        Background events per day in the whole region.
    K : float
        Productivity at the magnitude of completeness, in day^(p - 1).
    a : float
        Productivity grows as ``10 ** (a (M - Mc))``.
    c : float
        In days.
    p : float
    d : float
        In km, at the magnitude of completeness.
    gamma : float
        The scale grows as ``10 ** (gamma (M - Mc))``.
    q : float
    """

    mu: float
    K: float
    a: float
    c: float
    p: float
    d: float
    gamma: float
    q: float


NAMES = tuple(part.name for part in fields(EtasParameters))
_LOGARITHMIC = ("mu", "K", "c", "d")


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
    region : tensor, shape (magnitude * rate * width,)
        From `sufficient.sums_of_region`.
    windows : int
    window_days : float
    basis : Basis
    """

    counts: np.ndarray
    background: np.ndarray
    sums: torch.Tensor
    region: torch.Tensor
    windows: int
    window_days: float
    basis: object
    magnitude_shares: np.ndarray
    convolved: torch.Tensor


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
    box = np.array([_to_scale(name, np.array(bounds[name])) for name in NAMES])
    scale = box[:, 1] - box[:, 0]
    begin = _vector(start or _first_guess(data, bounds))
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
        name: float(_from_scale(name, value)) for name, value in zip(NAMES, vector, strict=True)
    }
    ends = [name for name, x in zip(NAMES, found.x, strict=True) if min(x, 1 - x) < 1e-4]
    events = float(data.counts.sum())
    return EtasFit(EtasParameters(**parameters), tuple(ends), bounds, -found.fun * events, events)


def rates_at_targets(parameters, data):
    """Expected numbers of events in the cells and windows of the targets, shape (target,)."""
    with torch.no_grad():
        values = torch.tensor(_vector(parameters))
        rates, _ = _rates(values, data)
    return rates.numpy()


def expected_events(parameters, data):
    """Expected number of events in all cells and windows."""
    with torch.no_grad():
        return float(_rates(torch.tensor(_vector(parameters)), data)[1])


def time_weights(parameters, rates, window_days):
    """Weights of exponentials for the Omori mass in a window, by their values at its start."""
    with torch.no_grad():
        rates = torch.as_tensor(rates)
        c, p = (torch.tensor(value, dtype=torch.float64) for value in (parameters.c, parameters.p))
        return (omori_weights(rates, c, p) * window_shares(rates, window_days)).numpy()


def space_weights(parameters, above, widths_km):
    """Productivity times the share of every Gaussian, of events with magnitudes `above` Mc.

    Returns
    -------
    array, shape (event, width)
    """
    scale = parameters.d * 10 ** (parameters.gamma * above)
    with torch.no_grad():
        shares = power_law_weights(
            torch.as_tensor(widths_km), torch.as_tensor(scale), torch.tensor(parameters.q)
        )
    return shares.numpy() * (parameters.K * 10 ** (parameters.a * above))[:, None]


def branching_ratio(parameters, above):
    """Expected number of events that an event triggers in all, infinite for p of 1 or less."""
    if parameters.p <= 1:
        return np.inf
    omori = parameters.c ** (1 - parameters.p) / (parameters.p - 1)
    return float(parameters.K * omori * np.mean(10 ** (parameters.a * above)))


def _log_likelihood(values, data):
    rates, expected = _rates(values, data)
    return (torch.from_numpy(data.counts) * torch.log(rates + _LEAST)).sum() - expected


def _rates(values, data):
    mu, k, a, c, p, d, gamma, q = values
    mu, k, c, d = torch.exp(mu), torch.exp(k), torch.exp(c), torch.exp(d)
    basis = data.basis
    above, rates = torch.from_numpy(basis.magnitudes), torch.from_numpy(basis.rates)
    widths = torch.from_numpy(basis.widths_km)
    productivity = k * 10 ** (a * above)
    omori = omori_weights(rates, c, p)
    mean = (torch.from_numpy(data.magnitude_shares) * productivity).sum()
    direct = window_shares(rates, data.window_days)
    whole, constant = cascade_shares(rates, omori, mean, data.window_days)
    near = power_law_weights(widths, d * 10 ** (gamma * above), q)
    child = (torch.from_numpy(data.magnitude_shares) * productivity) @ near / mean
    far = torch.einsum("jk,i,kin->jn", near, child, data.convolved)
    weights = (omori * direct)[None, :, None] * near[:, None, :]
    weights = weights + (omori * (whole - direct))[None, :, None] * far[:, None, :]
    weights = (productivity[:, None, None] * weights).reshape(-1)
    triggered = (data.sums @ weights.float()).double()
    background = torch.from_numpy(data.background)
    return mu * constant * background + triggered, mu * constant * data.windows + data.region @ weights


def _first_guess(data, bounds):
    """Half of the events in the background, and usual values for the rest."""
    daily = 0.5 * data.counts.sum() / (data.windows * data.window_days)
    guess = {
        "mu": daily, "K": 0.02, "a": 0.8, "c": 0.02, "p": 1.1,
        "d": 4 * bounds["d"][0], "gamma": 0.3, "q": 1.6,
    }  # fmt: skip
    return EtasParameters(**guess)


def _vector(parameters):
    return np.array([_to_scale(name, value) for name, value in asdict(parameters).items()])


def _to_scale(name, value):
    return np.log(value) if name in _LOGARITHMIC else value


def _from_scale(name, value):
    return np.exp(value) if name in _LOGARITHMIC else value
