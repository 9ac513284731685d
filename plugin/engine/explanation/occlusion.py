"""Occlusion: how much less probable a class becomes when a part of the image is hidden.

References
----------
Zeiler & Fergus 2014, doi:10.1007/978-3-319-10590-1_53.
"""

import torch

_AT_ONCE = 32


def starts(length, side, step):
    """First positions of windows of a side that cover an axis, the last at its end."""
    last = max(length - side, 0)
    return sorted({*range(0, last, step), last})


@torch.no_grad()
def occlusion(network, images, classes, side, check=lambda: None, temperature=1.0):
    """Explain classes by hiding one window after the other.

    Hidden pixels get the mean of their band, which is 0 in the network's range. Windows overlap by
    half, and a pixel gets the mean over those that hid it.

    Parameters
    ----------
    network : callable
        Images to logits (N, classes).
    images : torch.Tensor, shape (N, band, row, column)
        In the network's range.
    classes : torch.Tensor of int, shape (N,)
    side : int
        Of a window, in pixels.
    check : callable
        Called before every step; may raise.
    temperature : float
        What logits are divided by.

    Returns
    -------
    torch.Tensor, shape (N, row, column)
        Drop of the probability, -1 to 1.
    """
    heats = [
        _one(_of(network, place), image[None], int(classes[place]), side, check, temperature)
        for place, image in enumerate(images)
    ]
    return torch.stack(heats)


def _of(network, place):
    """The network for one image: a classifier of pixels looks at other pixels in each."""
    return network.of(place) if hasattr(network, "of") else network


def _one(network, image, class_number, side, check, temperature):
    rows, columns = image.shape[-2:]
    step = max(side // 2, 1)
    corners = [(r, c) for r in starts(rows, side, step) for c in starts(columns, side, step)]

    def probability(images):
        return torch.softmax(network(images) / temperature, 1)[:, class_number]

    before = probability(image)
    total, count = image.new_zeros(rows, columns), image.new_zeros(rows, columns)
    for first in range(0, len(corners), _AT_ONCE):
        check()
        some = corners[first : first + _AT_ONCE]
        hidden = image.repeat(len(some), 1, 1, 1)
        for copy, (row, column) in zip(hidden, some, strict=True):
            copy[:, row : row + side, column : column + side] = 0
        for drop, (row, column) in zip(before - probability(hidden), some, strict=True):
            total[row : row + side, column : column + side] += drop
            count[row : row + side, column : column + side] += 1
    return total / count
