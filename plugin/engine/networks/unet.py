"""U-Net: an encoder that halves the image step by step, and a decoder back to every pixel.

References
----------
Ronneberger et al. 2015, doi:10.1007/978-3-319-24574-4_28.
"""

import torch
from torch import nn

# Channels of the decoder from the coarsest step to the finest.
_WIDTHS = (64, 48, 32, 24)
_PIXEL_WIDTH = 32


class UNet(nn.Module):
    """An encoder with its decoder.

    What each pixel alone says (`pixel`) goes to the decoder at full resolution, and past it to the
    classifier: a stack of elevation and geophysics tells much in the values of single pixels, which
    the encoder's first strided convolution has already mixed. So the network is from its first step
    on what a network of single pixels is, and what it learns of the surroundings adds to that.

    Parameters
    ----------
    encoder : torch.nn.Sequential
        Steps that halve the image, the first from full resolution.
    widths : sequence of int
        Channels after every step of the encoder.
    bands : int
    """

    sees_all, narrows = False, True

    def __init__(self, encoder, widths, bands):
        super().__init__()
        self.encoder = encoder
        self.pixel = nn.Sequential(
            _convolution(bands, _PIXEL_WIDTH, 1), _convolution(_PIXEL_WIDTH, _PIXEL_WIDTH, 1)
        )
        beside = [_PIXEL_WIDTH, *widths[:-1]][::-1]
        below = [widths[-1], *_WIDTHS]
        self.decoder = nn.ModuleList(
            _Up(before, near, after, 1 if place == len(beside) - 1 else 2)
            for place, (before, near, after) in enumerate(zip(below, beside, _WIDTHS, strict=False))
        )
        self.width = _WIDTHS[len(widths) - 1] + _PIXEL_WIDTH
        self.stride = 2 ** len(widths)

    def forward(self, images, cut=0):
        """Images (N, bands, row, column) to features (N, width, row, column).

        Sides must be multiples of `stride`. Where the `cut` pixels at every side are not wanted,
        the decoder leaves out what only they depend on: most of the work is at full resolution,
        while what looks far is the end of the encoder.
        """
        cuts = self._cuts(cut)
        alone = self.pixel(narrowed(images, 2 * cuts[1]))
        seen = []
        for step in self.encoder:
            images = step(images)
            seen.append(images)
        features = narrowed(seen.pop(), cuts[-1])
        for place, up in zip(reversed(range(len(cuts) - 1)), self.decoder, strict=True):
            before = 2 * cuts[place + 1]
            beside = narrowed(seen.pop(), before) if place else alone
            features = narrowed(up(features, beside), cuts[place] - before)
        return torch.cat([features, narrowed(alone, cut - 2 * cuts[1])], 1)

    def _cuts(self, cut):
        """What each resolution can leave out at every side, in its pixels, from the finest on."""
        cuts = [cut]
        for up in reversed(self.decoder):
            cuts.append(max((cuts[-1] - len(up.layers)) // 2, 0))
        return cuts

    def longest_path(self):
        """The layers along the path that looks farthest: down the encoder, up the decoder."""
        for part in (self.encoder, self.decoder):
            for name, layer in part.named_modules():
                if "downsample" not in name:  # beside the longer path of a residual block
                    yield layer


class _Up(nn.Module):
    """Twice the resolution, joined with what the encoder saw there."""

    def __init__(self, below, beside, after, convolutions):
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        # Each looks one pixel farther.
        layers = [_convolution(below + beside, after, 3)]
        layers += [_convolution(after, after, 3) for _ in range(convolutions - 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, features, beside):
        return self.layers(torch.cat([self.enlarge(features), beside], 1))


def narrowed(values, cut):
    """An array (..., row, column) without `cut` pixels at every side."""
    rows, columns = values.shape[-2:]
    return values[..., cut : rows - cut, cut : columns - cut] if cut else values


def _convolution(before, after, side):
    return nn.Sequential(
        nn.Conv2d(before, after, side, padding=side // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


def mobilenet_steps(backbone):
    """Cut MobileNetV2 into the steps that halve the image, down to a sixteenth.

    The last step, to a thirty-second, is left out: it would widen what a pixel depends on by 300
    pixels, and the border that windows must share with it.

    Returns
    -------
    encoder : torch.nn.Sequential
    widths : tuple of int
    """
    layers = backbone.features
    return nn.Sequential(layers[0:2], layers[2:4], layers[4:7], layers[7:14]), (16, 24, 32, 96)


def resnet_steps(backbone):
    """Cut ResNet-18 into the steps that halve the image, down to a sixteenth."""
    first = nn.Sequential(backbone.conv1, backbone.bn1, backbone.relu)
    second = nn.Sequential(backbone.maxpool, backbone.layer1)
    return nn.Sequential(first, second, backbone.layer2, backbone.layer3), (64, 64, 128, 256)
