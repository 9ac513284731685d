"""The networks of a generator, one after the other, on a device.

References
----------
Wang et al. 2018, arXiv:1809.00219 (network interpolation)
"""

import copy
import math

import torch

from ..degradation import CUBIC_RADIUS, cubic

# Coarse pixels at once: the features of one of 48 channels take 192 bytes, three times.
_PIXELS = {"cpu": 2**18, "mps": 2**20, "cuda": 2**22}


class Stages:
    """Networks of which each makes finer what the one before it made.

    Parameters
    ----------
    stages : sequence of Upscalers
    device : torch.device

    Attributes
    ----------
    bands : int
        Of the first stage; 1 without any.
    has_detail : bool
        Whether a stage has a generator with texture.
    radius : int
        Coarse pixels around one that its result depends on.
    """

    def __init__(self, stages, device):
        self._stages = [
            stage.eval().to(device, memory_format=torch.channels_last) for stage in stages
        ]
        self._device, self._between = device, {}
        self.bands = self._stages[0].fidelity.bands if self._stages else 1
        self.has_detail = any(stage.detail is not None for stage in self._stages)
        self.radius = self._radius()

    def __len__(self):
        return len(self._stages)

    def _radius(self):
        radius, done = CUBIC_RADIUS if not self._stages else 0, 1
        for stage in self._stages:
            radius += stage.receptive_radius / done
            done *= stage.fidelity.factor
        return math.ceil(radius)

    def made(self, coarse, told, detail):
        """Interpolate, and add what the networks add; not yet held to the measurements.

        Parameters
        ----------
        coarse : torch.Tensor, shape (N, C, H, W)
        told, detail : float
            See `Generator.upscale`.

        Returns
        -------
        torch.Tensor, shape (N, C, factor * H, factor * W)
        """
        for number, stage in enumerate(self._stages):
            # What a stage gives is no sensor's image: the next one has to see for itself.
            heard = 0.0 if number else told
            coarse = cubic(coarse, stage.fidelity.factor) + self._added(
                self.network(number, detail), coarse, heard
            )
        return coarse

    def _added(self, network, coarse, told):
        images = coarse if network.bands > 1 else coarse.flatten(0, 1)[:, None]
        count = max(1, _PIXELS[self._device.type] // (images.shape[2] * images.shape[3]))
        heard = torch.full((len(images),), told, device=images.device)
        parts = [
            network(part.contiguous(memory_format=torch.channels_last), heard[: len(part)])
            for part in images.split(count)
        ]
        made = parts[0] if len(parts) == 1 else torch.cat(parts)
        return made.view(*coarse.shape[:2], *made.shape[-2:])

    def network(self, number, detail):
        """The network of a stage whose weights lie between the faithful and the textured ones."""
        stage = self._stages[number]
        if not detail or stage.detail is None:
            return stage.fidelity
        if detail == 1:
            return stage.detail
        if (number, detail) not in self._between:
            self._between[number, detail] = _blended(stage, detail)
        return self._between[number, detail]


def _blended(stage, detail):
    network = copy.deepcopy(stage.fidelity)
    with torch.no_grad():
        pairs = zip(network.parameters(), stage.detail.parameters(), strict=True)
        for weight, other in pairs:
            weight.lerp_(other, detail)
    return network
