"""The job that makes a raster finer."""

from dataclasses import dataclass

from .common import device, seed
from .declare import (
    bands,
    boolean,
    choice,
    extent,
    integer,
    model_file,
    new_file,
    new_raster,
    number,
    raster,
)
from .errors import JobError
from .model_card import UPSCALING, read_card
from .upscaling import FACTORS, SOFTEST, blur, check_upscaler

METHODS = (
    ("model", "Generator: learned detail, held to the measurements"),
    ("classical", "Cubic interpolation with back-projection: nothing learned"),
)
OUTPUT_TYPES = (
    ("same", "As the input"),
    ("uint8", "8 bit"),
    ("uint16", "16 bit"),
    ("int16", "16 bit with sign"),
    ("float32", "Floating point"),
)


@dataclass(frozen=True)
class UpscaleRaster:
    """Make a raster 2, 4 or 8 times finer, or sharper, with a trained generator."""

    input: str = raster("Raster", help="Any raster of measurements or images, any bands.")
    bands: list = bands("Bands", "input", help="Bands to upscale. Empty: all bands.")
    method: str = choice("Method", "model", METHODS, help="Where the detail comes from.")
    model: str = model_file(
        "Model",
        task=UPSCALING,
        optional=True,
        help="A model made by Train upscaler. Empty: the one that comes with the plugin, which "
        "takes each band by itself and so suits any raster.",
    )
    factor: str = choice(
        "Factor",
        "4",
        FACTORS,
        help="How many pixels one pixel becomes in each direction. A model of yours has its own.",
    )
    detail: float = number(
        "Texture",
        -1.0,
        minimum=-1,
        maximum=1,
        unset=True,
        help="0: the most faithful result, for elevation and other measurements. 1: the full "
        "texture of the generator, which is plausible but not measured. -1: automatic, 0.5 for "
        "8-bit images and 0 for everything else.",
    )
    intensity_only: bool = boolean(
        "Texture in intensity only",
        True,
        help="The same texture in all bands, so that colors and ratios of bands stay (with three "
        "bands and more).",
    )
    blur: float = blur(
        "Response of the sensor at the finest frequency of the raster (MTF at Nyquist): 0.64 for "
        "rasters that were averaged to their size, about 0.4 for aerial cameras, 0.3 for "
        "satellites, 0.15 for soft images. 0: automatic, estimated from the raster.",
    )
    consistency: int = integer(
        "Consistency",
        5,
        unit="iterations",
        minimum=0,
        maximum=20,
        help="How often the result is corrected until it, made coarse again, is the input again. "
        "0: never.",
    )
    extent: list = extent("Extent", help="Part of the raster to upscale. Empty: all of it.")
    nodata: float = number(
        "Nodata value",
        None,
        optional=True,
        advanced=True,
        help="Value that means no data, if the raster does not say so itself.",
    )
    output_type: str = choice(
        "Output type", "same", OUTPUT_TYPES, advanced=True, help="Data type of the result."
    )
    window_size: int = integer(
        "Window size",
        0,
        unit="pixels",
        minimum=0,
        maximum=8192,
        advanced=True,
        unset=True,
        help="Pixels of the input that are worked on at once. 0: automatic. The result does not "
        "depend on it.",
    )
    device: str = device()
    seed: int = seed()
    output: str = new_raster("Upscaled raster", help="On the same ground, with finer pixels.")
    synthesized_detail: str = new_raster(
        "Synthesized detail",
        optional=True,
        help="How much of each coarse pixel was invented rather than measured, in the raster's "
        "unit.",
    )
    report: str = new_file(
        "Report", "html", optional=True, help="One HTML page: before and after, and the checks."
    )

    def check(self):
        if 0 < self.blur < SOFTEST:
            raise JobError(
                f"Sensor blur is {self.blur}, softer than any sensor.",
                f"Choose 0 for automatic, or {SOFTEST} to 0.64.",
            )
        if -1 < self.detail < 0:
            raise JobError(
                f"Texture is {self.detail}.", "Choose 0 to 1, or exactly -1 for automatic."
            )
        if self.model:
            check_upscaler(read_card(self.model, UPSCALING), self.model)
        if self.method == "classical" and self.model:
            raise JobError(
                "The classical method takes no model.",
                "Leave MODEL empty, or choose the method model.",
            )
        if self.method == "classical" and self.factor == "1":
            raise JobError(
                "The classical method cannot sharpen at the same size.",
                "Choose the method model, or the factor 2, 4 or 8.",
            )
