"""The networks that can be trained, in written lists.

An image classifier is a `backbone`, which turns images (N, bands, row, column) into features
(N, D), and a `head`, which turns features into logits (N, classes). A pixel classifier does the
same for every pixel (`PixelNetwork`).

When a network meets another number of bands than the three its weights were trained on, its
first convolution is adapted (`adapt_bands`): one band gets the sum of the three kernels, so a
gray image is seen exactly as before; with N > 1 bands every band gets the mean kernel times
3 / N, so the first layer answers with the strength it is used to and fine-tuning tells the
bands apart.
"""

import torchvision
from torch import nn

from . import detectors
from .blur_estimator import BlurEstimator
from .deeplab import DeepLab, resnet_layers
from .graph import Graph
from .mobilenet_v2 import mobilenet_v2
from .pixel_mlp import PixelMLP
from .pixel_network import PixelNetwork
from .small_cnn import small_cnn
from .smp_unet import SmpUnet
from .torchvision_map import TorchvisionMap
from .unet import UNet, mobilenet_steps, resnet_steps
from .upscaler import Upscalers


class ImageClassifier(nn.Module):
    """A backbone and a linear head.

    Parameters
    ----------
    backbone : torch.nn.Module
        Images (N, bands, row, column) to features (N, width).
    width : int
        Number of features.
    classes : int
        Number of logits.
    dropout : float
        Share of features hidden from the head while training.
    """

    def __init__(self, backbone, width, classes, dropout=0.0):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))
        nn.init.zeros_(self.head[1].bias)
        nn.init.normal_(self.head[1].weight, std=0.01)

    def forward(self, images):
        return self.head(self.backbone(images))


def build_pixel_network(name, bands, classes, dropout=0.0, backbone=None, structure=None):
    """Make a pixel classifier of `PIXEL_NETWORKS` for a number of bands and classes.

    Parameters
    ----------
    name : str
        A key of `PIXEL_NETWORKS`.
    bands, classes : int
    dropout : float
        Share of features hidden from the classifier while training.
    backbone : torch.nn.Module, optional
        Pretrained, of the image classifier in `ENCODERS`; it becomes part of the network.
    structure : dict, optional
        What a network of `IMPORTED` is made from.

    Returns
    -------
    PixelNetwork
    """
    if name == GRAPH:
        return PixelNetwork(Graph(structure, bands), classes, dropout)
    if name in IMPORTED:
        body = IMPORTED[name](structure)
        adapt_bands(body, bands)
        return PixelNetwork(body, classes, dropout)
    return PixelNetwork(PIXEL_NETWORKS[name](bands, backbone), classes, dropout)


def build_classifier(name, bands, classes, dropout=0.0, structure=None):
    """Make an image classifier of `NETWORKS` for a number of bands and classes.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.
    bands, classes : int
    dropout : float
        Share of features hidden from the head while training.
    structure : dict, optional
        What a network of `IMPORTED` is made from.

    Returns
    -------
    ImageClassifier
    """
    if name == GRAPH:
        backbone = Graph(structure, bands)
        return ImageClassifier(backbone, backbone.width, classes, dropout)
    backbone, width = NETWORKS[name]()
    adapt_bands(backbone, bands)
    return ImageClassifier(backbone, width, classes, dropout)


def imagenet_backbone(name):
    """Download torchvision's ImageNet weights and make the backbone that they fit.

    Torchvision trained its MobileNetV2 with symmetric padding, the bundled one has
    TensorFlow's: they are two networks of this list.

    Returns
    -------
    name : str
        In `NETWORKS`.
    backbone : torch.nn.Module

    Raises
    ------
    OSError
        If the weights cannot be downloaded.
    """
    cut, maker = _TORCHVISION[name]
    weights = torchvision.models.get_model_weights(maker).DEFAULT
    backbone = cut(torchvision.models.get_model(maker, weights=weights))[0]
    return ("mobilenet_v2_torchvision" if name == "mobilenet_v2" else name), backbone


def adapt_bands(backbone, bands):
    """Adapt the first convolution of a backbone to a number of bands, in place."""
    first = next(layer for layer in backbone.modules() if isinstance(layer, nn.Conv2d))
    if first.in_channels == bands:
        return
    kernels = first.weight.detach()
    if bands == 1:
        kernels = kernels.sum(1, keepdim=True)
    else:
        kernels = kernels.mean(1, keepdim=True).repeat(1, bands, 1, 1)
        kernels = kernels * (first.in_channels / bands)
    first.in_channels = bands
    first.weight = nn.Parameter(kernels)


