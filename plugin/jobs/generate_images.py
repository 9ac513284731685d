"""The job that makes images."""

from dataclasses import dataclass

from .common import device, seed
from .declare import integer, model_file, new_file, new_folder, text
from .model_card import GENERATION


@dataclass(frozen=True)
class GenerateImages:
    """Make images with a trained generator."""

    model: str = model_file("Model", task=GENERATION, help="Made by Train image generator.")
    count: int = integer(
        "Number of images", 64, minimum=1, maximum=100_000, help="How many to make."
    )
    class_name: str = text("Class", help="Class to make. Empty: all classes, in equal parts.")
    device: str = device()
    seed: int = seed()
    output: str = new_folder("Images", help="PNG or TIFF images, a subfolder per class.")
    manifest: str = new_file(
        "Manifest", "csv", optional=True, help="Path, class and seed of every image."
    )
    contact_sheet: str = new_file(
        "Contact sheet", "png", optional=True, help="One picture of the first images."
    )
