"""Images in the network's range as pictures, and many of them on one sheet."""

import io

import numpy as np
from PIL import Image

_GAP = 4
_PAPER = 255


def shown(images):
    """Images as red, green and blue.

    Parameters
    ----------
    images : torch.Tensor, shape (N, band, row, column)
        In -1..1. The first three bands are shown, or the first if there are fewer.

    Returns
    -------
    numpy.ndarray of uint8, shape (N, row, column, 3)
    """
    bands = [0, 1, 2] if images.shape[1] >= 3 else [0, 0, 0]
    values = (images[:, bands].float().numpy() + 1) * 127.5
    return values.round().clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def sheet(pictures, columns):
    """Put pictures beside and below one another.

    Parameters
    ----------
    pictures : numpy.ndarray of uint8, shape (N, row, column, 3)
    columns : int

    Returns
    -------
    numpy.ndarray of uint8, shape (row, column, 3)
    """
    count, side = len(pictures), pictures.shape[1]
    rows, step = -(-count // columns), side + _GAP
    page = np.full((rows * step - _GAP, columns * step - _GAP, 3), _PAPER, np.uint8)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        page[row * step : row * step + side, column * step : column * step + side] = picture
    return page


def enlarged(picture, side):
    """A picture with its shorter side at least `side` pixels, in whole pixels, none of them blurred."""
    times = max(1, side // min(picture.shape[:2]))
    return picture.repeat(times, 0).repeat(times, 1)


def png(picture):
    """The bytes of a PNG file of a picture (row, column, 3)."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
