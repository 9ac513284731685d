"""The job that makes a model file of the weights of another program."""

import os
from dataclasses import dataclass

from .declare import choice, file, integer, new_file, number, result_text, text
from .errors import JobError
from .lists import numbers, words

AUTOMATIC = "auto"
_NETWORKS = (
    (AUTOMATIC, "Automatic: what the names and shapes of the weights tell"),
    ("resnet18", "ResNet-18 (torchvision, timm, TorchGeo)"),
    ("resnet34", "ResNet-34"),
    ("resnet50", "ResNet-50 (torchvision, timm, TorchGeo)"),
    ("mobilenet_v2_torchvision", "MobileNetV2 of torchvision"),
    ("mobilenet_v2", "MobileNetV2 with TensorFlow's padding, in torchvision's names"),
    ("efficientnet_b0", "EfficientNet-B0"),
    ("convnext_tiny", "ConvNeXt-Tiny"),
    ("vgg16", "VGG-16"),
    ("smp_unet", "U-Net of segmentation-models-pytorch"),
    ("deeplabv3_resnet50", "DeepLabV3, ResNet-50 (torchvision)"),
    ("deeplabv3_mobilenet_v3_large", "DeepLabV3, MobileNetV3 (torchvision)"),
    ("fcn_resnet50", "FCN, ResNet-50 (torchvision)"),
    ("lraspp_mobilenet_v3_large", "LR-ASPP, MobileNetV3 (torchvision)"),
)
_TYPES = (
    (AUTOMATIC, "Automatic: whole numbers to 255, or to 65,535 for Sentinel-2"),
    ("uint8", "Whole numbers to 255"),
    ("uint16", "Whole numbers to 65,535"),
    ("float32", "Real numbers"),
)
ENDINGS = (".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".onnx")


@dataclass(frozen=True)
class ImportModel:
    """Make a model of the weights or the ONNX network of another program."""

    input: str = file(
        "Weights or network",
        help="A state dict in .safetensors or a .pth, .pt or .ckpt file of PyTorch, or an .onnx "
        "file such as those of Deepness. Nothing in the file is run.",
    )
    network: str = choice(
        "Network",
        AUTOMATIC,
        _NETWORKS,
        help="The network that the weights are of. MobileNetV2 cannot be told by its weights: "
        "choose TensorFlow's padding if they come from there. An ONNX file says it itself.",
    )
    class_names: str = text(
        "Class names",
        help="Separated by commas, in the order of the network. Empty: those in the file, or numbers.",
    )
    band_names: str = text(
        "Band names",
        help="Separated by commas, in the order of the network. Empty: those in the file, red, "
        "green and blue for three, Sentinel-2's for thirteen.",
    )
    mean: str = text(
        "Mean of the bands",
        help="What is subtracted from the values of the rasters: one number, or one for every "
        "band. Empty: that of the file, or of ImageNet or Sentinel-2 training.",
    )
    sd: str = text(
        "Standard deviation of the bands",
        help="What the difference is divided by: one number, or one for every band. A network "
        "that takes values from 0 to 1 has mean 0 and standard deviation 255.",
    )
    gsd: float = number(
        "Pixel size",
        None,
        unit="m",
        optional=True,
        minimum=1e-9,
        help="Ground sample distance of the images that it was trained on. Empty: that of the file.",
    )
    dtype: str = choice(
        "Values",
        AUTOMATIC,
        _TYPES,
        advanced=True,
        help="Type of the values in the rasters that the network takes.",
    )
    patch: int = integer(
        "Tile size",
        0,
        unit="pixels",
        minimum=0,
        maximum=8192,
        advanced=True,
        unset=True,
        help="Side of the images or tiles that it was trained on. 0: automatic.",
    )
    license: str = text("License", advanced=True, help="Of the weights; kept in the model.")
    citation: str = text("Citation", advanced=True, help="Of the weights; kept in the model.")
    output: str = new_file("Model", "safetensors", help="The model file.")
    task: str = result_text("Task", help="What the model is for.")
    classes: str = result_text(
        "Class names, separated by commas",
        help="Of many, the first 30 and the number of the others.",
    )
    bands: str = result_text("Band names, separated by commas")

    def check(self):
        """Refuse files of other kinds and lists that are none."""
        ending = os.path.splitext(self.input)[1].lower()
        if ending not in ENDINGS:
            raise JobError(
                f'Weights or network is "{self.input}", which ends in none of '
                f"{', '.join(ENDINGS)}.",
                "Choose a state dict of PyTorch or an ONNX file.",
            )
        for name in ("mean", "sd"):
            numbers(getattr(self, name), name.upper())
        if any(value <= 0 for value in numbers(self.sd, "SD")):
            raise JobError("SD holds a number that is not above 0.", "Give numbers above 0.")
        for name in ("class_names", "band_names"):
            words(getattr(self, name), name.upper())
