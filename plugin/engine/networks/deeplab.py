"""DeepLabV3: a dilated ResNet-50 and context from several distances.

References
----------
Chen et al. 2017, arXiv:1706.05587.
"""

from torch import nn
from torchvision.models.segmentation.deeplabv3 import ASPP

_DISTANCES = (12, 24, 36)
_CONTEXT, _WIDTH = 256, 32


class DeepLab(nn.Module):
    """Dilated encoder, atrous spatial pyramid pooling, features at full resolution.

    One branch of the pyramid is the mean over the whole window (`sees_all`): no halo makes its
    results independent of the window.

    Parameters
    ----------
    encoder : torch.nn.Sequential
        To an eighth of the resolution.
    width : int
        Channels that it gives.
    """

    sees_all = True

    def __init__(self, encoder, width):
        super().__init__()
        self.encoder = encoder
        self.pyramid = ASPP(width, _DISTANCES, _CONTEXT)
        self.mix = nn.Sequential(
            nn.Conv2d(_CONTEXT, _CONTEXT, 3, padding=1, bias=False),
            nn.BatchNorm2d(_CONTEXT),
            nn.ReLU(inplace=True),
            nn.Conv2d(_CONTEXT, _WIDTH, 1, bias=False),
            nn.BatchNorm2d(_WIDTH),
            nn.ReLU(inplace=True),
            nn.Upsample(scale_factor=8, mode="bilinear"),
        )
        self.width, self.stride = _WIDTH, 8

    def forward(self, images):
        """Images (N, bands, row, column) to features (N, width, row, column)."""
        return self.mix(self.pyramid(self.encoder(images)))

    def longest_path(self):
        """The layers along the path that looks farthest, without the mean over the window."""
        for part in (self.encoder, self.pyramid.convs[len(_DISTANCES)], self.mix):
            for name, layer in part.named_modules():
                if "downsample" not in name:  # beside the longer path of a residual block
                    yield layer


def resnet_layers(backbone):
    """A ResNet without its pooling and its last layer.

    Returns
    -------
    encoder : torch.nn.Sequential
    width : int
        Channels that it gives.
    """
    first = (backbone.conv1, backbone.bn1, backbone.relu, backbone.maxpool)
    layers = (backbone.layer1, backbone.layer2, backbone.layer3, backbone.layer4)
    return nn.Sequential(*first, *layers), backbone.layer4[-1].conv3.out_channels
