"""Which network a state dict is of: told by the names and shapes of its tensors."""

import functools
import re
from dataclasses import dataclass

import torch

from ...jobs.errors import JobError
from ...jobs.model_card import CLASSIFICATION, PIXELS
from .. import networks
from ..networks.smp_unet import DEPTHS, ENCODERS, SCSE
from ..networks.torchvision_map import NAMES
from .guarding import guarded

_LISTED = (
    "MobileNetV2, ResNet-18, -34 and -50, VGG-16, EfficientNet-B0 and ConvNeXt-Tiny of torchvision "
    "(the ResNets of timm and TorchGeo, too); DeepLabV3, FCN and LR-ASPP of torchvision; U-Nets of "
    "segmentation-models-pytorch with a ResNet-18, -34, -50 or MobileNetV2 encoder"
)
# Image classifiers: a tensor of the last layer.
_HEADS = {
    "resnet18": "fc", "resnet34": "fc", "resnet50": "fc", "vgg16": "classifier.6",
    "mobilenet_v2": "classifier.1", "mobilenet_v2_torchvision": "classifier.1",
    "efficientnet_b0": "classifier.1", "convnext_tiny": "classifier.2",
}  # fmt: skip
# In this order: what is first in the list is taken where names and shapes are the same.
_CLASSIFIERS = (
    "resnet18", "resnet34", "resnet50", "mobilenet_v2_torchvision", "mobilenet_v2",
    "efficientnet_b0", "convnext_tiny", "vgg16",
)  # fmt: skip
# A tensor that every network of a kind has, to find what stands before all names.
_ANCHORS = ("decoder.blocks.0.conv1.0.weight", "backbone.layer1.0.conv1.weight",
            "backbone.0.0.weight", "layer1.0.conv1.weight", "features.0.0.weight",
            "features.0.weight")  # fmt: skip
_STEMS = ("conv1.weight", "features.0.0.weight", "features.0.weight")  # of image classifiers
_LAST_OF_MAPS = ("classifier.4", "classifier.low_classifier")
_UNUSED = re.compile(r"(^|\.)num_batches_tracked$|^aux_classifier\.|^classification_head\.")


@dataclass
class Recognized:
    """A network with its weights.

    Attributes
    ----------
    task : str
    name : str
        In the lists of `networks`.
    network : torch.nn.Module
        An `ImageClassifier` or a `PixelNetwork`.
    bands, classes : int
    structure : dict or None
        Of a network in `networks.IMPORTED`.
    is_headless : bool
        Whether it has no last layer: something to start a training from.
    """

    task: str
    name: str
    network: torch.nn.Module
    bands: int
    classes: int
    structure: dict = None
    is_headless: bool = False


def recognize(weights, wanted, file_name):
    """Find the network that a state dict is of, and fill it.

    Parameters
    ----------
    weights : dict of str to torch.Tensor
    wanted : str
        A network of the list in `ImportModel`; empty to look for one.
    file_name : str

    Returns
    -------
    Recognized

    Raises
    ------
    JobError
        If none fits, or not the one that was asked for.
    """
    with guarded(
        f'"{file_name}" is damaged: its tensors have sizes that no network has.', "Copy it again."
    ):
        for inside in _without_prefix(weights, wanted):
            for make in (_smp_unet, _torchvision_map, _classifier):
                found = make(inside, wanted)
                if found is not None:
                    return found
    first, last = (name[:80] for name in (next(iter(weights)), next(reversed(weights))))
    known = f"{len(weights)} tensors, from {first} to {last}"
    if wanted:
        raise JobError(
            f'The weights in "{file_name}" are not of {wanted} ({known}).',
            "Set NETWORK to automatic, or to the network that they were trained with.",
        )
    raise JobError(
        f'"{file_name}" holds the weights of a network that is not known here ({known}).',
        f"Import one of: {_LISTED}; or export the network to ONNX and import that file.",
    )


def _without_prefix(weights, wanted):
    """Without what programs put before all names, such as ``module.encoder_q.``; several tries.

    What is only a part of a larger network is not tried, but if a network is asked for.
    """
    for anchor in _ANCHORS:
        prefixes = [key[: -len(anchor)] for key in weights if ("." + key).endswith("." + anchor)]
        if prefixes and (wanted or not _is_part(weights, tuple(prefixes))):
            prefix = min(prefixes, key=len)
            inside = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
            yield {key: value for key, value in inside.items() if not _UNUSED.search(key)}


