"""The job that trains an object detector."""

from dataclasses import dataclass

from .checkpoints import START, START_HELP, check_base_model
from .common import batch_size, device, seed
from .declare import (
    attribute,
    bands,
    choice,
    extent,
    features,
    file,
    folder,
    integer,
    model_file,
    new_features,
    new_file,
    number,
    rasters,
    result_number,
)
from .errors import JobError
from .model_card import DETECTION

SMALLEST_PATCH, PATCH_STEP = 64, 32
NETWORKS = (
    ("fcos_mobilenet_v2_fpn", "FCOS, MobileNetV2 (small, fast; weights come with the plugin)"),
    ("fasterrcnn_mobilenet_v3_large_fpn", "Faster R-CNN, MobileNetV3 large"),
    ("fasterrcnn_resnet50_fpn", "Faster R-CNN, ResNet-50"),
    ("retinanet_resnet50_fpn", "RetinaNet, ResNet-50"),
    ("fcos_resnet50_fpn", "FCOS, ResNet-50"),
)
STARTS = (
    ("bundled", "Weights that come with the plugin (ImageNet)"),
    ("imagenet", "ImageNet weights of the backbone, downloaded by torchvision"),
    ("coco", "COCO weights of the whole detector, downloaded by torchvision"),
    ("scratch", "From nothing"),
    ("model", "A model of mine"),
    START,
)
AUGMENTS = (
    ("overhead", "Seen from above: turned, mirrored, brighter or darker"),
    ("photo", "Photographs: mirrored left-right, brighter or darker"),
    ("none", "None"),
)
VALIDATIONS = (
    ("holdout", "Hold-out: a share of the images, or of the ground in blocks, is kept"),
    ("cross_validation", "Cross-validation: every image or block is scored once"),
    ("own", "Images of my own, in Validation images"),
)


@dataclass(frozen=True)
class TrainObjectDetector:
    """Train a detector that finds objects such as craters or landslides."""

    rasters: list = rasters(
        "Rasters",
        optional=True,
        help="One raster, or several of the same kind, in which boxes are drawn. Leave it empty "
        "to train on a folder of images.",
    )
    bands: list = bands(
        "Bands", "rasters", advanced=True, help="Bands of every raster. Empty: all bands."
    )
    boxes: str = features(
        "Boxes",
        geometry=("polygon",),
        optional=True,
        help="Polygons around the objects in the rasters; of every part its bounding box counts.",
    )
    class_field: str = attribute(
        "Class field",
        "boxes",
        optional=True,
        help="Field with the class of every box. Empty: all are one class, named object.",
    )
    extent: list = extent(
        "Mapped area",
        help="Part of the rasters where every object has its box. Empty: the rectangle around "
        "all boxes of a raster. Objects without a box in it are taught as background.",
    )
    images: str = folder(
        "Images",
        optional=True,
        help="Instead of rasters: a folder of images with YOLO labels, a text file per image "
        "beside it or in a folder named labels; or the images of a COCO file.",
    )
    box_file: str = file(
        "COCO file",
        optional=True,
        help="JSON file in the form of COCO with the boxes of the images. Empty: YOLO labels.",
    )
    network: str = choice(
        "Network", "fcos_mobilenet_v2_fpn", NETWORKS, help="The architecture that is trained."
    )
    start_from: str = choice(
        "Start from",
        "bundled",
        STARTS,
        help="Weights to fine-tune. Bundled weights exist for fcos_mobilenet_v2_fpn. " + START_HELP,
    )
    base_model: str = model_file(
        "My model",
        task=DETECTION,
        optional=True,
        help="The model to go on from, with Start from: a model of mine.",
    )
    patch_size: int = integer(
        "Patch size",
        0,
        unit="pixels",
        minimum=0,
        maximum=2048,
        unset=True,
        help="Side of the squares that the network sees, in steps of 32; at least twice the "
        "size of the largest objects. 0: automatic, 256 to 640.",
    )
    epochs: int = integer(
        "Epochs",
        0,
        minimum=0,
        maximum=10000,
        unset=True,
        help="How often every image, or every patch of the mapped area, is seen. 0: automatic, "
        "and at most 25 minutes.",
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
    augment: str = choice(
        "Augmentation", "overhead", AUGMENTS, help="How patches are varied while training."
    )
    validation: str = choice(
        "Validation",
        "holdout",
        VALIDATIONS,
        help="How the scores are measured; what trains never scores. Rasters are split in blocks "
        "of ground, folders by image.",
    )
    validation_share: float = number(
        "Validation share",
        0.2,
        minimum=0.05,
        maximum=0.5,
        help="Share that is held out (with Validation: hold-out).",
    )
    folds: int = integer(
        "Folds", 4, minimum=2, maximum=20, advanced=True, help="Parts of the cross-validation."
    )
    validation_images: str = folder(
        "Validation images",
        optional=True,
        help="With Validation: images of my own. A folder of images with YOLO labels that took "
        "no part in training.",
    )
    batch_size: int = batch_size()
    device: str = device()
    seed: int = seed()
    model: str = new_file("Model", "safetensors", help="Model file to write.")
    report: str = new_file("Report", "html", help="One HTML page with pictures and scores.")
    predictions: str = new_features(
        "Validation boxes",
        geometry=("polygon",),
        optional=True,
        help="What was found where it was scored: class, confidence, whether it is right; and "
        "the objects that were missed.",
    )
    map50: float = result_number("mAP at an overlap of 0.5")
    map: float = result_number("mAP over overlaps of 0.5 to 0.95")

    def check(self):
        _check_source(self)
        _check_start(self)
        if 0 < self.patch_size < SMALLEST_PATCH or self.patch_size % PATCH_STEP:
            raise JobError(
                f"Patch size is {self.patch_size} pixels; it must be a multiple of {PATCH_STEP}, "
                f"and at least {SMALLEST_PATCH}.",
                f"Choose {max(SMALLEST_PATCH, round(self.patch_size / 32) * 32)}, or 0 for "
                "automatic.",
            )
        if (self.validation == "own") != bool(self.validation_images):
            raise JobError(
                "VALIDATION and VALIDATION_IMAGES do not fit together.",
                "Give VALIDATION_IMAGES with VALIDATION own, and only then.",
            )


def _check_source(job):
    remedy = "Give RASTERS with BOXES; or IMAGES with YOLO labels, or with a COCO file in BOX_FILE."
    if bool(job.rasters) == bool(job.images):
        found = (
            "Both RASTERS and IMAGES are given." if job.images else "Nothing to train on is given."
        )
        raise JobError(found, remedy)
    if job.rasters and not job.boxes:
        raise JobError("RASTERS are given without BOXES.", remedy)
    if job.images and job.boxes:
        raise JobError("BOXES are polygons over RASTERS; they do not fit IMAGES.", remedy)
    if job.rasters and job.box_file:
        raise JobError("BOX_FILE holds the boxes of IMAGES, not those of RASTERS.", remedy)
    if job.rasters and job.validation == "own":
        raise JobError(
            "VALIDATION own needs images in folders.",
            "Choose holdout or cross_validation: rasters are split in blocks of ground.",
        )


def _check_start(job):
    check_base_model(job, "the bundled weights")
    small = job.network == NETWORKS[0][0]
    if job.start_from == "bundled" and not small:
        raise JobError(
            f"There are no bundled weights for {job.network}.",
            f"Start from coco, imagenet or scratch, or choose {NETWORKS[0][0]}.",
        )
    if job.start_from in ("coco", "imagenet") and small:
        raise JobError(
            f"Torchvision has no {job.start_from} weights for {job.network}.",
            "Start from bundled, or choose another network.",
        )
