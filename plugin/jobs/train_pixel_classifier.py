"""The job that trains a classifier of pixels from labels on a map."""

from dataclasses import dataclass

from .checkpoints import START, START_HELP, check_base_model
from .common import batch_size, device, seed
from .declare import (
    attribute,
    bands,
    choice,
    features,
    integer,
    model_file,
    new_file,
    number,
    rasters,
    result_number,
)
from .errors import JobError
from .model_card import PIXELS

SMALLEST_PATCH = 32
NETWORKS = (
    ("unet_mobilenet_v2", "U-Net on MobileNetV2 (small, fast; weights come with the plugin)"),
    ("unet_resnet18", "U-Net on ResNet-18"),
    ("deeplabv3_resnet50", "DeepLabV3 on ResNet-50 (large: better with a graphics card)"),
    ("pixel_mlp", "Every pixel alone: for few labels and many bands"),
)
STARTS = (
    ("bundled", "Weights that come with the plugin (ImageNet)"),
    ("imagenet", "ImageNet weights, downloaded by torchvision"),
    ("scratch", "From nothing"),
    ("model", "A model of mine"),
    START,
)
BACKGROUNDS = (
    ("none", "None: the labels name all classes"),
    ("unlabeled", "Unlabeled ground, by chance: the labels are places of presence, as deposits"),
)
AUGMENTS = (
    ("overhead", "Turned, mirrored, brighter or darker"),
    ("turns", "Turned and mirrored: where values or shades have a meaning"),
    ("none", "None: where directions have a meaning too"),
)
BALANCES = (
    ("weights", "Rare classes are shown more often and weigh more"),
    ("sampling", "All classes are shown equally often"),
    ("none", "None"),
)
LOSSES = (
    ("cross_entropy", "Cross-entropy"),
    ("focal", "Focal: more weight on hard pixels"),
    ("dice", "Dice and cross-entropy: overlap of areas"),
)
VALIDATIONS = (
    ("spatial_blocks", "Spatial blocks: cross-validation over places"),
    ("holdout_polygons", "Cross-validation over labels: whole polygons, lines or points"),
    ("layer", "A second layer of labels"),
)


