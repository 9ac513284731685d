"""What is explained: patches of a raster, or image files."""

import os
from collections import Counter

import numpy as np

from ...jobs.errors import JobError
from ...jobs.label_classes import class_name
from ...jobs.lists import MOST_CLASSES, first_of
from ...jobs.model_card import class_names
from ..classification import check_bands, describe_for, say_taken
from ..image_folders import IMAGE_ENDINGS, image_files
from ..prediction import corner_patches
from ..rasters import describe_image, read_image
from ..vectors import middle, pieces, read_features
from ..windows import Cells

_WARNINGS_TOLD = 10
_MOST_PATCHES, _MOST_BYTES = 400, 2**28


def is_images(path, wants_pictures=False):
    """Whether the input is images and not a raster.

    A folder is; a single file is an image if pictures are asked for or it lies nowhere.
    """
    if os.path.isdir(path):
        return True
    return wants_pictures or describe_image(path).transform is None


def find_images(place):
    """Paths of the images of a folder (or the image itself), and the names to show.

    Raises
    ------
    JobError
        If there is none.
    """
    place = os.path.abspath(place)
    if not os.path.isdir(place):
        return [place], [os.path.basename(place)]
    names = image_files(place)
    if not names:
        raise JobError(
            f'Folder "{place}" has no image.',
            f"Choose a folder with images ({', '.join(IMAGE_ENDINGS)}).",
        )
    return [os.path.join(place, name) for name in names], names


def read_squares(subject, paths, progress):
    """Read images one after the other as the network takes them.

    Images that cannot be read, or have other bands, are named in warnings and left out.

    Yields
    ------
    place : int
        In `paths`.
    square : ndarray of float32, shape (band, side, side)

    Raises
    ------
    JobError
        If no image can be used.
    """
    told, used, taken = Counter(), 0, set()
    for place, path in enumerate(paths):
        progress.check()
        square, numbers = _square_or_error(subject, path)
        if isinstance(square, JobError):
            told["all"] += 1
            if told["all"] <= _WARNINGS_TOLD:
                progress.warning(f"Left out: {square.found}")
            last = square
            continue
        used += 1
        say_taken(subject.card, {numbers} - taken, progress)
        taken.add(numbers)
        yield place, square
    if not used:
        raise last
    if told["all"] > _WARNINGS_TOLD:
        progress.warning(f"{told['all'] - _WARNINGS_TOLD:,} more images are left out.")


def _square_or_error(subject, path):
    """An image as the network takes it, or why it is left out; and the bands taken by name."""
    try:
        known = _known_image(subject.card, path)
        side = 0 if subject.of_pixels else subject.card.patch
        values, valid = read_image(path, side, known.numbers)
    except JobError as error:
        return error, ()
    square = subject.square(values, valid)
    if not np.isfinite(square).any():
        return JobError(f'"{os.path.basename(path)}" has no valid pixel.', "Remove it."), ()
    return square, known.numbers


def _known_image(card, path):
    """Describe an image as the model takes it; refuse another kind."""
    known = describe_for(card, path)
    check_bands(card, os.path.basename(path), known.names)
    if known.dtype != card.dtype:
        raise JobError(
            f'"{os.path.basename(path)}" has values of type {known.dtype}; the model was '
            f"trained on {card.dtype}.",
            f"Convert the images to {card.dtype}.",
        )
    return known


def folder_labels(names, card):
    """The class of every image by its first subfolder; -1 where that is no class of the model.

    Parameters
    ----------
    names : list of str
        Paths relative to the folder.
    card : ModelCard

    Returns
    -------
    ndarray of int, shape (n,)
    """
    known = {name: number for number, name in enumerate(class_names(card))}
    return np.array([known.get(name.split(os.sep)[0], -1) for name in names], int)


def spread_corners(window, side, most):
    """Corners of about `most` patches evenly over a window; they overlap if it is small."""
    _, _, height, width = window
    stride = min(max(int(np.sqrt(height * width / most)), 1), side)
    cells = Cells.over(window, stride, side)
    count = cells.rows * cells.columns
    chosen = np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
    return np.array([cells.corner(*divmod(int(cell), cells.columns)) for cell in chosen])


def affordable_patches(bands, side):
    """How many patches are held in memory at most: 400, fewer if they are large."""
    return int(min(max(_MOST_BYTES // (4 * bands * side**2), 16), _MOST_PATCHES))


def label_corners(path, field, raster, side, card):
    """Corners of the patches around labels, and the class of each.

    Returns
    -------
    corners : ndarray of int, shape (n, 2)
    labels : ndarray of int, shape (n,)

    Raises
    ------
    JobError
        If no label is on the raster and of a class of the model.
    """
    known = {name.casefold(): number for number, name in enumerate(class_names(card))}
    corners, labels, strangers = [], [], set()
    for feature in read_features(path, raster.grid.crs):
        name = class_name(feature.properties.get(field))
        for piece in pieces(feature.geometry):
            row, column = raster.grid.to_pixels(*middle(*piece))
            if not (0 <= row < raster.grid.height and 0 <= column < raster.grid.width):
                continue
            if name.casefold() not in known:
                strangers.add(name)
                continue
            corners.append((int(row) - side // 2, int(column) - side // 2))
            labels.append(known[name.casefold()])
    if not corners:
        said = f": {', '.join(sorted(map(repr, strangers)))} are none" if strangers else ""
        raise JobError(
            f'No label on "{raster.name}" is of a class of the model{said}.',
            f"Choose labels of {first_of(class_names(card), MOST_CLASSES)}.",
        )
    return np.array(corners), np.array(labels)


def patches_at(raster, corners, side, progress):
    """Cut patches that hold enough data.

    Returns
    -------
    images : ndarray, shape (n, band, side, side)
    keys : ndarray of int, shape (n,)
        Which of the corners they are of.

    Raises
    ------
    JobError
        If none does.
    """
    images, keys = [], []
    for part in corner_patches(raster, corners, side):
        progress.check()
        images.append(part.images)
        keys.append(part.keys[part.usable])
    keys = np.concatenate(keys)
    if not len(keys):
        raise JobError(f'"{raster.name}" holds no data there.', "Choose another extent or labels.")
    return np.concatenate([part for part in images if len(part)]).astype(np.float32), keys
