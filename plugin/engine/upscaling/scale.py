"""To the network's range and back, without losing what is fine in large values."""

from dataclasses import dataclass

import numpy as np
import torch

from .fine_images import STANDARD_DEVIATIONS


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of every band.

    Attributes
    ----------
    mean, sd : array of float64, shape (band,)
        In the raster's unit; a constant band has a standard deviation of 1.
    """

    mean: np.ndarray
    sd: np.ndarray

    def to_network(self, values):
        """Values (band, row, column) as a tensor (1, band, row, column) in the network's range."""
        z = (values.astype(np.float64) - self.mean[:, None, None]) / self.steps
        return torch.from_numpy(z.astype(np.float32))[None]

    def to_unit(self, tensor):
        """A tensor (1, band, row, column) in the raster's unit, as float64."""
        values = tensor[0].numpy(force=True).astype(np.float64)
        return values * self.steps + self.mean[:, None, None]

    @property
    def steps(self):
        """What 1 in the network's range is in the raster's unit, (band, 1, 1)."""
        return STANDARD_DEVIATIONS * self.sd[:, None, None]

    def as_card(self):
        """The numbers of a model's card."""
        return {"mean": [float(v) for v in self.mean], "sd": [float(v) for v in self.sd]}


def scale_of(pieces):
    """The scale of values that come in pieces.

    Parameters
    ----------
    pieces : iterable of array, shape (band, ...)
        Only finite values count.

    Returns
    -------
    Scale or None
        None if there is no value.
    """
    count = total = squares = center = 0
    for values in pieces:
        flat = values.reshape(len(values), -1).astype(np.float64)
        flat = flat[:, np.isfinite(flat).all(axis=0)]
        if not flat.shape[1]:
            continue
        if not count:
            center = flat.mean(axis=1, keepdims=True)
        count += flat.shape[1]
        total = total + (flat - center).sum(axis=1)
        squares = squares + ((flat - center) ** 2).sum(axis=1)
    if not count:
        return None
    variance = np.maximum(squares / count - (total / count) ** 2, 0.0)
    return Scale(center[:, 0] + total / count, np.where(variance > 0, np.sqrt(variance), 1.0))
