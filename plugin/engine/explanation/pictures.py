"""Heat over images, for people to look at."""

import os
import shutil
from contextlib import contextmanager

import numpy as np
from matplotlib import colormaps
from PIL import Image

from ...jobs.places import part_path, put_in_place
from ..new_folders import refuse_used_folder
from ..rasters import unwritable

_SPREADS_SHOWN = 2.5
_STRENGTH = 0.75
_BRIGHTEST = 99.5  # percentile of an image's heat that gets the last color


def shown_image(image, card):
    """An image (band, row, column) as the eye sees it: (row, column, 3) uint8.

    Eight-bit images are shown as they are; other values are stretched around the mean of the
    training.
    """
    bands = [0, 1, 2] if len(image) >= 3 else [0, 0, 0]
    shown = np.asarray(image, np.float32)[bands]
    if card.dtype != "uint8":
        mean, sd = (np.array(card.normalization[n])[bands, None, None] for n in ("mean", "sd"))
        spread = card.arguments.get("spread", 1.0)
        shown = ((shown - mean) / sd / (_SPREADS_SHOWN * spread) + 1) * 127.5
    return np.clip(np.nan_to_num(shown), 0, 255).astype(np.uint8).transpose(1, 2, 0)


def overlay(pixels, heat):
    """Lay heat (row, column) over a gray version of pixels (row, column, 3); both uint8 out.

    The more a pixel speaks for the class, the more of the color of its heat it gets.
    """
    top = np.percentile(heat, _BRIGHTEST)
    share = np.clip(heat / top, 0, 1) if top > 0 else np.zeros_like(heat)
    colors = colormaps["inferno"](share)[..., :3] * 255
    gray = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    weight = _STRENGTH * share[..., None] ** 0.7
    return np.clip(gray * (1 - weight) + colors * weight, 0, 255).astype(np.uint8)


def beside(pixels, heat, side):
    """An image and its overlay side by side, each `side` pixels wide."""
    both = [pixels, overlay(pixels, heat)]
    both = [Image.fromarray(part).resize((side, side), Image.Resampling.BICUBIC) for part in both]
    return np.concatenate([np.asarray(part) for part in both], axis=1)


@contextmanager
def new_pictures(path):
    """Make a folder of pictures; nothing is at `path` before all are there.

    Parameters
    ----------
    path : str
        Must be new or empty. Empty text for no folder: then nothing is written.

    Yields
    ------
    callable
        ``save(name, pixels)``: write pixels (row, column, 3) as a PNG file called like an image.

    Raises
    ------
    JobError
        If the folder is not empty, at the end too, or cannot be written.
    """
    if not path:
        yield lambda name, pixels: None
        return
    path = os.path.abspath(path)
    refuse_used_folder(path)
    part = part_path(path)
    try:
        os.makedirs(part)
        yield lambda name, pixels: Image.fromarray(pixels).save(_free(part, name), format="PNG")
        refuse_used_folder(path)  # somebody may have put something there meanwhile
        put_in_place(part, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _free(folder, name):
    """A path that is not taken: images of several subfolders may have one name."""
    stem = os.path.splitext(name)[0].replace(os.sep, "_")
    path, number = os.path.join(folder, stem + ".png"), 2
    while os.path.exists(path):
        path, number = os.path.join(folder, f"{stem}_{number}.png"), number + 1
    return path
