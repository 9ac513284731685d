"""Networks of torchvision that classify pixels, for weights that were trained with them."""

import torchvision
from torch import nn

_MOST_CLASSES = 10_000
NAMES = (
    "deeplabv3_resnet50",
    "deeplabv3_mobilenet_v3_large",
    "fcn_resnet50",
    "lraspp_mobilenet_v3_large",
)


class TorchvisionMap(nn.Module):
    """One of `NAMES`, as a body of a pixel classifier.

    Some of them look at the mean over the whole window (`sees_all`), so all are taken to.

    Parameters
    ----------
    structure : dict
        ``name``, one of `NAMES`; ``width``, the channels of the result.
    """

    sees_all, stride = True, 16

    def __init__(self, structure):
        super().__init__()
        name, self.width = structure["name"], int(structure["width"])
        if name not in NAMES or not 0 < self.width <= _MOST_CLASSES:
            raise ValueError(f"no network {name} of {self.width} classes")
        self.network = torchvision.models.get_model(
            name, weights=None, weights_backbone=None, num_classes=self.width
        )

    def forward(self, images):
        """Images (N, bands, row, column) to logits (N, width, row, column)."""
        return self.network(images)["out"]

    def longest_path(self):
        """Nothing: no halo covers what they see."""
        return ()
