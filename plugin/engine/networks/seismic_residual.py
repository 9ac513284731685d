"""Small networks that correct the rates of a seismic reference, cell by cell.

They read ``(N, step, band, row, column)``: the steps are windows, the newest last, and give the
logarithm of a factor, ``(N, row, column)``, without the border that their convolutions need. The
last layer begins at zero, so that an untrained network is the reference.
"""

import torch
from torch import nn

BANDS = 14
HIDDEN = 8
_STEPS = 6
_PLAIN_WIDTH = 16


def _begin_at_zero(layer):
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class CellNetwork(nn.Module):
    """Every cell by itself: a layer of 8 and a sum, 129 parameters."""

    side, steps, is_residual = 1, 1, True

    def __init__(self):
        super().__init__()
        self.hidden = nn.Conv2d(BANDS, HIDDEN, 1)
        self.last = _begin_at_zero(nn.Conv2d(HIDDEN, 1, 1))

    def forward(self, maps):
        return self.last(torch.tanh(self.hidden(maps[:, -1])))[:, 0]


class ConvNetwork(nn.Module):
    """A cell with its eight neighbors: 713 parameters."""

    side, steps, is_residual = 3, 1, True

    def __init__(self):
        super().__init__()
        self.hidden = nn.Conv2d(BANDS, HIDDEN, 1)
        self.around = nn.Conv2d(HIDDEN, HIDDEN, 3)
        self.last = _begin_at_zero(nn.Conv2d(HIDDEN, 1, 1))

    def forward(self, maps):
        hidden = torch.tanh(self.hidden(maps[:, -1]))
        return self.last(torch.tanh(self.around(hidden)))[:, 0]


class ConvGRUNetwork(nn.Module):
    """A cell with its neighbors through the last windows, remembered by a gated unit.

    References
    ----------
    Ballas et al. 2016, arXiv:1511.06432.
    """

    side, steps, is_residual = 3, _STEPS, True

    def __init__(self):
        super().__init__()
        self.read = nn.Conv2d(BANDS, 3 * HIDDEN, 3)
        self.gates = nn.Conv2d(HIDDEN, 2 * HIDDEN, 1, bias=False)
        self.candidate = nn.Conv2d(HIDDEN, HIDDEN, 1, bias=False)
        self.last = _begin_at_zero(nn.Conv2d(HIDDEN, 1, 1))

    def forward(self, maps):
        state = 0.0
        for step in range(maps.shape[1]):
            reset, update, proposed = self.read(maps[:, step]).chunk(3, 1)
            if step:
                reset_too, update_too = self.gates(state).chunk(2, 1)
                reset, update = reset + reset_too, update + update_too
                proposed = proposed + self.candidate(torch.sigmoid(reset) * state)
            share = torch.sigmoid(update)
            state = (1 - share) * state + share * torch.tanh(proposed)
        return self.last(state)[:, 0]


class ConvLSTMNetwork(nn.Module):
    """A cell with its neighbors through the last windows, with a long short-term memory.

    References
    ----------
    Shi et al. 2015, arXiv:1506.04214.
    """

    side, steps, is_residual = 3, _STEPS, True

    def __init__(self):
        super().__init__()
        self.read = nn.Conv2d(BANDS, 4 * HIDDEN, 3)
        self.gates = nn.Conv2d(HIDDEN, 4 * HIDDEN, 1, bias=False)
        self.last = _begin_at_zero(nn.Conv2d(HIDDEN, 1, 1))

    def forward(self, maps):
        known = memory = 0.0
        for step in range(maps.shape[1]):
            gates = self.read(maps[:, step])
            if step:
                gates = gates + self.gates(known)
            add, keep, show, proposed = gates.chunk(4, 1)
            memory = torch.sigmoid(keep + 1) * memory + torch.sigmoid(add) * torch.tanh(proposed)
            known = torch.sigmoid(show) * torch.tanh(memory)
        return self.last(known)[:, 0]


class PlainNetwork(nn.Module):
    """A plain classifier of cells: its answer is the logit of at least one event, no factor."""

    side, steps, is_residual = 3, 1, False

    def __init__(self):
        super().__init__()
        self.around = nn.Conv2d(BANDS, _PLAIN_WIDTH, 3)
        self.hidden = nn.Conv2d(_PLAIN_WIDTH, _PLAIN_WIDTH, 1)
        self.last = _begin_at_zero(nn.Conv2d(_PLAIN_WIDTH, 1, 1))
        nn.init.constant_(self.last.bias, -7.0)

    def forward(self, maps):
        hidden = torch.relu(self.hidden(torch.relu(self.around(maps[:, -1]))))
        return self.last(hidden)[:, 0]


SEISMIC_NETWORKS = {
    "cell": CellNetwork,
    "conv": ConvNetwork,
    "convgru": ConvGRUNetwork,
    "convlstm": ConvLSTMNetwork,
    "cnn": PlainNetwork,
}


class SeismicEnsemble(nn.Module):
    """Networks of one kind that began with different seeds.

    Parameters
    ----------
    name : str
        A key of `SEISMIC_NETWORKS`.
    members : int
    """

    def __init__(self, name, members):
        super().__init__()
        self.members = nn.ModuleList(SEISMIC_NETWORKS[name]() for _ in range(members))

    @property
    def kind(self):
        """The class of the members."""
        return type(self.members[0]) if len(self.members) else CellNetwork
