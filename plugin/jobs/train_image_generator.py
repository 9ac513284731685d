"""The job that trains a generator of images."""

from dataclasses import dataclass

from .checkpoints import ONLY_STARTS, START_HELP
from .common import device, seed, steps
from .declare import choice, folder, new_file, number, result_number

SIDES = (("64", "64 pixels"), ("128", "128 pixels"), ("256", "256 pixels"))


@dataclass(frozen=True)
class TrainImageGenerator:
    """Train a generator that makes images like yours, to enlarge a small set."""

    input: str = folder(
        "Folder of images",
        help="Images, or a subfolder of images per class; at least 50 images.",
    )
    size: str = choice("Size", "64", SIDES, help="Side of the images that are made.")
    minutes: float = number(
        "Time limit", 20.0, unit="minutes", minimum=0.1, maximum=10_000, help="For the training."
    )
    steps: int = steps()
    start_from: str = choice("Start from", "scratch", ONLY_STARTS, advanced=True, help=START_HELP)
    device: str = device()
    seed: int = seed()
    model: str = new_file("Model", "safetensors", help="Model file to write.")
    report: str = new_file(
        "Report",
        "html",
        help="One HTML page: samples, whether they are copies, and whether a classifier gains.",
    )
    distance: float = result_number("Sliced Wasserstein distance")
    gain: float = result_number("Change of a classifier's accuracy with made images")
