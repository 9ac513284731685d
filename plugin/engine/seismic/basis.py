"""The nodes on which the kernels of ETAS are sums: of magnitude, of rate and of width."""

from dataclasses import dataclass

import numpy as np

from .kernels import rate_nodes, width_nodes

_NARROWEST_IN_CELLS, _WIDEST_IN_REACHES = 1 / 32, 2.0
_MAGNITUDE_STEPS = (0.25, 0.5, 1.0)
_MOST_BYTES = 400e6
# Between two nodes of magnitude productivity grows by about this power of ten; only what
# differs from it is interpolated.
_STEP_PRODUCTIVITY = 0.8


@dataclass(frozen=True)
class Basis:
    """Nodes of magnitude (over completeness), rate (per day) and width (km)."""

    magnitudes: np.ndarray
    rates: np.ndarray
    widths_km: np.ndarray

    @property
    def shape(self):
        """(magnitude, rate, width)."""
        return len(self.magnitudes), len(self.rates), len(self.widths_km)


def choose_basis(cells, highest, span_days, shortest_days, targets):
    """Choose nodes; the steps of magnitude widen where memory would not suffice.

    Parameters
    ----------
    cells : Cells
    highest : float
        Largest magnitude over completeness.
    span_days, shortest_days : float
        Longest time between two events, and shortest time that the Omori law can tell.
    targets : int
        Number of targets.

    Returns
    -------
    Basis
    """
    rates = rate_nodes(shortest_days, span_days)
    widths = width_nodes(_NARROWEST_IN_CELLS * cells.side_km, _WIDEST_IN_REACHES * cells.reach_km)
    for step in _MAGNITUDE_STEPS:
        basis = Basis(np.arange(0, max(highest, step) + step, step), rates, widths)
        if np.prod(basis.shape) * targets * 4 <= _MOST_BYTES:
            break
    return basis


def magnitude_shares(above, nodes):
    """Bring magnitudes to nodes.

    Parameters
    ----------
    above : array, shape (event,)
        Magnitude over completeness.
    nodes : array, shape (magnitude,)

    Returns
    -------
    node : int array, shape (event, 2)
        Under and over every magnitude.
    share : array, shape (event, 2)
    """
    step = nodes[1] - nodes[0]
    low = np.clip(np.floor(above / step), 0, len(nodes) - 2).astype(int)
    node = np.stack([low, low + 1], axis=1)
    part = np.clip(above / step - low, 0, 1)
    grown = 10 ** (_STEP_PRODUCTIVITY * (above[:, None] - nodes[node]))
    return node, np.stack([1 - part, part], axis=1) * grown
