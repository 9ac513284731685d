"""A network that looks at every pixel alone: for few labels and many bands."""

from torch import nn

_WIDTHS = (64, 64, 32)


class PixelMLP(nn.Module):
    """Three layers of one-by-one convolutions: the same small network for every pixel.

    Parameters
    ----------
    bands : int
    """

    sees_all, encoder = False, None

    def __init__(self, bands):
        super().__init__()
        layers = []
        for before, after in zip((bands, *_WIDTHS), _WIDTHS, strict=False):
            layers += [
                nn.Conv2d(before, after, 1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        self.layers = nn.Sequential(*layers)
        self.width, self.stride = _WIDTHS[-1], 1

    def forward(self, images):
        """Images (N, bands, row, column) to features (N, width, row, column)."""
        return self.layers(images)

    def longest_path(self):
        """All its layers."""
        return self.layers
