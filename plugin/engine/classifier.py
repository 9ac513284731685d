"""A trained image classifier, ready to use."""

import os

import numpy as np
import torch

from ..jobs.errors import JobError
from ..jobs.model_card import CLASSIFICATION
from . import model_file
from .device import choose_device, half_precision, sent
from .folding import folded
from .normalization import fit, resize, to_network_range
from .portions import Portions

_BATCH = {"cpu": 64, "cuda": 256, "mps": 64}


class Classifier:
    """A model with its card, on a device.

    Parameters
    ----------
    card : ModelCard
    network : torch.nn.Module
    device : torch.device
    batch_size : int
        Images in one step; 0 for automatic.
    """

    def __init__(self, card, network, device, batch_size=0):
        self.card = card
        self.device = device
        self.portions = Portions(batch_size or _BATCH[device.type])
        image = torch.zeros(1, len(card.bands), card.patch, card.patch)
        network = folded(network.eval(), image)
        self.network = network.to(device, memory_format=torch.channels_last)

    def fit(self, values, valid=None):
        """Bring one image (band, row, column) to the square the network sees; see `fit`."""
        return fit(values, self.card.patch, self.card.crop, valid)

    def logits(self, images):
        """Logits (N, classes) of images (N, band, row, column) as they are in the files."""
        if not torch.is_tensor(images):
            images = torch.as_tensor(images)
        return torch.cat(self.portions.each(self._forward, images))

    def probabilities(self, images):
        """Calibrated probabilities of images.

        Parameters
        ----------
        images : numpy.ndarray or torch.Tensor, shape (N, band, row, column)
            Values as they are in the files, NaN where not valid. Images of another size than
            the card's patch are resized first.

        Returns
        -------
        numpy.ndarray of float32, shape (N, classes)
        """
        return torch.softmax(self.logits(images) / self.card.temperature, 1).numpy()

    @torch.no_grad()
    def _forward(self, images):
        images = sent(images, self.device).float()
        if tuple(images.shape[-2:]) != (self.card.patch, self.card.patch):
            whole = np.dtype(self.card.dtype).kind in "iu"
            images = resize(images, self.card.patch, self.card.crop, whole)
        images = to_network_range(images, self.card.normalization)
        seen = images.contiguous(memory_format=torch.channels_last)
        with half_precision(self.device):
            return self.network(seen).float().cpu()


def load_classifier(path, device="auto", batch_size=0):
    """Load an image classifier from a model file.

    Parameters
    ----------
    path : str
    device : {"auto", "cpu", "cuda", "mps"}
    batch_size : int
        Images in one step; 0 for automatic.

    Returns
    -------
    Classifier

    Raises
    ------
    JobError
        As `model_file.load` and `device.choose_device`.
    """
    card, network = model_file.load(path, CLASSIFICATION)
    if card.arguments.get("headless"):
        raise JobError(
            f'Model "{os.path.basename(path)}" has no last layer: it knows no classes yet.',
            "Choose it in Train image classifier, with Start from: a model of mine, and use the "
            "model that comes out.",
        )
    return Classifier(card, network, choose_device(device), batch_size)
