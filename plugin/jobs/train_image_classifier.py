"""The job that trains a classifier of whole images."""

import re
from dataclasses import dataclass

from .checkpoints import START, START_HELP, check_base_model
from .common import batch_size, device, seed
from .declare import (
    choice,
    folder,
    integer,
    model_file,
    new_features,
    new_file,
    number,
    result_number,
    text,
)
from .errors import JobError
from .model_card import CLASSIFICATION

SMALLEST_IMAGE = 32
NETWORKS = (
    ("mobilenet_v2", "MobileNetV2 (small, fast; weights come with the plugin)"),
    ("resnet18", "ResNet-18"),
    ("resnet50", "ResNet-50"),
    ("vgg16", "VGG-16"),
    ("efficientnet_b0", "EfficientNet-B0"),
    ("convnext_tiny", "ConvNeXt tiny"),
    ("small_cnn", "Plain CNN of three blocks"),
)
STARTS = (
    ("bundled", "Weights that come with the plugin (ImageNet)"),
    ("imagenet", "ImageNet weights, downloaded by torchvision"),
    ("scratch", "From nothing"),
    ("model", "A model of mine"),
    START,
)
FINE_TUNES = (("all", "The whole network"), ("head", "Only the last layer (very fast)"))
AUGMENTS = (
    ("overhead", "Seen from above: turned, mirrored, brighter or darker"),
    ("photo", "Photographs: mirrored left-right, brighter or darker"),
    ("none", "None"),
)
BALANCES = (
    ("weights", "Rare classes weigh more"),
    ("sampling", "Rare classes are shown more often"),
    ("none", "None"),
)
VALIDATIONS = (
    ("holdout", "Hold-out: a share of every class is kept for the score"),
    ("cross_validation", "Cross-validation: every image is scored once"),
    ("leave_one_out", "Leave one group out, each in turn"),
    ("spatial_blocks", "Spatial blocks: cross-validation over places"),
)
REFITS = (
    ("auto", "On all images if they are fewer than 5,000"),
    ("all", "On all images (takes another training)"),
    ("tested", "The one that was tested"),
)


