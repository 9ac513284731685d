"""The plain convolutional network of three blocks, as in many papers on small image sets."""

from torch import nn

WIDTHS = (32, 64, 128)


def small_cnn(bands=3):
    """Make the backbone: three blocks of convolution, normalization, ReLU and pooling.

    Returns
    -------
    backbone : torch.nn.Module
        Images (N, bands, row, column) to features (N, 128).
    width : int
        Number of features.
    """
    blocks = []
    for before, after in zip((bands, *WIDTHS), WIDTHS, strict=False):
        blocks += [
            nn.Conv2d(before, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten()), WIDTHS[-1]
