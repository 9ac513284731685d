"""Recurrent networks over grids: a convolutional GRU and a convolutional LSTM.

Both read a sequence of grids step after step and answer from what they remember. The last layer
begins at zero: a network that is added to a reference forecast is that reference before it learns.

References
----------
Shi et al. 2015, arXiv:1506.04214 (ConvLSTM); Ballas et al. 2016, arXiv:1511.06432 (ConvGRU).
"""

import torch
from torch import nn

HIDDEN = 16


class GRUCell(nn.Module):
    """One step of a convolutional GRU; its state is one tensor (N, hidden, H, W)."""

    def __init__(self, bands, hidden, kernel=3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(bands + hidden, 2 * hidden, kernel, padding=kernel // 2)
        self.candidate = nn.Conv2d(bands + hidden, hidden, kernel, padding=kernel // 2)

    def begin(self, grids):
        """The state before the first step: nothing is remembered."""
        return grids.new_zeros(grids.shape[0], self.hidden, *grids.shape[-2:])

    def forward(self, grids, state):
        """Take a step; give back what is known, and the state."""
        reset, update = self.gates(torch.cat([grids, state], 1)).sigmoid().chunk(2, 1)
        proposed = self.candidate(torch.cat([grids, reset * state], 1)).tanh()
        state = torch.lerp(state, proposed, update)
        return state, state


class LSTMCell(nn.Module):
    """One step of a convolutional LSTM; its state is a pair of tensors (N, hidden, H, W)."""

    def __init__(self, bands, hidden, kernel=3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(bands + hidden, 4 * hidden, kernel, padding=kernel // 2)
        with torch.no_grad():
            self.gates.bias[hidden : 2 * hidden] = 1.0  # remember, until told to forget

    def begin(self, grids):
        """The state before the first step: nothing is remembered."""
        empty = grids.new_zeros(grids.shape[0], self.hidden, *grids.shape[-2:])
        return empty, empty

    def forward(self, grids, state):
        """Take a step; give back what is known, and the state."""
        known, memory = state
        gates = self.gates(torch.cat([grids, known], 1)).chunk(4, 1)
        add, keep, show = (gate.sigmoid() for gate in gates[:3])
        memory = keep * memory + add * gates[3].tanh()
        known = show * memory.tanh()
        return known, (known, memory)


RECURRENT = {"convgru": GRUCell, "convlstm": LSTMCell}


class RecurrentNetwork(nn.Module):
    """Reads a sequence of grids, and answers with grids of the same rows and columns.

    Parameters
    ----------
    name : {"convgru", "convlstm"}
    bands : int
        Channels of every grid of the sequence.
    outputs : int
        Channels of the answer.
    hidden : int
        Channels of the memory.
    kernel : int
        Side of the convolutions in cells; odd.
    """

    def __init__(self, name, bands, outputs, hidden=HIDDEN, kernel=3):
        super().__init__()
        self.cell = RECURRENT[name](bands, hidden, kernel)
        self.head = nn.Conv2d(hidden, outputs, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, sequence):
        """Answer after the last step.

        Parameters
        ----------
        sequence : torch.Tensor, shape (N, step, bands, H, W)

        Returns
        -------
        torch.Tensor, shape (N, outputs, H, W)
        """
        return self.head(self._read(sequence)[0][-1])

    def every_step(self, sequence, state=None):
        """Answer after every step.

        Parameters
        ----------
        sequence : torch.Tensor, shape (N, step, bands, H, W)
        state : optional
            As an earlier call gave it, to go on from there; None to begin.

        Returns
        -------
        answers : torch.Tensor, shape (N, step, outputs, H, W)
        state
        """
        known, state = self._read(sequence, state)
        return torch.stack([self.head(grids) for grids in known], 1), state

    def _read(self, sequence, state=None):
        state = self.cell.begin(sequence[:, 0]) if state is None else state
        steps = []
        for grids in sequence.unbind(1):
            known, state = self.cell(grids, state)
            steps.append(known)
        return steps, state