def _is_part(weights, prefixes):
    """Whether convolutions stand beside all that have these prefixes: a decoder, a detector."""
    return any(value.ndim == 4 and not key.startswith(prefixes) for key, value in weights.items())


def _filled(make, part, weights):
    """The network that `make` makes, a part of it filled with weights; None if they do not fit.

    Names and shapes are compared before the network takes any memory.
    """
    with torch.device("meta"):
        empty = getattr(make(), part).state_dict()
    needed = {key: value.shape for key, value in empty.items() if not _UNUSED.search(key)}
    if needed != {key: value.shape for key, value in weights.items()}:
        return None
    network = make()
    getattr(network, part).load_state_dict(weights, strict=False)  # but for counts of batches
    return network.eval()


def _smp_unet(weights, wanted):
    last = weights.get("segmentation_head.0.weight")
    first = weights.get("encoder.conv1.weight", weights.get("encoder.features.0.0.weight"))
    if wanted not in ("", "smp_unet") or last is None or first is None:
        return None
    steps = [f"decoder.blocks.{step}.conv1.0" for step in range(max(DEPTHS))]
    widths = [len(weights[f"{step}.weight"]) for step in steps if f"{step}.weight" in weights]
    usual = {"decoder": widths, "width": len(last)}
    if "decoder.blocks.0.attention1.attention.cSE.1.weight" in weights:
        usual["attention"] = SCSE
    if f"{steps[0]}.bias" in weights:
        usual["normalized"] = False
    for encoder in ENCODERS if len(widths) in DEPTHS else ():
        structure = {"encoder": encoder, **usual}
        found = _map("smp_unet", structure, weights, first.shape[1])
        if found is not None:
            return found
    return None


def _torchvision_map(weights, wanted):
    lasts = [weights[f"{part}.weight"] for part in _LAST_OF_MAPS if f"{part}.weight" in weights]
    first = weights.get("backbone.conv1.weight", weights.get("backbone.0.0.weight"))
    if not lasts or first is None:
        return None
    inside = {"network." + key: value for key, value in weights.items()}
    for name in NAMES if not wanted else {wanted} & set(NAMES):
        structure = {"name": name, "width": len(lasts[0])}
        found = _map("torchvision_map", structure, inside, first.shape[1])
        if found is not None:
            return found
    return None


def _map(name, structure, weights, bands):
    width = structure["width"]
    classes = max(width, 2)

    def make():
        return networks.build_pixel_network(name, bands, classes, structure=structure)

    network = _filled(make, "body", weights)
    if network is None:
        return None
    pass_on(network.head[1], width)
    return Recognized(PIXELS, name, network, bands, classes, structure)


def _classifier(weights, wanted):
    first = next((weights[key] for key in _STEMS if key in weights), None)
    for name in _CLASSIFIERS if not wanted else {wanted} & set(_CLASSIFIERS):
        last = _HEADS[name]
        body = {key: value for key, value in weights.items() if not _is_below(key, last)}
        head = weights.get(last + ".weight"), weights.get(last + ".bias")
        if first is None or first.ndim != 4:
            return None
        make = functools.partial(networks.build_classifier, name, first.shape[1], 1)
        network = _filled(make, "backbone", body)
        if network is not None:
            return _with_head(name, network, head, first.shape[1])
    return None


def _is_below(key, part):
    return key.startswith(part + ".")


def _with_head(name, network, head, bands):
    """An image classifier with the last layer of the weights, if they have one."""
    weight, bias = head
    width = network.head[1].in_features
    is_headless = weight is None or bias is None or weight.shape[1:] != (width,)
    outputs = 1 if is_headless else len(weight)
    last = torch.nn.Linear(width, 1 if is_headless else max(outputs, 2))
    with torch.no_grad():
        last.weight.zero_(), last.bias.zero_()
        if not is_headless:
            last.weight[-outputs:] = weight
            last.bias[-outputs:] = bias
    network.head[1] = last
    sides = bands, len(last.bias)
    return Recognized(CLASSIFICATION, name, network.eval(), *sides, is_headless=is_headless)


def pass_on(layer, width):
    """Let a last layer pass on the logits of a network; one alone stands against 0.

    Parameters
    ----------
    layer : torch.nn.Conv2d or torch.nn.Linear
        From `width` channels to as many, or to 2 where it is one.
    width : int
    """
    with torch.no_grad():
        layer.weight.zero_(), layer.bias.zero_()
        for channel in range(width):
            layer.weight[-width + channel, channel] = 1.0
