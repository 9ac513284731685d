"""A generator of images from noise, and the judge that it learns from.

The generator turns a latent vector (and a class) into an image. It grows from 4 x 4 pixels by
nearest-neighbor upsampling and convolution, which leaves no checkerboard as transposed convolution
does. After every convolution the features of a pixel are scaled to unit length, then scaled and
moved by what the latent vector says: no layer looks at other images or at the image's mean, so
an image is the same alone and in a batch. Grain, a map of noise, is added at every scale: what is random
in a texture need not be made up from the latent vector.

The judge is a strided convolutional network with spectral normalization. It sees how much the images
of a batch differ, so that a generator whose images are all alike is found out, and it is asked
whether an image is real and of its class.

References
----------
Radford et al. 2016, arXiv:1511.06434 (DCGAN); Miyato et al. 2018, arXiv:1802.05957 (spectral
normalization); Miyato & Koyama 2018, arXiv:1802.05637 (projection); Karras et al. 2018,
arXiv:1710.10196 (pixel normalization, minibatch standard deviation).
"""

import math

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

LATENT = 128
SMALLEST = 4
_CLASS_FEATURES = 32
_SLOPE = 0.2
# A layer of norm 1 makes most signals smaller; with this gain what an untrained judge says of
# images spreads about 1, at 64 as at 256 pixels (1.7: 0.16; 3: 5 and 16).
_GAIN = 2.2
_WIDEST = 8  # times the width of the finest level
_GROUP = 4


class ImageGenerator(nn.Module):
    """Images from latent vectors.

    Parameters
    ----------
    bands : int
    side : int
        Of the images in pixels: 4 times a power of two.
    classes : int
        1 if there are none.
    width : int
        Features of a pixel at the finest level; twice as many at every coarser one, up to
        eight times.
    """

    def __init__(self, bands, side, classes=1, width=16):
        super().__init__()
        self.bands, self.side, self.classes = bands, side, classes
        widths = level_widths(side, width)
        told = LATENT + (_CLASS_FEATURES if classes > 1 else 0)
        self.embedding = nn.Embedding(classes, _CLASS_FEATURES) if classes > 1 else None
        self.start = nn.Linear(told, widths[0] * SMALLEST**2)
        steps = zip(widths, widths[1:], strict=False)
        self.levels = nn.ModuleList(_Level(before, after, told) for before, after in steps)
        self.end = nn.Conv2d(widths[-1], bands, 3, padding=1, padding_mode="replicate")

    def forward(self, latents, grain, labels):
        """Make images.

        Parameters
        ----------
        latents : torch.Tensor, shape (N, 128)
            Normally distributed.
        grain : torch.Tensor, shape (N, 1, side, side)
            The same.
        labels : torch.Tensor of int, shape (N,)

        Returns
        -------
        torch.Tensor, shape (N, bands, side, side)
            In -1..1.
        """
        told = functional.normalize(latents) * math.sqrt(LATENT)
        if self.embedding is not None:
            told = torch.cat([told, self.embedding(labels)], 1)
        features = self.start(told).view(len(told), -1, SMALLEST, SMALLEST)
        features = _unit_length(features)
        for level in self.levels:
            features = level(features, told, grain)
        return torch.tanh(self.end(features))


class _Level(nn.Module):
    """Twice the pixels, and what the latent vector adds at this scale."""

    def __init__(self, before, after, told):
        super().__init__()
        # What is outside of an image is as at its edge: zeros would draw a frame around it.
        self.grow = nn.Conv2d(before, after, 3, padding=1, padding_mode="replicate")
        self.grain = nn.Parameter(torch.full((1, after, 1, 1), 0.05))
        self.style = nn.Linear(told, 2 * after)
        nn.init.normal_(self.style.weight, std=0.3 / math.sqrt(told))
        nn.init.zeros_(self.style.bias)

    def forward(self, features, told, grain):
        features = self.grow(functional.interpolate(features, scale_factor=2, mode="nearest"))
        step = grain.shape[-1] // features.shape[-1]
        features = features + self.grain * grain[..., ::step, ::step]
        scale, shift = self.style(told)[..., None, None].chunk(2, 1)
        return functional.leaky_relu(_unit_length(features) * (1 + scale) + shift, _SLOPE)


def _unit_length(features):
    """Scale the features of every pixel to a mean square of 1."""
    return features * torch.rsqrt(features.square().mean(1, keepdim=True) + 1e-8)


class ImageJudge(nn.Module):
    """Tells real images from made ones; see `ImageGenerator` for the parameters."""

    def __init__(self, bands, side, classes=1, width=16):
        super().__init__()
        widths = level_widths(side, width)[::-1]
        self.begin = spectral_norm(nn.Conv2d(bands, widths[0], 3, padding=1))
        self.shrink = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1))
            for before, after in zip(widths, widths[1:], strict=False)
        )
        self.mix = spectral_norm(nn.Conv2d(widths[-1] + 1, widths[-1], 3, padding=1))
        self.verdict = spectral_norm(nn.Linear(widths[-1] * SMALLEST**2, 1))
        self.embedding = None
        if classes > 1:
            self.embedding = spectral_norm(nn.Embedding(classes, widths[-1] * SMALLEST**2))

    def forward(self, images, labels):
        """How real images look: a number each, shape (N,), high for real ones."""
        features = _louder(self.begin(images))
        for layer in self.shrink:
            features = _louder(layer(features))
        features = _louder(self.mix(_with_spread(features))).flatten(1)
        logits = self.verdict(features).squeeze(1)
        if self.embedding is not None:
            logits = logits + (self.embedding(labels) * features).sum(1)
        return logits


def _louder(features):
    return functional.leaky_relu(features, _SLOPE) * _GAIN


def _with_spread(features):
    """Add a channel that holds how much the images of a small group differ."""
    count, _, rows, columns = features.shape
    group = _GROUP if count % _GROUP == 0 else count
    grouped = features.reshape(group, count // group, -1)
    spread = (grouped.var(0, unbiased=False) + 1e-8).sqrt().mean(1)
    channel = spread.repeat(group).view(count, 1, 1, 1).expand(-1, 1, rows, columns)
    return torch.cat([features, channel], 1)


def level_widths(side, width):
    """Features of a pixel from the coarsest level, of 4 x 4 pixels, to the finest."""
    levels = round(math.log2(side / SMALLEST))
    return [width * min(_WIDEST, 2 ** (levels - level)) for level in range(levels + 1)]


# What a model's card may name.
IMAGE_GENERATORS = {"dcgan": ImageGenerator}
