"""The job that judges an upscaled raster."""

from dataclasses import dataclass

from .common import device
from .declare import (
    bands,
    choice,
    model_file,
    new_features,
    new_file,
    number,
    raster,
    result_number,
)
from .errors import JobError
from .model_card import UPSCALING, read_card
from .places import is_same_file
from .upscaling import FACTORS, blur, check_upscaler


@dataclass(frozen=True)
class AssessUpscaling:
    """Judge an upscaled raster, or a model, against a fine raster."""

    reference: str = raster(
        "Reference", help="A raster as fine as the result: the truth. Nothing may have learned it."
    )
    bands: list = bands("Bands", "reference", help="Bands to judge. Empty: all bands.")
    upscaled: str = raster(
        "Upscaled raster",
        optional=True,
        help="The raster to judge, on the reference's ground and pixels. Empty: a coarse raster "
        "is made from the reference and upscaled with the model.",
    )
    model: str = model_file(
        "Model",
        task=UPSCALING,
        optional=True,
        help="Model to judge if there is no upscaled raster. Empty: the bundled one.",
    )
    factor: str = choice("Factor", "4", FACTORS[1:], help="Between coarse and fine pixels.")
    blur: float = blur(
        "Response of the sensor at the coarse raster's Nyquist frequency: how the coarse raster is "
        "made. 0: what the upscaled raster says in its tags, else 0.3."
    )
    detail: float = number(
        "Texture", 0.0, minimum=0, maximum=1, help="With which texture the model is judged."
    )
    device: str = device()
    report: str = new_file("Report", "html", help="One HTML page with pictures and scores.")
    scores: str = new_features(
        "Scores",
        geometry=("none",),
        optional=True,
        help="A row for each method, the usual resamplings beside ours, and a column per score.",
    )
    psnr: float = result_number("Peak signal-to-noise ratio in dB")
    ssim: float = result_number("Structural similarity")
    sam: float = result_number("Spectral angle in degrees")
    consistency: float = result_number("Error of the result made coarse again")

    def check(self):
        if self.upscaled and self.model:
            raise JobError(
                "Both an upscaled raster and a model are given.",
                "Give one of them: UPSCALED or MODEL.",
            )
        if self.upscaled and is_same_file(self.upscaled, self.reference):
            raise JobError(
                "The upscaled raster and the reference are the same file.",
                "Give what was measured at the fine pixels as the reference.",
            )
        if self.model:
            check_upscaler(read_card(self.model, UPSCALING), self.model, int(self.factor))