@dataclass(frozen=True)
class TrainPixelClassifier:
    """Train a network that gives every pixel of rasters a class, from labels on the map."""

    rasters: list = rasters(
        "Rasters",
        help="One or several: imagery, elevation and what is derived from it, geophysics. The "
        "first gives the grid; the others are warped to it as they are read.",
    )
    bands: list = bands(
        "Bands", "rasters", help="Bands to learn from, counted through all rasters. Empty: all."
    )
    labels: str = features(
        "Labels",
        geometry=("any",),
        help="Polygons, lines or points that say what is there. Ground without labels is not "
        "learned from; it need not be labeled completely.",
    )
    class_field: str = attribute(
        "Class field",
        "labels",
        optional=True,
        help="Field of the labels that names the class. Empty: guessed from the names of the "
        "fields, and the log says which was taken; with Background: unlabeled ground all labels "
        "are then of one class.",
    )
    network: str = choice(
        "Network", "unet_mobilenet_v2", NETWORKS, help="The architecture that is trained."
    )
    start_from: str = choice(
        "Start from",
        "bundled",
        STARTS,
        help="Weights to start from. Bundled weights exist for the U-Net on MobileNetV2; the "
        "network of single pixels always starts from nothing, or from a model. " + START_HELP,
    )
    base_model: str = model_file(
        "My model",
        task=PIXELS,
        optional=True,
        help="The model to go on from, with Start from: a model of mine.",
    )
    background: str = choice(
        "Background",
        "none",
        BACKGROUNDS,
        help="Whether places without labels stand for a class “background”.",
    )
    patch_size: int = integer(
        "Patch size",
        256,
        unit="pixels",
        minimum=SMALLEST_PATCH,
        maximum=2048,
        help="Side of the squares that the network learns from; smaller where the raster is.",
    )
    epochs: int = integer(
        "Epochs",
        0,
        minimum=0,
        maximum=10000,
        unset=True,
        help="How often the labeled ground is seen. 0: automatic, and at most four minutes for "
        "one training on a computer without graphics card.",
    )
    minutes: float = number(
        "Time limit",
        0.0,
        unit="minutes",
        minimum=0,
        unset=True,
        help="All of it, scores and report included, is planned to end within this time. "
        "0: no limit.",
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
    l2: float = number(
        "L2 penalty (weight decay)",
        0.05,
        minimum=0,
        maximum=10,
        advanced=True,
        help="Decoupled weight decay of AdamW.",
    )
    augment: str = choice(
        "Augmentation",
        "overhead",
        AUGMENTS,
        help="How patches are varied while training; labels are never resampled.",
    )
    balance: str = choice(
        "Class balance", "weights", BALANCES, help="What is done for classes with few labels."
    )
    loss: str = choice("Loss", "cross_entropy", LOSSES, help="What training makes small.")
    validation: str = choice(
        "Validation",
        "spatial_blocks",
        VALIDATIONS,
        help="How the scores are measured; pixels that train never score.",
    )
    validation_labels: str = features(
        "Validation labels",
        geometry=("any",),
        optional=True,
        help="The second layer, with Validation: a second layer of labels. It names its classes "
        "in a field of the same name.",
    )
    block_size: float = number(
        "Block size",
        0.0,
        unit="map units",
        minimum=0,
        unset=True,
        help="Side of the spatial blocks. 0: automatic, twice as far as labels resemble each "
        "other.",
    )
    folds: int = integer(
        "Folds",
        3,
        minimum=2,
        maximum=20,
        help="Parts of the cross-validation; so many networks are trained, and one more.",
    )
    line_width: float = number(
        "Width of lines",
        0.0,
        unit="map units",
        minimum=0,
        advanced=True,
        unset=True,
        help="How wide the ground is that a line labels. 0: automatic, two pixels.",
    )
    point_radius: float = number(
        "Radius of points",
        0.0,
        unit="map units",
        minimum=0,
        advanced=True,
        unset=True,
        help="How far the ground reaches that a point labels. 0: automatic, one pixel.",
    )
    inner_buffer: float = number(
        "Inner buffer of polygons",
        0.0,
        unit="map units",
        minimum=0,
        advanced=True,
        help="Ground along the border of polygons that is not learned from, where borders were "
        "not drawn exactly.",
    )
    batch_size: int = batch_size()
    device: str = device()
    seed: int = seed()
    model: str = new_file("Model", "safetensors", help="Model file to write.")
    report: str = new_file("Report", "html", help="One HTML page with maps and scores.")
    accuracy: float = result_number("Accuracy")
    macro_f1: float = result_number("Macro F1")
    mean_iou: float = result_number("Mean intersection over union")
    kappa: float = result_number("Cohen's kappa")
    auc: float = result_number("Area under the ROC curve")

    def check(self):
        check_base_model(self, "the bundled weights")
        with_weights = ("unet_mobilenet_v2", "pixel_mlp")
        if self.start_from == "bundled" and self.network not in with_weights:
            raise JobError(
                f"There are no bundled weights for {self.network}.",
                "Start from imagenet or scratch, or choose unet_mobilenet_v2.",
            )
        if self.start_from == "imagenet" and self.network == "pixel_mlp":
            raise JobError("There are no ImageNet weights for pixel_mlp.", "Start it from scratch.")
        if not self.class_field and self.background == "none":
            raise JobError(
                "No class field is given.",
                "Choose the field of the labels that names the class, or a background.",
            )
        if self.validation == "layer" and not self.validation_labels:
            raise JobError(
                "Validation is a second layer of labels, but none is given.",
                "Choose a layer in VALIDATION_LABELS, or another validation.",
            )
        if self.validation_labels and self.validation != "layer":
            raise JobError(
                "Validation labels are given, but the validation does not use them.",
                "Choose Validation: a second layer of labels, or leave VALIDATION_LABELS empty.",
            )
        if self.patch_size % SMALLEST_PATCH:
            near = max(round(self.patch_size / SMALLEST_PATCH), 1) * SMALLEST_PATCH
            raise JobError(
                f"Patch size is {self.patch_size} pixels, not a multiple of {SMALLEST_PATCH}.",
                f"Choose {near}.",
            )
