"""The job that trains an upscaler."""

from dataclasses import dataclass

from .checkpoints import START, START_HELP, check_base_model
from .common import device, seed, steps
from .declare import (
    bands,
    choice,
    folder,
    model_file,
    new_file,
    number,
    rasters,
    result_number,
)
from .errors import JobError
from .model_card import UPSCALING, read_card
from .upscaling import SHARPEST, SOFTEST, check_upscaler

TRAINED_FACTORS = (
    ("1", "Same size: sharpen and remove noise"),
    ("2", "2 times finer"),
    ("4", "4 times finer"),
)
SIZES = (
    ("fast", "Fast: 32 channels, 6 blocks"),
    ("balanced", "Balanced: 48 channels, 8 blocks"),
    ("best", "Best: 64 channels, 16 blocks (for a GPU)"),
)
STARTS = (
    ("bundled", "The upscaler that comes with the plugin"),
    ("scratch", "From nothing"),
    ("model", "A model of mine"),
    START,
)


@dataclass(frozen=True)
class TrainUpscaler:
    """Train a generator that makes rasters like yours finer."""

    fine: list = rasters(
        "Fine rasters",
        optional=True,
        help="Rasters as fine as the results should be, all with the same bands.",
    )
    images: str = folder(
        "Folder of fine images", optional=True, help="Images instead of fine rasters."
    )
    bands: list = bands("Bands", "fine", help="Bands to train on. Empty: all bands.")
    coarse: list = rasters(
        "Coarse rasters",
        optional=True,
        help="Coarse rasters of the same ground, one for each fine raster in the same order. "
        "Empty: they are made from the fine ones.",
    )
    factor: str = choice("Factor", "4", TRAINED_FACTORS, help="Between coarse and fine pixels.")
    softest_blur: float = number(
        "Softest sensor blur",
        0.15,
        minimum=SOFTEST,
        maximum=SHARPEST,
        help="Coarse rasters are made with any response at their Nyquist frequency from this ...",
    )
    blur: float = number(
        "Sharpest sensor blur",
        SHARPEST,
        minimum=SOFTEST,
        maximum=SHARPEST,
        help="... to this one. 0.64: pixels that are plain averages.",
    )
    size: str = choice("Size", "balanced", SIZES, help="Of the network.")
    start_from: str = choice(
        "Start from",
        "bundled",
        STARTS,
        help="The bundled upscaler has the size balanced and one band, which is adapted to more; "
        "where there is none of the size and factor, training begins from nothing. " + START_HELP,
    )
    base_model: str = model_file(
        "My model",
        task=UPSCALING,
        optional=True,
        help="The model to go on from, with Start from: a model of mine.",
    )
    minutes: float = number(
        "Time limit",
        20.0,
        unit="minutes",
        minimum=0.1,
        maximum=10_000,
        help="For all of it with the scores, in minutes of computing: beside other programs it takes "
        "longer.",
    )
    steps: int = steps()
    gan_share: float = number(
        "Share of the adversarial stage",
        0.4,
        minimum=0,
        maximum=0.9,
        help="Part of the time in which the texture is learned. 0: only the faithful generator.",
    )
    adversarial_weight: float = number(
        "Adversarial weight",
        0.05,
        minimum=0,
        maximum=1,
        advanced=True,
        help="Of the discriminator's judgment in the loss.",
    )
    validation_share: float = number(
        "Validation share",
        0.2,
        minimum=0.05,
        maximum=0.5,
        help="Share of the ground, in blocks, that is kept for the scores.",
    )
    device: str = device()
    seed: int = seed()
    model: str = new_file("Model", "safetensors", help="Model file to write.")
    report: str = new_file("Report", "html", help="One HTML page with pictures and scores.")
    psnr_gain: float = result_number("Gain over cubic interpolation in dB")
    ssim: float = result_number("Structural similarity")

    def check(self):
        if bool(self.fine) == bool(self.images):
            found = "Both fine rasters and a folder of images" if self.fine else "Nothing"
            raise JobError(
                f"{found} is given to learn from." if not self.fine else f"{found} are given.",
                "Give either FINE or IMAGES.",
            )
        if self.coarse and len(self.coarse) != len(self.fine or []):
            raise JobError(
                f"There are {len(self.fine or [])} fine and {len(self.coarse)} coarse rasters.",
                "Give one coarse raster for each fine one, in the same order.",
            )
        if self.softest_blur > self.blur:
            raise JobError(
                f"The softest blur ({self.softest_blur}) is over the sharpest ({self.blur}).",
                "Choose a softest blur that is at most the sharpest one.",
            )
        check_base_model(self, "the bundled one")
        if self.start_from == "model":
            card = read_card(self.base_model, UPSCALING)
            check_upscaler(card, self.base_model, int(self.factor))
