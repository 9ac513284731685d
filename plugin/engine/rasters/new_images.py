"""New image files that lie nowhere on Earth: PNG where that holds the values, else TIFF."""

import numpy as np
from affine import Affine
from PIL import Image

from .grid import Grid
from .writing import _created, _profile, _writing

_PNG_BANDS = (1, 3)


def image_ending(dtype, bands):
    """What the names of new images end with: ``".png"`` or ``".tif"``.

    PNG holds gray or colored images of 8 bits. Its fourth band is transparency, which would hide
    what a band such as near infrared says, so four bands are TIFF.
    """
    return ".png" if np.dtype(dtype) == np.uint8 and bands in _PNG_BANDS else ".tif"


def write_new_image(path, values, names):
    """Write an image without georeferencing; see `image_ending` for its form.

    Parameters
    ----------
    path : str
        Ends as `image_ending` says.
    values : numpy.ndarray, shape (band, row, column)
    names : sequence of str
        Of the bands; only TIFF keeps them.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    if path.endswith(".png"):
        pixels = values[0] if len(values) == 1 else values.transpose(1, 2, 0)
        with _writing(path):
            Image.fromarray(np.ascontiguousarray(pixels)).save(path, "PNG")
        return
    grid = Grid(values.shape[2], values.shape[1], Affine.identity())
    profile = _profile(grid, values.dtype, len(values), None)
    with _created(path, path, profile) as dataset, _writing(path):
        dataset.write(values)
        dataset.descriptions = tuple(name or None for name in names)
