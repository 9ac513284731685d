"""MobileNetV2 with TensorFlow's padding, as the bundled ImageNet weights were trained.

References
----------
Sandler et al. 2018, doi:10.1109/CVPR.2018.00474.
"""

import torch
import torchvision
from torch import nn
from torch.nn import functional


class SameConv2d(nn.Conv2d):
    """A strided convolution padded as TensorFlow's "same": the odd pixel goes right and below.

    PyTorch's symmetric padding samples an even image half a step elsewhere, and the
    pretrained weights then see every feature one pixel off after each stride.
    """

    def forward(self, images):
        rows, columns = (self._padding(side, axis) for axis, side in enumerate(images.shape[-2:]))
        if rows[0] == rows[1] == columns[0] == columns[1]:
            return functional.conv2d(
                images, self.weight, self.bias, self.stride, rows[0], self.dilation, self.groups
            )
        return super().forward(functional.pad(images, (*columns, *rows)))

    def _padding(self, side, axis):
        stride, kernel = self.stride[axis], self.kernel_size[axis]
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        return total // 2, total - total // 2


def mobilenet_v2():
    """Make MobileNetV2 1.0 with torchvision's layer names and TensorFlow's padding."""
    network = torchvision.models.mobilenet_v2(weights=None)
    for block in network.features.modules():
        for name, layer in list(block.named_children()):
            if isinstance(layer, nn.Conv2d) and layer.stride[0] == 2:
                setattr(block, name, _same(layer))
    return network


def _same(layer):
    same = SameConv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        groups=layer.groups,
        bias=layer.bias is not None,
    )
    with torch.no_grad():
        same.weight.copy_(layer.weight)
    return same
