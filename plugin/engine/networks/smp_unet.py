"""The U-Net of the library segmentation-models-pytorch, for weights that were trained with it.

Layers have the names that they have there, so that its weights fit.

References
----------
Iakubovskii 2019, Segmentation Models PyTorch (MIT license).
"""

import torch
import torchvision
from torch import nn

ENCODERS = ("resnet18", "resnet34", "resnet50", "mobilenet_v2")
_MOST_CHANNELS = 4096


class SmpUnet(nn.Module):
    """An encoder down to a 32nd of the resolution, and a decoder back to every pixel.

    Parameters
    ----------
    structure : dict
        ``encoder``, one of `ENCODERS`; ``decoder``, the channels of its five steps; ``width``, the
        channels of the result.

    Raises
    ------
    ValueError
        If there is no such encoder, or the numbers make no sense.
    """

    sees_all, stride = False, 32

    def __init__(self, structure):
        super().__init__()
        name, decoder = structure["encoder"], [int(c) for c in structure["decoder"]]
        self.width = int(structure["width"])
        sound = all(0 < count <= _MOST_CHANNELS for count in (self.width, *decoder))
        if name not in ENCODERS or len(decoder) != 5 or not sound:
            raise ValueError(f"no U-Net of {name} with {decoder}")
        self.encoder, widths = _encoder(name)
        self.decoder = nn.Module()
        below, beside = [widths[-1], *decoder[:-1]], [*widths[-2::-1], 0]
        self.decoder.blocks = nn.ModuleList(map(_Block, below, beside, decoder))
        self.segmentation_head = nn.Sequential(nn.Conv2d(decoder[-1], self.width, 3, padding=1))

    def forward(self, images):
        """Images (N, bands, row, column) to logits (N, width, row, column)."""
        seen = []
        for step in _steps(self.encoder):
            images = step(images)
            seen.append(images)
        features = seen.pop()
        for block in self.decoder.blocks:
            features = block(features, seen.pop() if seen else None)
        return self.segmentation_head(features)

    def longest_path(self):
        """The layers along the path that looks farthest: down the encoder, up the decoder."""
        for part in (self.encoder, self.decoder, self.segmentation_head):
            for name, layer in part.named_modules():
                if "downsample" not in name:  # beside the longer path of a residual block
                    yield layer


class _Block(nn.Module):
    """Twice the resolution, joined with what the encoder saw there."""

    def __init__(self, below, beside, after):
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.conv1 = _convolution(below + beside, after)
        self.conv2 = _convolution(after, after)

    def forward(self, features, beside):
        features = self.enlarge(features)
        if beside is not None:
            features = torch.cat([features, beside], 1)
        return self.conv2(self.conv1(features))


def _convolution(before, after):
    layer = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(after), nn.ReLU())


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
