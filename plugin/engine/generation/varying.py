"""Vary real and made images alike before the judge sees them, so that few images last longer.

The judge of a small set soon knows every real image by heart. If both real and made images are
moved, cut and tinted by chance, and the generator learns through these changes, the judge sees
many more images while the generator still learns to make unchanged ones. How often they are changed
follows the judge: never at first, for a young judge learns more from what is unchanged, and the more
the surer it becomes of the real images.

References
----------
Zhao et al. 2020, arXiv:2006.10738 (differentiable augmentation); Karras et al. 2020,
arXiv:2006.06676 (as often as the judge needs it).
"""

import torch
from torch.nn import functional

_SHIFT = 1 / 8  # of the side
_CUT = 1 / 2  # of the side
_LIGHT = 0.5  # in the network's range, which is 2 wide


def vary(images, chance, share=1.0):
    """Change images in color, place and by a hole.

    Parameters
    ----------
    images : torch.Tensor, shape (N, band, row, column)
        In -1..1.
    chance : torch.Generator
        On the CPU.
    share : float
        Probability of each of the three changes, for every image.

    Returns
    -------
    torch.Tensor, same shape
        Differentiable in the images.
    """
    if share <= 0:
        return images
    for change in (_tint, _move, _cut):
        chosen = torch.rand(len(images), 1, 1, 1, generator=chance) < share
        images = torch.where(chosen.to(images.device), change(images, chance), images)
    return images


def crops(images, side, chance):
    """Cut a square out of every image at a place by chance, half of them mirrored.

    Parameters
    ----------
    images : torch.Tensor, shape (N, band, row, column)
        Not smaller than `side`.
    side : int
    chance : torch.Generator

    Returns
    -------
    torch.Tensor, shape (N, band, side, side)
    """
    room = images.shape[-1] - side
    places = torch.randint(0, room + 1, (len(images), 2), generator=chance).tolist()
    mirrored = torch.rand(len(images), generator=chance) < 0.5
    cut = [
        image[:, row : row + side, column : column + side]
        for image, (row, column) in zip(images, places, strict=True)
    ]
    return torch.stack(
        [image.flip(-1) if turn else image for image, turn in zip(cut, mirrored, strict=True)]
    )


def _tint(images, chance):
    """Brightness, saturation and contrast of every image."""
    light, color, contrast = (
        part.to(images.device) for part in torch.rand(3, len(images), 1, 1, 1, generator=chance)
    )
    images = images + (light - 0.5) * 2 * _LIGHT
    gray = images.mean(1, keepdim=True)
    images = gray + (images - gray) * 2 * color
    middle = images.mean((1, 2, 3), keepdim=True)
    return middle + (images - middle) * (0.5 + contrast)


def _move(images, chance):
    """Shift every image by whole pixels; what comes in from outside is 0."""
    count, side = len(images), images.shape[-1]
    reach = max(1, round(side * _SHIFT))
    shift = torch.randint(0, 2 * reach + 1, (count, 2), generator=chance).to(images.device)
    padded = functional.pad(images, [reach] * 4)
    place = torch.arange(side, device=images.device)
    rows, columns = (shift[:, axis, None] + place for axis in (0, 1))
    image = torch.arange(count, device=images.device).view(-1, 1, 1)
    moved = padded.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def _cut(images, chance):
    """Set a square of every image to 0; it may reach over the edge."""
    count, side = len(images), images.shape[-1]
    half = round(side * _CUT) // 2
    center = torch.randint(0, side + 1, (count, 2), generator=chance).to(images.device)
    place = torch.arange(side, device=images.device)
    row, column = ((place - center[:, axis, None]).abs() < half for axis in (0, 1))
    hole = row[:, None, :, None] & column[:, None, None, :]
    return images.masked_fill(hole, 0.0)
