"""Networks that find objects: boxes with a class and a confidence.

Four are torchvision's own. `fcos_mobilenet_v2_fpn` is FCOS over the small backbone whose weights
come with the plugin, thin enough to learn on a CPU: without pretrained weights a detector
needs thousands of boxes, and those of torchvision have to be downloaded.

References
----------
Ren et al. 2015, arXiv:1506.01497 (Faster R-CNN); Lin et al. 2017, arXiv:1612.03144 (feature
pyramid), arXiv:1708.02002 (RetinaNet); Tian et al. 2019, arXiv:1904.01355 (FCOS).
"""

import torch
import torchvision
from torch import nn
from torchvision.models.detection import FCOS
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.fcos import FCOSHead
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

SMALL = "fcos_mobilenet_v2_fpn"
DETECTORS = (
    SMALL,
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_resnet50_fpn",
    "retinanet_resnet50_fpn",
    "fcos_resnet50_fpn",
)
STEP = 32  # sides of images are multiples of it
MOST_OBJECTS = 300
USUAL_SCALE = 32.0
_LEAST_SCORE = 0.02
_WIDTH = 128
_HEAD_LAYERS = 2
# Layers of MobileNetV2 whose output is the last of strides 8, 16 and 32, and their channels.
_TAPS = {6: 32, 13: 96, 18: 1280}
_RATIOS = (0.5, 1.0, 2.0)


class Detector(nn.Module):
    """A detector whose classes are counted from 0 and whose images are taken as they are.

    Parameters
    ----------
    network : torch.nn.Module
        One of torchvision's form.
    first_label : int
        What it calls the first class; Faster R-CNN keeps 0 for the background.
    anchors : callable or None
        ``anchors(scale)`` makes the anchor boxes; None for networks without.

    Attributes
    ----------
    keeps_statistics : bool
        Whether batch normalization in the backbone keeps its statistics while training: batches
        of a few patches tell too little. A backbone that starts from nothing must take them.
    """

    def __init__(self, network, first_label, anchors=None):
        super().__init__()
        network.transform = _AsTheyAre(STEP, STEP, [0.0], [1.0], size_divisible=STEP)
        self.network, self.first_label, self._anchors = network, first_label, anchors
        self.keeps_statistics = False
        # Size in pixels of the smallest anchors: it travels with the weights.
        self.register_buffer("scale", torch.tensor(USUAL_SCALE))
        self.register_load_state_dict_post_hook(lambda module, _: module.set_scale(module.scale))

    def set_scale(self, scale):
        """Let the anchors begin at objects of `scale` pixels."""
        self.scale.fill_(float(scale))
        if self._anchors is not None:
            holder = getattr(self.network, "rpn", self.network)
            holder.anchor_generator = self._anchors(min(max(float(scale), 1.0), 1000.0))

    @property
    def backbone(self):
        """What turns images into features: ``body``, which has the pretrained layers, and more."""
        return self.network.backbone

    def train(self, mode=True):
        super().train(mode)
        if mode and self.keeps_statistics:
            for layer in self.backbone.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()
        return self

    def losses(self, images, boxes, labels):
        """The loss of every part of the detector, by name, in training mode.

        Parameters
        ----------
        images : torch.Tensor, shape (N, band, row, column)
        boxes : list of torch.Tensor, shape (n, 4)
            Left, top, right, bottom of every image's objects, in pixels.
        labels : list of torch.Tensor of int64, shape (n,)
            From 0.
        """
        targets = [
            {"boxes": some.reshape(-1, 4), "labels": of + self.first_label}
            for some, of in zip(boxes, labels, strict=True)
        ]
        return self.network(list(images), targets)

    def forward(self, images):
        """Find objects, in evaluation mode.

        Returns
        -------
        list of (boxes, scores, labels)
            Of every image, the surest first.
        """
        found = self.network(list(images))
        return [(one["boxes"], one["scores"], one["labels"] - self.first_label) for one in found]


class _AsTheyAre(GeneralizedRCNNTransform):
    """Images come in the network's range and size: nothing is resized, nothing normalized."""

    def resize(self, image, target=None):
        return image, target

    def normalize(self, image):
        return image


