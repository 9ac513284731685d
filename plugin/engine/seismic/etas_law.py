"""The law of gridded ETAS: its parameters, and what they say of windows and cells.

References
----------
Ogata 1998, doi:10.1023/A:1003403601725; Zhuang et al. 2011, doi:10.5078/corssa-79905851.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np
import torch

from .kernels import (
    cascade_shares,
    convolved_nodes,
    omori_weights,
    power_law_weights,
    window_shares,
)


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
LOGARITHMIC = ("mu", "K", "c", "d")


@dataclass(frozen=True)
class EtasModel:
    """Parameters with the nodes that they were fitted on: all that a forecast needs.

    Attributes
    ----------
    parameters : EtasParameters
    basis : Basis
    magnitude_shares : array, shape (magnitude,)
        Complete events before the cut at every node of magnitude, per target event: what the
        events of a window trigger on average within it follows from them.
    window_days : float
    """

    parameters: EtasParameters
    basis: object
    magnitude_shares: np.ndarray
    window_days: float

    def time_weights(self):
        """Events in a window by the exponentials' values at its start.

        Returns
        -------
        direct, further : array, shape (rate,)
            Of events triggered before the window's own, and by the window's own.
        constant : float
            Of a background of 1 per day.
        """
        with torch.no_grad():
            direct, further, constant = in_time(_tensors(self.parameters), self)
        return direct.numpy(), further.numpy(), float(constant)

    def space_weights(self, above):
        """Productivity times the share of every Gaussian, of events `above` Mc.

        Returns
        -------
        direct, further : array, shape (event, width)
        """
        with torch.no_grad():
            direct, further = in_space(_tensors(self.parameters), self, torch.from_numpy(above))
        return direct.numpy(), further.numpy()


def branching_ratio(parameters, above):
    """Expected number of events that an event triggers in all, infinite for p of 1 or less."""
    if parameters.p <= 1:
        return np.inf
    omori = parameters.c ** (1 - parameters.p) / (parameters.p - 1)
    return float(parameters.K * omori * np.mean(10 ** (parameters.a * above)))


def in_time(tensors, model):
    """Events in a window by the exponentials' values at its start.

    Parameters
    ----------
    tensors : dict of str to tensor
        The parameters, see `unpacked`.
    model : EtasModel or EtasData
        Anything with `basis`, `magnitude_shares` and `window_days`.

    Returns
    -------
    direct, further : tensor, shape (rate,)
    constant : tensor
        See `EtasModel.time_weights`.
    """
    rates = torch.from_numpy(model.basis.rates)
    omori = omori_weights(rates, tensors["c"], tensors["p"])
    direct = window_shares(rates, model.window_days)
    mean = (torch.from_numpy(model.magnitude_shares) * _productivity(tensors, model)).sum()
    whole, constant = cascade_shares(rates, omori, mean, model.window_days)
    return omori * direct, omori * (whole - direct), constant


def in_space(tensors, model, above):
    """Weights of the Gaussians of events, and of what their aftershocks trigger, further spread.

    Parameters
    ----------
    tensors, model
        As for `in_time`.
    above : tensor, shape (event,)
        Magnitudes over completeness.

    Returns
    -------
    direct, further : tensor, shape (event, width)
        Times the productivity.
    """
    widths = torch.from_numpy(model.basis.widths_km)
    near = _shares(tensors, widths, above)
    nodes = torch.from_numpy(model.basis.magnitudes)
    weighed = torch.from_numpy(model.magnitude_shares) * _productivity(tensors, model)
    child = weighed @ _shares(tensors, widths, nodes) / weighed.sum()
    spread = torch.einsum("i,kin->kn", child, convolved_nodes(model.basis.widths_km))
    productivity = (tensors["K"] * 10 ** (tensors["a"] * above))[:, None]
    return productivity * near, productivity * (near @ spread)


def _productivity(tensors, model):
    return tensors["K"] * 10 ** (tensors["a"] * torch.from_numpy(model.basis.magnitudes))


def _shares(tensors, widths, above):
    return power_law_weights(widths, tensors["d"] * 10 ** (tensors["gamma"] * above), tensors["q"])


def _tensors(parameters):
    return unpacked(torch.tensor(vector_of(parameters)))


def unpacked(values):
    """The parameters by name, of a tensor as `vector_of` makes it."""
    named = zip(NAMES, values, strict=True)
    return {name: torch.exp(v) if name in LOGARITHMIC else v for name, v in named}


def vector_of(parameters):
    """The parameters as an array, those of `LOGARITHMIC` by their logarithm."""
    return np.array([to_scale(name, value) for name, value in asdict(parameters).items()])


def to_scale(name, value):
    """A parameter on the scale on which it is looked for."""
    return np.log(value) if name in LOGARITHMIC else value


def from_scale(name, value):
    """The inverse of `to_scale`."""
    return np.exp(value) if name in LOGARITHMIC else value
