"""The job that suggests where a new label would teach most."""

from dataclasses import dataclass

from .common import batch_size, device, seed
from .declare import bands, extent, features, integer, model_file, new_features, number, rasters
from .model_card import PIXELS


@dataclass(frozen=True)
class SuggestLabels:
    """Suggest places where a new label would teach a pixel classifier most."""

    rasters: list = rasters(
        "Rasters",
        help="Rasters with the bands that the model was trained on, in the same order.",
    )
    bands: list = bands(
        "Bands",
        "rasters",
        help="Bands in the model's order, counted through all rasters. Empty: those with the names of the model's bands, else all but alpha.",
    )
    model: str = model_file("Model", task=PIXELS, help="A model made by Train pixel classifier.")
    labels: str = features(
        "Labels so far",
        optional=True,
        help="Polygons, lines or points that are labeled already, also such that the model has not "
        "learned from yet: suggestions keep away from them and from what is like them.",
    )
    count: int = integer(
        "Number of suggestions", 20, unit="points", minimum=1, maximum=1000, help="Points wanted."
    )
    distance: float = number(
        "Least distance",
        0.0,
        unit="map units",
        minimum=0,
        unset=True,
        help="Between two suggestions, and from labels. 0: automatic, a tenth of what would part "
        "evenly spread points.",
    )
    extent: list = extent("Extent", help="Part of the rasters to look at. Empty: all of it.")
    batch_size: int = batch_size()
    device: str = device()
    seed: int = seed()
    output: str = new_features(
        "Suggestions",
        geometry=("point",),
        help="Points, the most instructive first: rank, the class that the model gives, its "
        "confidence, how undecided it is (0 to 1) and how unlike all labeled ground the place is.",
    )