def _cut_resnet(network):
    width, network.fc = network.fc.in_features, nn.Identity()
    return network, width


def _cut_last(network):
    width, network.classifier[-1] = network.classifier[-1].in_features, nn.Identity()
    if isinstance(network.classifier[-2], nn.Dropout):
        network.classifier[-2] = nn.Identity()
    return network, width


_TORCHVISION = {
    "mobilenet_v2": (_cut_last, "mobilenet_v2"),
    "resnet18": (_cut_resnet, "resnet18"),
    "resnet34": (_cut_resnet, "resnet34"),
    "resnet50": (_cut_resnet, "resnet50"),
    "vgg16": (_cut_last, "vgg16"),
    "efficientnet_b0": (_cut_last, "efficientnet_b0"),
    "convnext_tiny": (_cut_last, "convnext_tiny"),
}


def _torchvision(name):
    cut, maker = _TORCHVISION[name]
    return cut(torchvision.models.get_model(maker, weights=None))


NETWORKS = {
    "mobilenet_v2": lambda: _cut_last(mobilenet_v2()),
    "mobilenet_v2_torchvision": lambda: _torchvision("mobilenet_v2"),
    "resnet18": lambda: _torchvision("resnet18"),
    "resnet34": lambda: _torchvision("resnet34"),
    "resnet50": lambda: _torchvision("resnet50"),
    "vgg16": lambda: _torchvision("vgg16"),
    "efficientnet_b0": lambda: _torchvision("efficientnet_b0"),
    "convnext_tiny": lambda: _torchvision("convnext_tiny"),
    "small_cnn": small_cnn,
}


# The image classifier whose backbone, pretrained, a pixel classifier can start from.
ENCODERS = {
    "unet_mobilenet_v2": "mobilenet_v2",
    "unet_mobilenet_v2_torchvision": "mobilenet_v2_torchvision",
    "unet_resnet18": "resnet18",
    "deeplabv3_resnet50": "resnet50",
}


def _unet(name, cut):
    def make(bands, backbone):
        encoder, widths = cut(backbone if backbone is not None else NETWORKS[name]()[0])
        adapt_bands(encoder, bands)
        return UNet(encoder, widths, bands)

    return make


def _deeplab(bands, backbone):
    dilated = torchvision.models.resnet50(replace_stride_with_dilation=(False, True, True))
    dilated.fc = nn.Identity()
    if backbone is not None:
        adapt_bands(dilated, _bands_of(backbone))
        dilated.load_state_dict(backbone.state_dict())
    encoder, width = resnet_layers(dilated)
    adapt_bands(encoder, bands)
    return DeepLab(encoder, width)


def _bands_of(backbone):
    return next(part.shape[1] for part in backbone.parameters() if part.ndim == 4)


PIXEL_NETWORKS = {
    "unet_mobilenet_v2": _unet("mobilenet_v2", mobilenet_steps),
    "unet_mobilenet_v2_torchvision": _unet("mobilenet_v2_torchvision", mobilenet_steps),
    "unet_resnet18": _unet("resnet18", resnet_steps),
    "deeplabv3_resnet50": _deeplab,
    "pixel_mlp": lambda bands, backbone: PixelMLP(bands),
}


# Networks of other programs, which are made from a structure; nothing here trains them.
GRAPH = "graph"
IMPORTED = {GRAPH: Graph, "smp_unet": SmpUnet, "torchvision_map": TorchvisionMap}


DETECTORS = detectors.DETECTORS


def build_detector(name, bands, classes):
    """Make an object detector of `DETECTORS` for a number of bands and classes.

    Returns
    -------
    detectors.Detector
    """
    features = mobilenet_v2().features if name == detectors.SMALL else None
    detector = detectors.build(name, classes, features)
    adapt_bands(detector.backbone.body, bands)
    return detector


UPSCALERS = {"upscaler": Upscalers, "blur_estimator": BlurEstimator}


def build_upscaler(name, **arguments):
    """Make a network of `UPSCALERS`: an `Upscalers`, or the `BlurEstimator` that goes with it."""
    return UPSCALERS[name](**arguments)


def freeze(module):
    """Keep a module as it is while the rest learns."""
    for part in module.parameters():
        part.requires_grad_(False)
