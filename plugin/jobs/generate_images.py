"""The job that makes images."""

import os
from dataclasses import dataclass

from .common import device, seed
from .declare import integer, model_file, new_file, new_folder, text
from .errors import JobError
from .model_card import GENERATION, class_names, read_card


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

    def check(self):
        if self.class_name:
            check_class(read_card(self.model), self.model, self.class_name)


def check_class(card, path, name):
    """Refuse a class that a model does not know.

    Raises
    ------
    JobError
        With the classes that it knows.
    """
    known = class_names(card)
    if name not in known:
        shown_names = ", ".join(known[:30]) or "it was trained without classes"
        raise JobError(
            f'Model "{os.path.basename(path)}" knows no class "{name}".',
            f"Choose one of: {shown_names}." if known else f"Leave Class empty: {shown_names}.",
        )
