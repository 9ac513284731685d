"""The job that classifies mapped features by the raster under them."""

from dataclasses import dataclass

from .common import batch_size, device
from .declare import bands, features, model_file, new_features, raster
from .model_card import CLASSIFICATION


@dataclass(frozen=True)
class ClassifyFeatures:
    """Name the class of the raster at every feature."""

    input: str = features(
        "Features",
        geometry=("point", "line", "polygon"),
        help="What to classify: a patch is cut around the middle of every feature; a larger "
        "polygon is covered with patches whose probabilities are averaged.",
    )
    raster: str = raster("Raster", help="Raster with the bands that the model was trained on.")
    bands: list = bands(
        "Bands",
        "raster",
        help="Bands in the model's order. Empty: those with the names of the model's bands, else all but alpha.",
    )
    model: str = model_file(
        "Model", task=CLASSIFICATION, help="A model made by Train image classifier."
    )
    batch_size: int = batch_size()
    device: str = device()
    output: str = new_features(
        "Classified features",
        help="The features with class, confidence and a probability per class.",
    )
