"""What the tasks that classify have in common: does the model suit, and what do they tell."""

import numpy as np

from ..jobs.model_bands import bands_by_name, check_bands, listed, taken_by_name
from ..jobs.model_card import class_names
from ..jobs.raster_sizes import check_patch_fits
from .rasters import describe_image, stack_labels

_COARSER = 1.5


def patch_side(card):
    """Side in pixels of a raster's patch: what the images of the training covered."""
    return card.chip or card.patch


def chosen_bands(card, paths, bands, progress):
    """The bands of some rasters that a model takes.

    Parameters
    ----------
    card : ModelCard
    paths : sequence of str
    bands : sequence of int
        As the user asks for them; empty for those with the names of the model's.
    progress : Progress
        Is told which bands are taken by their names.

    Returns
    -------
    sequence of int
        Counted through all rasters from 1; empty for all but alpha.

    Raises
    ------
    JobError
        If a raster cannot be opened.
    """
    numbers = bands or bands_by_name(card, stack_labels(paths))
    if not bands:
        say_taken(card, [numbers], progress)
    return numbers


def describe_for(card, path):
    """Describe an image, with the bands that have the names of the model's if it has others.

    Returns
    -------
    rasters.Description

    Raises
    ------
    JobError
        If it is no image.
    """
    known = describe_image(path)
    numbers = bands_by_name(card, known.labels)
    return describe_image(path, numbers) if numbers else known


def say_taken(card, choices, progress):
    """Tell which bands are taken by their names, every choice once; an empty one is no news."""
    for numbers in dict.fromkeys(map(tuple, choices)):
        if numbers:
            progress.note(taken_by_name(card, numbers))


def warn_of_bands(card, name, names, progress):
    """Warn if bands are named and their names are not those of the model.

    It is no error: one maker's "B4" is another one's "red".
    """
    wanted = [band["name"] for band in card.bands]
    is_other = [name.lower() for name in names] != [name.lower() for name in wanted]
    if is_other and all(map(_is_a_name, [*names, *wanted])):
        progress.warning(
            f'The bands of "{name}" are named {listed(names)}; the model was trained on '
            f"{listed(wanted)}, in this order. If they are not the same, the result is wrong."
        )


def _is_a_name(name):
    """Whether a band is named by more than its number."""
    return bool(name) and not name.lower().startswith("band ")


def check_raster(card, raster, progress, side=0):
    """Refuse a raster that the model cannot take; warn where it may not suit.

    Parameters
    ----------
    card : ModelCard
    raster : Raster or Stack
    progress : Progress
    side : int
        Of the patches that will be cut, in pixels; 0 for what the model was trained on.

    Raises
    ------
    JobError
        As `check_bands`, and if the raster is smaller than a patch.
    """
    check_bands(card, raster.name, raster.names)
    warn_of_bands(card, raster.name, raster.names, progress)
    side, grid = side or patch_side(card), raster.grid
    check_patch_fits(raster.name, grid.width, grid.height, side)
    if raster.is_palette:
        progress.warning(
            f'"{raster.name}" has a color table: its numbers are classified, not its colors. '
            "Turn it into red, green and blue first if the model was trained on colors."
        )
    if raster.dtype != card.dtype:
        progress.warning(
            f'"{raster.name}" has values of type {raster.dtype}, the model was trained on '
            f"{card.dtype}: check that they have the same unit."
        )
    warn_of_scale(card, raster.name, raster.gsd, progress)


def warn_of_scale(card, name, gsd, progress):
    """Warn if a pixel is much larger or smaller on the ground than in training."""
    if not card.gsd or not gsd:
        return
    ratio = gsd / card.gsd
    if max(ratio, 1 / ratio) > _COARSER:
        progress.warning(
            f'A pixel of "{name}" is {gsd:.3g} m, the model was trained on {card.gsd:.3g} m: '
            "things look larger or smaller than it knows them. Resample the raster, or train "
            "on this resolution."
        )


def columns(card):
    """Name and type of the columns that tell a class: class, confidence, one per class."""
    chances = [(f"p_{name}", "real") for name in class_names(card)]
    return [("class", "text"), ("confidence", "real"), *chances]


def attributes(card, chances):
    """The values of `columns`.

    Parameters
    ----------
    card : ModelCard
    chances : array, shape (class,)
        Probabilities; NaN if nothing is known.

    Returns
    -------
    dict
    """
    names = [name for name, _ in columns(card)]
    if np.isnan(chances).any():
        return dict.fromkeys(names)
    best = int(np.argmax(chances))
    known = [class_names(card)[best], float(chances[best]), *map(float, chances)]
    return dict(zip(names, known, strict=True))


def say_counts(card, counts, what, progress):
    """Tell how many of what each class got, the most first.

    Parameters
    ----------
    card : ModelCard
    counts : int array, shape (class,)
    what : str
        Such as ``"cells"``.
    progress : Progress
    """
    for index in np.argsort(counts, kind="stable")[::-1]:
        if counts[index]:
            progress.note(f"{class_names(card)[index]}: {counts[index]:,} {what}")
