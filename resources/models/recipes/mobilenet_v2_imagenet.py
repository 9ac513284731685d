"""Make the bundled ImageNet model from its source weights.

    python resources/models/recipes/mobilenet_v2_imagenet.py WEIGHTS.pth LABELS.txt OUTPUT.safetensors

The source has torchvision's layer names and its batch normalization folded into the
convolutions; here the scale goes into the kernels, the offset stays in the normalization, and
all of it is stored in half precision.
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from plugin.engine import model_file, networks
from plugin.jobs.model_card import CLASSIFICATION, ModelCard

_SOURCE_EPS = 1e-5


def main(weights, labels, output):
    network = networks.build_classifier("mobilenet_v2", 3, 1000)
    source = torch.load(weights, map_location="cpu", weights_only=True)
    network.load_state_dict({_renamed(name): value for name, value in source.items()})
    with torch.no_grad():
        fold(network.backbone.features)
    names = Path(labels).read_text(encoding="utf-8").splitlines()[-1000:]
    model_file.save(output, _card(names), network.half())


def _renamed(name):
    head = name.replace("classifier.1", "head.1")
    return head if head != name else f"backbone.{name}"


def fold(module):
    """Fold the scale of every normalization into the convolution before it."""
    children = list(module.children())
    for first, second in zip(children, children[1:]):
        if isinstance(second, torch.nn.BatchNorm2d):
            scale = second.weight / torch.sqrt(second.running_var + _SOURCE_EPS)
            first.weight.mul_(scale[:, None, None, None])
            second.bias.sub_(second.running_mean * scale)
            second.weight.fill_(1.0)
            second.running_mean.fill_(0.0)
            second.running_var.fill_(1.0)
    for child in children:
        fold(child)


def _card(names):
    return ModelCard(
        task=CLASSIFICATION,
        network="mobilenet_v2",
        arguments={"bands": 3, "classes": 1000, "spread": 0.5},
        bands=[{"name": name, "unit": ""} for name in ("red", "green", "blue")],
        dtype="uint8",
        normalization={"mean": [127.5] * 3, "sd": [127.5] * 3},
        classes=[
            {"value": value, "name": name, "color": _gray(value)}
            for value, name in enumerate(names, 1)
        ],
        patch=224,
        crop=0.875,
        training={"data": "ImageNet (ILSVRC 2012), 1.28 million photographs of 1,000 classes"},
        license="Apache-2.0",
        citation="Sandler et al. 2018, doi:10.1109/CVPR.2018.00474",
    )


def _gray(value):
    return "#" + f"{(value * 37) % 200 + 28:02x}" * 3


if __name__ == "__main__":
    main(*sys.argv[1:])