@dataclass(frozen=True)
class TrainImageClassifier:
    """Train a classifier on a folder of images with a subfolder per class."""

    input: str = folder(
        "Folder of images",
        help="A folder with one subfolder per class; images are JPEG, PNG or TIFF with any "
        "number of bands of 8 or 16 bits or floating point.",
    )
    network: str = choice(
        "Network", "mobilenet_v2", NETWORKS, help="The architecture that is trained."
    )
    start_from: str = choice(
        "Start from",
        "bundled",
        STARTS,
        help="Weights to fine-tune. Bundled weights exist for MobileNetV2. " + START_HELP,
    )
    base_model: str = model_file(
        "My model",
        task=CLASSIFICATION,
        optional=True,
        help="The model to go on from, with Start from: a model of mine.",
    )
    fine_tune: str = choice("Fine-tune", "all", FINE_TUNES, help="What of the network learns.")
    image_size: int = integer(
        "Image size",
        0,
        unit="pixels",
        minimum=0,
        maximum=1024,
        unset=True,
        help="Side that images are resized to. 0: automatic, from the images.",
    )
    epochs: int = integer(
        "Epochs",
        0,
        minimum=0,
        maximum=10000,
        unset=True,
        help="How often every image is seen. 0: automatic, 12 to 60 from the number of images, "
        "and at most 25 minutes for one training and its test.",
    )
    minutes: float = number(
        "Time limit",
        0.0,
        unit="minutes",
        minimum=0,
        unset=True,
        help="Training is planned to end within this time. 0: no limit.",
    )
    learning_rate: float = number(
        "Learning rate",
        0.0,
        minimum=0,
        maximum=1,
        advanced=True,
        unset=True,
        help="Highest step size of the optimizer. 0: automatic.",
    )
    l1: float = number(
        "L1 penalty",
        0.0,
        minimum=0,
        maximum=1,
        advanced=True,
        help="Weight of the sum of absolute weights in the loss.",
    )
    l2: float = number(
        "L2 penalty (weight decay)",
        0.05,
        minimum=0,
        maximum=10,
        advanced=True,
        help="Decoupled weight decay of AdamW.",
    )
    dropout: float = number(
        "Dropout",
        0.2,
        minimum=0,
        maximum=0.9,
        advanced=True,
        help="Share of features hidden from the last layer while training.",
    )
    augment: str = choice(
        "Augmentation",
        "overhead",
        AUGMENTS,
        help="How images are varied while training. Thin sections count as seen from above.",
    )
    balance: str = choice(
        "Class balance", "weights", BALANCES, help="What is done for classes with few images."
    )
    validation: str = choice(
        "Validation",
        "holdout",
        VALIDATIONS,
        help="How the scores are measured; images that train never score.",
    )
    validation_share: float = number(
        "Validation share",
        0.2,
        minimum=0.05,
        maximum=0.5,
        help="Share of every class that is held out (with Validation: hold-out).",
    )
    folds: int = integer(
        "Folds",
        5,
        minimum=2,
        maximum=50,
        help="Parts of the cross-validation (also with spatial blocks).",
    )
    groups: str = text(
        "Groups",
        help="Regular expression whose first group, found in the file name, names what must "
        "not be split, such as the source image: ^(.+)-\\d+ for ESP_016715_2025_RED-0077.jpg.",
    )
    refit: str = choice(
        "Final model",
        "auto",
        REFITS,
        advanced=True,
        help="What the model that is written was trained on. After a hold-out, a training on all "
        "images knows more than the one that was tested, so the scores are on the safe side. "
        "Cross-validation always trains on all images.",
    )
    batch_size: int = batch_size()
    device: str = device()
    seed: int = seed()
    model: str = new_file("Model", "safetensors", help="Model file to write.")
    report: str = new_file("Report", "html", help="One HTML page with pictures and scores.")
    predictions: str = new_features(
        "Validation predictions",
        geometry=("none",),
        optional=True,
        help="Table of every scored image: path, label, whether the class is right, class, "
        "confidence and a probability per class.",
    )
    accuracy: float = result_number("Accuracy")
    macro_f1: float = result_number("Macro F1")
    kappa: float = result_number("Cohen's kappa")
    ece: float = result_number("Expected calibration error")

    def check(self):
        check_base_model(self, "the bundled weights")
        if self.start_from == "bundled" and self.network != "mobilenet_v2":
            raise JobError(
                f"There are no bundled weights for {self.network}.",
                "Start from imagenet or scratch, or choose mobilenet_v2.",
            )
        if self.start_from == "imagenet" and self.network == "small_cnn":
            raise JobError("There are no ImageNet weights for small_cnn.", "Start it from scratch.")
        if self.start_from == "scratch" and self.fine_tune == "head":
            raise JobError(
                "Only the last layer would learn, on top of a network that knows nothing.",
                "Fine-tune all, or start from bundled, imagenet or a model.",
            )
        if 0 < self.image_size < SMALLEST_IMAGE:
            raise JobError(
                f"Image size is {self.image_size} pixels; the networks need at least {SMALLEST_IMAGE}.",
                f"Choose {SMALLEST_IMAGE} or more, or 0 for automatic.",
            )
        _check_groups(self.groups)


def _check_groups(pattern):
    if not pattern:
        return
    remedy = "Put the part that names the group in parentheses, such as ^(.+)-\\d+."
    try:
        count = re.compile(pattern).groups
    except re.error as error:
        raise JobError(
            f'Groups "{pattern}" is not a regular expression: {error}.', remedy
        ) from error
    if count < 1:
        raise JobError(f'Groups "{pattern}" has no group in parentheses.', remedy)
