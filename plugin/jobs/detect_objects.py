"""The job that finds objects."""

from dataclasses import dataclass

from .common import batch_size, device
from .declare import bands, extent, model_file, new_features, number, raster_or_images
from .model_card import DETECTION


@dataclass(frozen=True)
class DetectObjects:
    """Find the objects in a raster or in images: a box for each."""

    input: str = raster_or_images(
        "Raster or images",
        help="A raster layer, an image file, or a folder of images with its subfolders.",
    )
    bands: list = bands(
        "Bands",
        "input",
        help="Bands in the model's order. Empty: those with the names of the model's bands, else all but alpha.",
    )
    model: str = model_file("Model", task=DETECTION, help="A model made by Train object detector.")
    min_confidence: float = number(
        "Least confidence",
        0.0,
        minimum=0,
        maximum=1,
        unset=True,
        help="Objects of which the network is less sure are left out. 0: automatic, what gave "
        "the best balance of found and false in the model's validation.",
    )
    merge_overlap: float = number(
        "Merge overlap",
        0.5,
        minimum=0.05,
        maximum=1,
        advanced=True,
        help="Two boxes of one class are one object if their intersection is more than this "
        "share of their union.",
    )
    extent: list = extent("Extent", help="Part of the raster to search. Empty: all of it.")
    batch_size: int = batch_size()
    device: str = device()
    output: str = new_features(
        "Objects",
        geometry=("polygon",),
        help="A box per object with class, confidence, width, height, diameter and area in map "
        "units. Images without georeferencing give pixels and their path.",
    )
