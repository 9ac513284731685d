"""What images look like in numbers: features of a network that has seen many photographs.

The bundled MobileNetV2 judges what the generator makes; it takes no part in its training, so that the
generator cannot learn to please it. Distances between its features tell copies from new images and varied
images from images that are all alike, even if they are moved a little or a little brighter.
"""

import numpy as np
import torch
from torch.nn import functional

from .. import model_file, networks
from ..fine_tuning import BUNDLED
from ..portions import Portions

_SEEN = 96  # pixels
_TOGETHER = 64


class Eye:
    """Features of images of a number of bands.

    Parameters
    ----------
    bands : int
    device : torch.device
    """

    def __init__(self, bands, device):
        _, classifier = model_file.load(BUNDLED)
        networks.adapt_bands(classifier.backbone, bands)
        networks.freeze(classifier.backbone)
        self._network = classifier.backbone.eval().to(device, memory_format=torch.channels_last)
        self._device = device

    @torch.no_grad()
    def features(self, images, progress=None):
        """Features of images.

        Parameters
        ----------
        images : torch.Tensor, shape (N, band, row, column)
            In -1..1, which is how the network saw photographs.
        progress : Progress, optional

        Returns
        -------
        numpy.ndarray of float32, shape (N, 1280)

        Raises
        ------
        Stopped
            If the user cancels.
        """
        seen = 0

        def look(some):
            nonlocal seen
            if progress is not None:
                progress(seen / len(images), f"Looking at image {seen + 1:,} of {len(images):,}")
            some = functional.interpolate(some, (_SEEN, _SEEN), mode="bilinear", antialias=True)
            some = some.to(self._device).contiguous(memory_format=torch.channels_last)
            features = self._network(some).cpu()
            seen += len(features)
            return features

        found = Portions(_TOGETHER).each(look, images)
        return torch.cat(found).numpy() if found else np.zeros((0, 1280), np.float32)
