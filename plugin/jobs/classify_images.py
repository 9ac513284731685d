"""The job that classifies image files."""

from dataclasses import dataclass

from .common import batch_size, device
from .declare import images, model_file, new_features
from .model_card import CLASSIFICATION


@dataclass(frozen=True)
class ClassifyImages:
    """Name the class of every image in a folder."""

    input: str = images(
        "Images", help="An image, or a folder that is searched with its subfolders."
    )
    model: str = model_file(
        "Model", task=CLASSIFICATION, help="A model made by Train image classifier."
    )
    batch_size: int = batch_size()
    device: str = device()
    output: str = new_features(
        "Classified images",
        geometry=("point",),
        help="A row per image: path, class, confidence and a probability per class; a point "
        "where the image has a GPS position or georeferencing.",
    )
