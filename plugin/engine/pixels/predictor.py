"""A trained pixel classifier, ready to use."""

import copy

import torch

from ...jobs.errors import JobError
from ...jobs.model_card import PIXELS
from .. import model_file
from ..device import choose_device, half_precision, sent
from ..folding import folded
from ..normalization import to_network_range
from .trust import Trust, beside_features

_ROWS = 64
_ALL_TURNS = tuple((quarter, mirror) for mirror in (False, True) for quarter in range(4))


class PixelPredictor:
    """A model with its card, on a device.

    Parameters
    ----------
    card : ModelCard
    network : PixelNetwork
    device : torch.device
    trust : Trust, optional
        If given, the last channel of what it predicts is the dissimilarity index.
    turned : bool
        Whether probabilities are the mean over the eight turns and mirrorings of an image.

    Attributes
    ----------
    halo : int
        Pixels around a pixel that its result depends on.
    stride : int
    sees_all : bool
        Whether a result also depends on the mean over the window.
    channels : int
        Of what it predicts.
    """

    def __init__(self, card, network, device, trust=None, turned=False):
        self.card, self.device, self._turned = card, device, turned
        self.halo, self.stride = network.receptive_radius, network.stride
        self.sees_all = network.sees_all
        network = network.eval()
        small = torch.zeros(1, len(card.bands), 4 * self.stride, 4 * self.stride)
        self.network = folded(network, small).to(device, memory_format=torch.channels_last)
        self.trust = trust and trust.to(device)
        self.classes = len(card.classes)
        self.channels = self.classes + bool(trust)

    def normalized(self, images):
        """Images as the network takes them, on its device."""
        images = to_network_range(sent(images, self.device), self.card.normalization)
        return images.contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def __call__(self, images, cut=0):
        """Predict images.

        Parameters
        ----------
        images : torch.Tensor, shape (N, band, row, column)
            Values as they are in the files, NaN where not valid.
        cut : int
            Pixels at every side for which nothing is wanted.

        Returns
        -------
        torch.Tensor, shape (N, channels, row, column)
            Calibrated probability of every class; the dissimilarity index, if there is trust.
        """
        images = self.normalized(images)
        if self.trust is None:
            with half_precision(self.device):
                return self._seen(images, cut)[1]
        features, chances = self._seen(images, cut)
        return torch.cat([chances, self._of_rows(images, features, cut, self._index)], 1)

    @torch.inference_mode()
    def with_coordinates(self, images, cut=0):
        """Probabilities as in a call, then where every pixel lies in the space of the trust."""
        images = self.normalized(images)
        features, chances = self._seen(images, cut)
        return torch.cat([chances, self._of_rows(images, features, cut, self.trust.place)], 1)

    def _seen(self, images, cut):
        """Features and probabilities of normalized images."""
        features = self.network.features(images, cut)
        chances = self._chances(features)
        return features, self._mean_of_turns(images, chances, cut) if self._turned else chances

    def window_bytes(self, core, halo, cut):
        """Estimate the memory that a window needs.

        The largest input and output of a layer, and as much again for what waits beside it.

        Parameters
        ----------
        core, halo : int
            Side of the core, and pixels around it.
        cut : int
            Pixels at every side for which nothing is wanted.

        Returns
        -------
        int
            Bytes.
        """
        side, bands = core + 2 * halo, len(self.card.bands)
        largest = largest_layer(self.network, bands, side, cut)
        return 4 * (2 * largest + 3 * bands * side**2 + 3 * self.channels * (side - 2 * cut) ** 2)

    def _chances(self, features):
        logits = self.network.classify(features).float()
        return torch.softmax(logits / self.card.temperature, 1)

    def _mean_of_turns(self, images, chances, cut):
        """The mean over all turns; `chances` are those of the image as it is."""
        for quarter, mirror in _ALL_TURNS[1:]:
            turned = torch.rot90(images.flip(3) if mirror else images, quarter, (2, 3))
            turned = turned.contiguous(memory_format=torch.channels_last)
            part = self._chances(self.network.features(turned, cut))
            part = torch.rot90(part, -quarter, (2, 3))
            chances = chances + (part.flip(3) if mirror else part)
        return chances / len(_ALL_TURNS)

    def _index(self, described):
        return self.trust.dissimilarity(described)[:, None]

    def _of_rows(self, images, features, cut, work):
        """What `work` makes of `trust_features` (m, F), some rows at a time: texture takes memory.

        Returns
        -------
        torch.Tensor, shape (N, channel, row, column)
        """
        parts = []
        for top in range(0, features.shape[2], _ROWS):
            described = self._described(images, features[:, :, top : top + _ROWS], top + cut, cut)
            described = described.permute(0, 2, 3, 1)
            made = work(described.flatten(0, 2))
            parts.append(made.view(*described.shape[:3], -1).permute(0, 3, 1, 2))
        return torch.cat(parts, 2)

    def _described(self, images, features, top, cut):
        """`trust_features` of rows of images from `top` on, whose features are known."""
        bottom = top + features.shape[2]
        first, last = max(top - _ROWS, 0), min(bottom + _ROWS, images.shape[2])
        beside = beside_features(self.network, images[:, :, first:last])
        beside = beside[:, :, top - first : bottom - first, cut : images.shape[3] - cut]
        return torch.cat([features.float(), beside], 1)


def largest_layer(network, bands, side, cut=0):
    """Numbers in the largest input and output of a layer, together, for a window of some side.

    Nothing is computed for it: the layers only say how large their results would be.
    """
    largest = [0]

    def look(layer, inputs, output):
        largest[0] = max(largest[0], inputs[0].numel() + output.numel())

    plan = copy.deepcopy(network).to("meta")
    for layer in plan.modules():
        if not list(layer.children()):
            layer.register_forward_hook(look)
    with torch.no_grad():
        plan.classify(plan.features(torch.zeros(1, bands, side, side, device="meta"), cut))
    return largest[0]


def load_predictor(path, device="auto", trust=False, turned=False):
    """Load a pixel classifier from a model file.

    Parameters
    ----------
    path : str
    device : {"auto", "cpu", "cuda", "mps"}
    trust : bool
        Whether the dissimilarity is wanted too.
    turned : bool
        See `PixelPredictor`.

    Returns
    -------
    PixelPredictor

    Raises
    ------
    JobError
        As `model_file.load` and `device.choose_device`; if trust is wanted and the model does
        not know where it may be trusted.
    """
    card, network, extras = model_file.load_with_extras(path, PIXELS)
    known = Trust.load(card, extras) if trust else None
    if trust and known is None:
        raise JobError(
            "The model does not know where it may be trusted.",
            "Leave TRUST empty, or train the model again.",
        )
    return PixelPredictor(card, network, choose_device(device), known, turned)
