"""The job that classifies every pixel of a raster."""

from dataclasses import dataclass

from .common import batch_size, device
from .declare import bands, boolean, extent, integer, model_file, new_raster, rasters
from .errors import JobError
from .model_card import PIXELS


@dataclass(frozen=True)
class ClassifyPixels:
    """Make a map: a class for every pixel of a stack of rasters."""

    rasters: list = rasters(
        "Rasters",
        help="Rasters with the bands that the model was trained on, in the same order. The first "
        "gives the grid of the map; the others are warped to it as they are read.",
    )
    bands: list = bands(
        "Bands",
        "rasters",
        help="Bands in the model's order, counted through all rasters. Empty: those with the names of the model's bands, else all but alpha.",
    )
    model: str = model_file("Model", task=PIXELS, help="A model made by Train pixel classifier.")
    extent: list = extent("Extent", help="Part of the rasters to classify. Empty: all of it.")
    overlap: int = integer(
        "Overlap between windows",
        0,
        unit="pixels",
        minimum=0,
        maximum=4096,
        advanced=True,
        unset=True,
        help="0: automatic, as far as the model looks, so that the map does not depend on the "
        "windows. Less is faster; neighbors are then blended, and their difference is told.",
    )
    test_time_augmentation: bool = boolean(
        "Test-time augmentation",
        False,
        advanced=True,
        help="Takes the mean over the eight turns and mirrorings of the ground: often a little "
        "better, eight times slower.",
    )
    window_size: int = integer(
        "Window size",
        0,
        unit="pixels",
        minimum=0,
        maximum=16384,
        advanced=True,
        unset=True,
        help="Side of what is classified at once, without the overlap. 0: what the memory affords.",
    )
    batch_size: int = batch_size()
    device: str = device()
    output: str = new_raster("Classes", help="A class for every pixel, with names and colors.")
    confidence: str = new_raster(
        "Confidence", optional=True, help="Probability of the chosen class, 0 to 1."
    )
    probabilities: str = new_raster(
        "Probabilities", optional=True, help="A band for every class with its probability, 0 to 1."
    )
    trust: str = new_raster(
        "Trust",
        optional=True,
        help="Dissimilarity of every pixel from the ground that the model was trained on. Above the "
        "threshold, which is in the raster's metadata, the map should not be trusted.",
    )

    def check(self):
        """Refuse an overlap that does not fit in a window."""
        if self.window_size and self.overlap > self.window_size:
            raise JobError(
                f"The overlap is {self.overlap} pixels, more than the window ({self.window_size}).",
                f"Choose an overlap of at most {self.window_size} pixels, or a larger window.",
            )
