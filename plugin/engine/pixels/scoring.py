"""What a network says at chosen pixels, and of small maps: read with all the ground it sees."""

from dataclasses import dataclass

import numpy as np
import torch

from ..normalization import to_network_range
from ..reading_ahead import ahead

_TILE = 512
_MOST_TILES = 40


@dataclass(frozen=True)
class Window:
    """A part of the rasters in which something is wanted: corner, size, and which pixels."""

    row: int
    column: int
    height: int
    width: int
    pixels: np.ndarray = None


class Seer:
    """A network that reads a stack of rasters where it is asked.

    Parameters
    ----------
    network : PixelNetwork
    numbers : dict
        Normalization.
    stack : Stack
    side : int
        Of the patches that it was trained on.
    device : torch.device
    """

    def __init__(self, network, numbers, stack, side, device):
        self.network = network.eval().to(device, memory_format=torch.channels_last)
        self._numbers, self._stack, self._device = numbers, stack, device
        stride, radius = network.stride, network.receptive_radius
        if network.sees_all:  # as in training: windows of a patch
            radius = side // 4
        self._halo = -(-radius // stride) * stride
        self._tile = side // 2 if network.sees_all else _TILE

    def windows(self, pixels, seed, most=_MOST_TILES):
        """Windows that hold pixels; some of them by chance if there are too many.

        Parameters
        ----------
        pixels : Pixels
        seed : int
        most : int

        Returns
        -------
        list of Window
        """
        tiles = pixels.rows // self._tile * 1_000_003 + pixels.columns // self._tile
        known = np.unique(tiles)
        chosen = np.random.default_rng(seed).permutation(len(known))[:most]
        return [self._around(pixels, np.flatnonzero(tiles == known[i])) for i in np.sort(chosen)]

    def _around(self, pixels, members):
        """The smallest window on the network's steps around some pixels."""
        step = max(self.network.stride, 1)
        rows, columns = pixels.rows[members], pixels.columns[members]
        row, column = int(rows.min()) // step * step, int(columns.min()) // step * step
        height, width = int(rows.max()) + 1 - row, int(columns.max()) + 1 - column
        return Window(row, column, height, width, members)

    def look(self, windows, see, progress):
        """Look at windows.

        Parameters
        ----------
        windows : list of Window
        see : callable
            ``see(network, images, inside)``: normalized images (1, band, row, column) with the
            halo, and the slices of the window in them; what it gives is passed on.
        progress : Progress
            Its name says what for.

        Yields
        ------
        Window, object
        """
        read = ((window, self._read(window)) for window in windows)
        for number, (window, images) in enumerate(ahead(read, progress.check), 1):
            inside = (
                slice(self._halo, self._halo + window.height),
                slice(self._halo, self._halo + window.width),
            )
            images = to_network_range(images.to(self._device), self._numbers)
            images = images.contiguous(memory_format=torch.channels_last)
            with torch.no_grad():
                yield window, see(self.network, images, inside)
            progress(number / len(windows), f"Window {number:,} of {len(windows):,}")

    def _read(self, window):
        halo = self._halo
        size = window.height + 2 * halo, window.width + 2 * halo
        values, valid = self._stack.read(window.row - halo, window.column - halo, *size)
        images = values.astype(np.float32)
        if valid is not None:
            images[:, ~valid] = np.nan
        return torch.from_numpy(images)[None]


def logits_at(seer, pixels, seed, progress):
    """Logits at pixels.

    Parameters
    ----------
    seer : Seer
    pixels : Pixels
    seed : int
    progress : Progress

    Returns
    -------
    places : int array, shape (m,)
        Which of the pixels were looked at.
    logits : float64 array, shape (m, classes)
    """
    places, parts = [], []
    for window, logits in seer.look(seer.windows(pixels, seed), _logits, progress):
        mine = pixels.take(window.pixels)
        parts.append(logits[:, mine.rows - window.row, mine.columns - window.column].T)
        places.append(window.pixels)
    return np.concatenate(places), np.concatenate(parts).astype(np.float64)


def _logits(network, images, inside):
    logits = network(images)[0][(slice(None), *inside)]
    return logits.float().cpu().numpy()


def maps_of(seer, windows, progress):
    """Logits (class, row, column) of windows."""
    return [logits for _, logits in seer.look(windows, _logits, progress)]
