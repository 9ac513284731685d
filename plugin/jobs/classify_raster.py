"""The job that classifies a raster patch by patch."""

from dataclasses import dataclass

from .common import batch_size, device
from .declare import bands, extent, integer, model_file, new_raster, raster
from .model_card import CLASSIFICATION


@dataclass(frozen=True)
class ClassifyRaster:
    """Slide an image classifier over a raster: a class for every stride."""

    input: str = raster("Raster", help="Raster with the bands that the model was trained on.")
    bands: list = bands(
        "Bands",
        "input",
        help="Bands in the model's order. Empty: those with the names of the model's bands, else all but alpha.",
    )
    model: str = model_file(
        "Model", task=CLASSIFICATION, help="A model made by Train image classifier."
    )
    stride: int = integer(
        "Stride",
        0,
        unit="pixels",
        minimum=0,
        maximum=4096,
        unset=True,
        help="Step between patches, and side of an output cell. 0: half a patch.",
    )
    extent: list = extent("Extent", help="Part of the raster to classify. Empty: all of it.")
    batch_size: int = batch_size()
    device: str = device()
    output: str = new_raster("Classes", help="A cell per stride, with class names and colors.")
    confidence: str = new_raster(
        "Confidence", optional=True, help="Probability of the chosen class, 0 to 1."
    )
