"""A classifier of images or of pixels, as the explanations take it."""

import numpy as np
import torch
from torch.nn import functional

from ...jobs.model_card import PIXELS
from .. import model_file
from ..classification import patch_side
from ..device import choose_device
from ..normalization import fit, resize, to_network_range
from ..portions import Portions
from .gradcam import grad_cam
from .integrated_gradients import integrated_gradients
from .occlusion import occlusion
from .scores import AtPixels

_AT_ONCE = 8
_WINDOW_PART = 6
_SPREAD = 8  # pixels across an image that is asked at several


class Subject:
    """A model that is looked into.

    Parameters
    ----------
    card : ModelCard
    network : torch.nn.Module
    device : torch.device
    batch_size : int
        Images in one step; 0 for automatic.

    Attributes
    ----------
    side : int
        Of the square of a raster that is one patch, in pixels; see `side_in`.
    of_pixels : bool
        Whether the model names the class of every pixel.
    """

    def __init__(self, card, network, device, batch_size=0):
        self.card, self.device = card, device
        self.batch_size = batch_size or _AT_ONCE
        self._portions = Portions(self.batch_size)
        self.of_pixels = card.task == PIXELS
        self.side = patch_side(card)
        self.network = network.eval().to(device)
        for weight in self.network.parameters():
            weight.requires_grad_(False)

    def side_in(self, grid):
        """Side of the patches of a raster: a classifier of pixels takes smaller ones, too."""
        return min(self.side, grid.width, grid.height) if self.of_pixels else self.side

    def square(self, values, valid=None):
        """Bring one image (band, row, column) to the square that the network sees.

        A classifier of images sees it resized; one of pixels sees its middle, as it is.
        """
        if not self.of_pixels:
            return fit(values, self.card.patch, self.card.crop, valid)
        image = values.astype(np.float32)
        if valid is not None:
            image[:, ~valid] = np.nan
        return _middle(image, self.side)

    def normalized(self, images):
        """Images (N, band, row, column) as they are in the files, as the network takes them."""
        images = torch.as_tensor(np.ascontiguousarray(images)).to(self.device).float()
        if not self.of_pixels and tuple(images.shape[-2:]) != (self.card.patch,) * 2:
            whole = np.dtype(self.card.dtype).kind in "iu"
            images = resize(images, self.card.patch, self.card.crop, whole)
        return to_network_range(images, self.card.normalization)

    @torch.no_grad()
    def probabilities(self, images, check=lambda: None, spread=False):
        """Ask the model.

        Parameters
        ----------
        images : ndarray, shape (N, band, row, column)
            As they are in the files, NaN where not valid.
        check : callable
            Called before every step; may raise.
        spread : bool
            Of a classifier of pixels: at the `asked_pixels` of the images, not in their middle.

        Returns
        -------
        ndarray of float32, shape (M, classes)
            Image by image.
        """

        def look(images):
            check()
            logits = self.network(self.normalized(images))
            if self.of_pixels:
                logits = _at_pixels(logits, _spread_places if spread else _middle_place)
            return torch.softmax(logits / self.card.temperature, 1).cpu().numpy()

        return np.concatenate(self._portions.each(look, images))

    @staticmethod
    def asked_pixels(images):
        """The pixels at which images are asked, evenly over each.

        Parameters
        ----------
        images : ndarray, shape (N, band, row, column)

        Returns
        -------
        ndarray, shape (M, band)
            As many for every image, image by image.
        """
        return _at_pixels(images, _spread_places)

    @torch.no_grad()
    def features(self, images, check=lambda: None):
        """What the network decides by, and what it says.

        Parameters
        ----------
        images : ndarray, shape (N, band, row, column)
            As they are in the files, NaN where not valid.
        check : callable
            Called before every step; may raise.

        Returns
        -------
        features : ndarray of float32, shape (N, D)
            Before the last layer; of a classifier of pixels the mean over the image.
        chances : ndarray of float32, shape (N, classes)
            Of a classifier of pixels in the middle of the image.
        """

        def look(images):
            check()
            return [part.float().cpu().numpy() for part in self._seen_in(self.normalized(images))]

        found = self._portions.each(look, images)
        return tuple(np.concatenate(part) for part in zip(*found, strict=True))

    def _seen_in(self, images):
        if not self.of_pixels:
            features = self.network.backbone(images)
            logits = self.network.head(features)
        else:
            every = self.network.features(images)
            row, column = (side // 2 for side in every.shape[-2:])
            features = every.mean((2, 3))
            logits = self.network.classify(every)[:, :, row, column]
        return features, torch.softmax(logits / self.card.temperature, 1)

    def heat(self, images, method, class_number, job, check=lambda: None):
        """Explain images.

        Parameters
        ----------
        images : ndarray, shape (N, band, row, column)
            As they are in the files, NaN where not valid.
        method : str
            ``"gradcam"``, ``"occlusion"`` or ``"integrated_gradients"``.
        class_number : int or None
            The class to explain; None for what the model says.
        job : ExplainClassification
            Its `window` and `steps`.
        check : callable
            Called before every step; may raise.

        Returns
        -------
        heat : ndarray of float32, shape (N, row, column)
            As large as the images. Of a classifier of pixels 0 where no pixel has the class.
        classes : ndarray of int, shape (N,)
            The class that was explained.
        chances : ndarray, shape (N, classes)
        """

        def look(images):
            check()
            return self._some(images, method, class_number, job, check)

        found = self._portions.each(look, images)
        return tuple(np.concatenate(part) for part in zip(*found, strict=True))

    def _some(self, images, method, class_number, job, check):
        shown = self.normalized(images)
        network, logits, share = self._asked(shown, class_number)
        chances = torch.softmax(logits / self.card.temperature, 1)
        classes = chances.argmax(1) if class_number is None else torch.full_like(logits[:, 0], class_number, dtype=torch.long)  # fmt: skip
        heat = self._by(method, network, shown, classes, job, check) * share[:, None, None]
        heat = self._to_image(heat, images.shape[-2:])
        return heat.cpu().numpy(), classes.cpu().numpy(), chances.cpu().numpy()

    def _by(self, method, network, images, classes, job, check):
        if method == "gradcam":
            # The coarse layers of a U-Net may say nothing where fine ones beside them decide.
            layer = self.network.head[0] if self.of_pixels else None
            return grad_cam(network, images, classes, layer)
        if method == "occlusion":
            side = job.window or max(images.shape[-1] // _WINDOW_PART, 2)
            side = min(side, *images.shape[-2:])
            return occlusion(network, images, classes, side, check, self.card.temperature)
        return integrated_gradients(network, images, classes, job.steps, check)

    @torch.no_grad()
    def _asked(self, images, class_number):
        """The network as one of images, its logits (N, classes), and what its heat is worth.

        A classifier of pixels is asked about the pixels that it gives the class. Its heat counts
        by their share of the image, so that a few of them are not as hot as a whole image.
        """
        if not self.of_pixels:
            logits = self.network(images)
            return self.network, logits, torch.ones_like(logits[:, 0])
        best = self.network(images).argmax(1)
        wanted = _most_frequent(best)
        if class_number is not None:
            wanted = torch.full_like(wanted, class_number)
        weights = (best == wanted[:, None, None]).float()
        share = weights.mean((1, 2))
        weights[share == 0] = 1.0
        network = AtPixels(self.network, weights)
        return network, network(images), share

    def _to_image(self, heat, size):
        """Heat (N, patch, patch) over images of another size; 0 where the network saw nothing."""
        if tuple(heat.shape[-2:]) == tuple(size):
            return heat
        seen = max(round(min(size) * self.card.crop), 1)
        heat = functional.interpolate(heat[:, None], (seen, seen), mode="bilinear")[:, 0]
        whole = heat.new_zeros(len(heat), *size)
        top, left = (size[0] - seen) // 2, (size[1] - seen) // 2
        whole[:, top : top + seen, left : left + seen] = heat
        return whole


def _at_pixels(values, places):
    """Arrays or tensors (N, channel, row, column) at some places along each side: (M, channel)."""
    rows, columns = map(places, values.shape[-2:])
    picked = values[:, :, rows][..., columns].reshape(*values.shape[:2], -1)
    return picked.swapaxes(1, 2).reshape(-1, values.shape[1])


def _middle_place(side):
    return [side // 2]


def _spread_places(side):
    """Some places along a side, evenly and not on its ends."""
    count = min(side, _SPREAD)
    return ((np.arange(count) + 0.5) * side / count).astype(int)


def _most_frequent(best):
    """The class of most pixels of each image (N, row, column)."""
    return torch.stack([image.flatten().bincount().argmax() for image in best])


def _middle(image, side):
    """The middle square of an image; NaN where it is smaller."""
    rows, columns = image.shape[-2:]
    top, left = max((rows - side) // 2, 0), max((columns - side) // 2, 0)
    part = image[:, top : top + side, left : left + side]
    missing = side - part.shape[1], side - part.shape[2]
    margins = [(0, 0)] + [(m // 2, m - m // 2) for m in missing]
    return np.pad(part, margins, constant_values=np.nan)


def load_subject(path, device="auto", batch_size=0):
    """Load a classifier of images or of pixels to look into it.

    Raises
    ------
    JobError
        As `model_file.load` and `device.choose_device`.
    """
    card, network = model_file.load(path)
    return Subject(card, network, choose_device(device), batch_size)
