"""What the jobs that look into a model have in common."""

import os

from .errors import JobError
from .lists import MOST_CLASSES, first_of
from .model_card import CLASSIFICATION, PIXELS, class_names, read_card

TASKS = (CLASSIFICATION, PIXELS)


FURTHER_HELP = (
    "For a model that was trained on several rasters: the others, in their order. They are "
    "warped to the grid of the first and give all their bands."
)


def check_further(place, rasters):
    """Refuse further rasters beside images.

    Raises
    ------
    JobError
        If the first of them is a folder.
    """
    if rasters and os.path.isdir(place):
        raise JobError(
            "Further rasters are given for a folder of images.",
            "Leave MORE_RASTERS empty, or choose the first raster in INPUT.",
        )


def check_explained(model, class_name=""):
    """Refuse a model that names no classes, and a class that it does not know.

    Parameters
    ----------
    model : str
        Path of a model file.
    class_name : str
        Empty for none.

    Raises
    ------
    JobError
        As `read_card`, and with the classes that there are.
    """
    card = read_card(model)
    if card.task not in TASKS:
        raise JobError(
            f"The model is for {card.task}; this tool needs one for {' or '.join(TASKS)}.",
            "Choose a model of Train image classifier or Train pixel classifier.",
        )
    names = class_names(card)
    if class_name and class_name not in names:
        known = first_of(names, MOST_CLASSES)
        raise JobError(f'The model has no class "{class_name}".', f"Choose one of: {known}.")