class Pyramid(nn.Module):
    """MobileNetV2 with a feature pyramid of strides 8 to 128.

    Parameters
    ----------
    features : torch.nn.Sequential
        The layers of MobileNetV2.
    """

    def __init__(self, features):
        super().__init__()
        self.body, self.out_channels = features, _WIDTH
        self.fpn = FeaturePyramidNetwork(
            list(_TAPS.values()), _WIDTH, LastLevelP6P7(_WIDTH, _WIDTH)
        )

    def forward(self, images):
        taken = {}
        for place, layer in enumerate(self.body):
            images = layer(images)
            if place in _TAPS:
                taken[str(place)] = images
        return self.fpn(taken)


def build(name, classes, features=None):
    """Make a detector with no knowledge.

    Parameters
    ----------
    name : str
        One of `DETECTORS`.
    classes : int
    features : torch.nn.Sequential, optional
        The layers of MobileNetV2, for `fcos_mobilenet_v2_fpn`.

    Returns
    -------
    Detector
        For three bands; see `adapt_bands`.
    """
    if name == SMALL:
        return Detector(_small(classes, features), 0)
    maker = getattr(torchvision.models.detection, name)
    known = {"weights": None, "weights_backbone": None}
    if name.startswith("fasterrcnn"):
        limits = {"box_score_thresh": _LEAST_SCORE, "box_detections_per_img": MOST_OBJECTS}
        anchors = _stacked_anchors if "mobilenet" in name else _leveled_anchors
        return Detector(maker(num_classes=classes + 1, **limits, **known), 1, anchors)
    limits = {"score_thresh": _LEAST_SCORE, "detections_per_img": MOST_OBJECTS}
    anchors = _dense_anchors if name.startswith("retinanet") else None
    return Detector(maker(num_classes=classes, **limits, **known), 0, anchors)


def _small(classes, features):
    backbone = Pyramid(features)
    anchors = AnchorGenerator(((8,), (16,), (32,), (64,), (128,)), ((1.0,),) * 5)
    head = FCOSHead(_WIDTH, 1, classes, _HEAD_LAYERS)
    return FCOS(
        backbone, classes, anchor_generator=anchors, head=head, score_thresh=_LEAST_SCORE,
        detections_per_img=MOST_OBJECTS,
    )  # fmt: skip


def _stacked_anchors(scale):
    """Five sizes on each of three levels, as many as torchvision's weights have."""
    sizes = tuple(round(scale * 2**step) for step in range(5))
    return AnchorGenerator((sizes,) * 3, (_RATIOS,) * 3)


def _leveled_anchors(scale):
    """A size on each of five levels."""
    sizes = tuple((round(scale * 2**level),) for level in range(5))
    return AnchorGenerator(sizes, (_RATIOS,) * 5)


def _dense_anchors(scale):
    """Three sizes to an octave on each of five levels."""
    sizes = tuple(
        tuple(round(scale * 2 ** (level + third / 3)) for third in range(3)) for level in range(5)
    )
    return AnchorGenerator(sizes, (_RATIOS,) * 5)


def download(name, whole):
    """Download torchvision's weights for a detector.

    Parameters
    ----------
    name : str
        One of torchvision's in `DETECTORS`.
    whole : bool
        The whole detector's, which learned on COCO; else the backbone's, from ImageNet.

    Returns
    -------
    dict of str to torch.Tensor
        Weights by the names of ``network`` in `Detector`, or of its ``backbone.body``.

    Raises
    ------
    OSError, RuntimeError
        If they cannot be downloaded.
    """
    maker = name if whole else "mobilenet_v3_large" if "mobilenet" in name else "resnet50"
    weights = torchvision.models.get_model_weights(maker)
    chosen = weights.DEFAULT if whole else weights.IMAGENET1K_V1
    state = chosen.get_state_dict(progress=False, check_hash=True)
    return state if whole else {key.removeprefix("features."): v for key, v in state.items()}


@torch.no_grad()
def take(module, weights):
    """Give a module the weights that fit it by name and shape; the number of those that did not."""
    own = module.state_dict()
    fitting = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
    module.load_state_dict(fitting, strict=False)
    return sum(not key.endswith("num_batches_tracked") for key in own.keys() - fitting.keys())
