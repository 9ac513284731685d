"""A classifier of pixels around any body, and how far it looks."""

from torch import nn
from torch.nn import functional


class PixelNetwork(nn.Module):
    """A body that gives features of every pixel, and a classifier of each pixel's features.

    Parameters
    ----------
    body : torch.nn.Module
        Images (N, bands, row, column), sides multiples of its `stride`, to features
        (N, `width`, row, column); `longest_path()` gives its layers. With an attribute ``narrows``
        it takes a second argument, the pixels at every side that are not wanted.
    classes : int
        Number of logits.
    dropout : float
        Share of features hidden from the classifier while training.

    Attributes
    ----------
    stride : int
        Moving a window by multiples of it moves the result and changes nothing else.
    receptive_radius : int
        Pixels around a pixel that its result depends on.
    sees_all : bool
        Whether it also depends on the mean over the whole window, which no halo covers.
    """

    def __init__(self, body, classes, dropout=0.0):
        super().__init__()
        self.body = body
        self.head = nn.Sequential(nn.Dropout2d(dropout), nn.Conv2d(body.width, classes, 1))
        nn.init.zeros_(self.head[1].bias)
        nn.init.normal_(self.head[1].weight, std=0.01)
        self.stride, self.sees_all = body.stride, body.sees_all
        known = getattr(body, "receptive_radius", None)
        self.receptive_radius = receptive_radius(body.longest_path()) if known is None else known

    def features(self, images, cut=0):
        """The last features before the classifier, (N, width, row, column).

        Without the `cut` pixels at every side; a body with ``narrows`` need not compute them.
        """
        rows, columns = images.shape[-2:]
        missing = (0, -columns % self.stride, 0, -rows % self.stride)
        if any(missing):
            images = functional.pad(images, missing, mode="replicate")
        if cut and getattr(self.body, "narrows", False):
            return self.body(images, cut)[..., : rows - 2 * cut, : columns - 2 * cut]
        return self.body(images)[..., cut : rows - cut, cut : columns - cut]

    def classify(self, features):
        """Logits (N, classes, row, column) of features."""
        return self.head(features)

    def forward(self, images):
        return self.classify(self.features(images))


def receptive_radius(layers):
    """How far along rows or columns the result of layers, one after the other, looks.

    Where a layer's pixel i covers the input from ``i * side - before`` to
    ``(i + 1) * side - 1 + after``, the next layer's is found from its kernel and padding.
    """
    side, before, after = 1, 0, 0
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
            kernel, stride, padding, dilation = (
                value[0] if isinstance(value, tuple) else value
                for value in (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
            )
            before += padding * side
            after += (dilation * (kernel - 1) - padding + 1 - stride) * side
            side *= stride
        elif isinstance(layer, nn.Upsample):
            factor = int(layer.scale_factor)
            side //= factor
            # Bilinear: a fine pixel also looks at the next coarse one, from that one's middle on.
            reach = factor - 1 + (factor // 2 if layer.mode == "bilinear" else 0)
            before, after = before + reach * side, after + reach * side
    return max(before, after)
