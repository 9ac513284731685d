"""The job that cuts labeled chips out of a raster."""

from dataclasses import dataclass

from .declare import (
    attribute,
    bands,
    features,
    integer,
    new_features,
    new_folder,
    raster,
    result_number,
)
from .errors import JobError

SMALLEST_CHIP = 8


@dataclass(frozen=True)
class ExportTrainingChips:
    """Cut labeled chips out of a raster, into a folder with a subfolder per class."""

    input: str = raster("Raster", help="The image, elevation model or survey to cut.")
    bands: list = bands("Bands", "input", help="Bands to keep, in this order. Empty: all bands.")
    labels: str = features(
        "Labels",
        geometry=("point", "polygon"),
        help="Points or polygons that say what is there. A chip is cut around every point; "
        "polygons are covered with chips whose center lies inside.",
    )
    class_field: str = attribute(
        "Class field",
        "labels",
        optional=True,
        help="Field of the labels that names the class. Empty: guessed from the names of the "
        "fields; the log says which was taken.",
    )
    chip_size: int = integer(
        "Chip size",
        0,
        unit="pixels",
        minimum=0,
        maximum=4096,
        unset=True,
        help="Side of a chip. 0: automatic, 64, or less where the polygons or the raster are "
        "small.",
    )
    stride: int = integer(
        "Stride",
        0,
        unit="pixels",
        minimum=0,
        maximum=4096,
        advanced=True,
        unset=True,
        help="Step between chips in a polygon. 0: the chip size, so that chips do not overlap.",
    )
    output: str = new_folder("Chips", help="Folder to make; it must be new or empty.")
    footprints: str = new_features(
        "Footprints",
        geometry=("polygon",),
        optional=True,
        help="Outline of every chip with its class and path.",
    )
    chips: float = result_number("Number of chips")

    def check(self):
        if not self.class_field:
            raise JobError("The labels have no class field.", "Choose it in CLASS_FIELD.")
        if 0 < self.chip_size < SMALLEST_CHIP:
            raise JobError(
                f"Chip size is {self.chip_size} pixels, less than {SMALLEST_CHIP}.",
                f"Choose {SMALLEST_CHIP} or more, or 0 for automatic.",
            )
