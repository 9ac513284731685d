"""The U-Net of the library segmentation-models-pytorch, for weights that were trained with it.

Layers have the names that they have there, so that its weights fit.

References
----------
Iakubovskii 2019, Segmentation Models PyTorch (MIT license).
"""

from collections import OrderedDict

import torch
import torchvision
from torch import nn

ENCODERS = ("resnet18", "resnet34", "resnet50", "mobilenet_v2")
SCSE = "scse"
DEPTHS = (3, 4, 5)
_MOST_CHANNELS = 4096
_SQUEEZED = 16


class SmpUnet(nn.Module):
    """An encoder down to an 8th, 16th or 32nd of the resolution, and a decoder back to every pixel.

    Parameters
    ----------
    structure : dict
        ``encoder``, one of `ENCODERS`; ``decoder``, the channels of its steps, as many as the
        encoder is deep (`DEPTHS`); ``width``, the channels of the result. May have ``attention``,
        which is `SCSE`, and ``normalized``, whether the decoder normalizes batches.

    Raises
    ------
    ValueError
        If there is no such encoder, or the numbers make no sense.
    """

    def __init__(self, structure):
        super().__init__()
        name, decoder = structure["encoder"], [int(c) for c in structure["decoder"]]
        self.width = int(structure["width"])
        attention, is_normalized = structure.get("attention", ""), structure.get("normalized", True)
        sound = all(0 < count <= _MOST_CHANNELS for count in (self.width, *decoder))
        if name not in ENCODERS or len(decoder) not in DEPTHS or not sound:
            raise ValueError(f"no U-Net of {name} with {decoder}")
        if attention not in ("", SCSE):
            raise ValueError(f"no attention {attention}")
        self._depth, self.stride = len(decoder), 2 ** len(decoder)
        self.sees_all = bool(attention)  # it hangs on the mean over the window
        self.encoder, widths = _encoder(name)
        self.decoder = nn.Module()
        *beside, deepest = widths[: self._depth]
        below, beside = [deepest, *decoder[:-1]], [*reversed(beside), 0]
        self.decoder.blocks = nn.ModuleList(
            _Block(*channels, attention, is_normalized)
            for channels in zip(below, beside, decoder, strict=True)
        )
        self.segmentation_head = nn.Sequential(nn.Conv2d(decoder[-1], self.width, 3, padding=1))

    def forward(self, images):
        """Images (N, bands, row, column) to logits (N, width, row, column)."""
        seen = []
        for step in self._used():
            images = step(images)
            seen.append(images)
        features = seen.pop()
        for block in self.decoder.blocks:
            features = block(features, seen.pop() if seen else None)
        return self.segmentation_head(features)

    def longest_path(self):
        """The layers along the path that looks farthest: down the encoder, up the decoder."""
        for part in (*self._used(), self.decoder, self.segmentation_head):
            for name, layer in part.named_modules():
                if "downsample" not in name:  # beside the longer path of a residual block
                    yield layer

    def _used(self):
        """The steps of the encoder; a shallow network has layers below that it does not use."""
        return _steps(self.encoder)[: self._depth]


class _Block(nn.Module):
    """Twice the resolution, joined with what the encoder saw there."""

    def __init__(self, below, beside, after, attention, is_normalized):
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.conv1 = _convolution(below + beside, after, is_normalized)
        self.attention1 = _attention(attention, below + beside)
        self.conv2 = _convolution(after, after, is_normalized)
        self.attention2 = _attention(attention, after)

    def forward(self, features, beside):
        features = self.enlarge(features)
        if beside is not None:
            features = self.attention1(torch.cat([features, beside], 1))
        return self.attention2(self.conv2(self.conv1(features)))


class _Attention(nn.Module):
    """Channels and pixels are weighted, each by what the other sees (SCSE).

    References
    ----------
    Roy et al. 2018, https://doi.org/10.1007/978-3-030-00928-1_48
    """

    def __init__(self, channels):
        super().__init__()
        fewer = channels // _SQUEEZED
        self.cSE = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, fewer, 1), nn.ReLU(),
            nn.Conv2d(fewer, channels, 1), nn.Sigmoid(),
        )  # fmt: skip
        self.sSE = nn.Sequential(nn.Conv2d(channels, 1, 1), nn.Sigmoid())

    def forward(self, features):
        return features * self.cSE(features) + features * self.sSE(features)


def _attention(name, channels):
    layer = _Attention(channels) if name else nn.Identity()
    return nn.Sequential(OrderedDict(attention=layer))


def _convolution(before, after, is_normalized):
    layer = nn.Conv2d(before, after, 3, padding=1, bias=not is_normalized)
    return nn.Sequential(
        layer, nn.BatchNorm2d(after) if is_normalized else nn.Identity(), nn.ReLU()
    )


def _encoder(name):
    """The encoder without its last layer, and the channels after each of its five steps."""
    network = torchvision.models.get_model(name, weights=None)
    if name == "mobilenet_v2":
        network.classifier = nn.Identity()
        return network, (16, 24, 32, 96, 1280)
    network.fc = nn.Identity()
    widths = (256, 512, 1024, 2048) if name == "resnet50" else (64, 128, 256, 512)
    return network, (64, *widths)


def _steps(encoder):
    """What halves the image, from full resolution on."""
    if hasattr(encoder, "features"):
        parts = encoder.features
        return [parts[0:2], parts[2:4], parts[4:7], parts[7:14], parts[14:]]
    first = nn.Sequential(encoder.conv1, encoder.bn1, encoder.relu)
    second = nn.Sequential(encoder.maxpool, encoder.layer1)
    return [first, second, encoder.layer2, encoder.layer3, encoder.layer4]
