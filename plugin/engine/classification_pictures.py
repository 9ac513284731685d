"""Pictures of images for a classifier's report."""

import numpy as np
from PIL import Image

from ..jobs.errors import JobError

_GAP = 3


def contact_sheet(result, members):
    """Images of one class side by side, evenly taken from all of them; None if there are none.

    Many classes get fewer and smaller images, so that the report stays under 3 MB.
    """
    classes = len(result.class_names)
    count, side = (7, 64) if classes <= 30 else (6, 48) if classes <= 80 else (5, 36)
    if result.thumbnails is None or len(members) == 0:
        return None
    chosen = members[np.linspace(0, len(members) - 1, min(count, len(members))).astype(int)]
    sheet = np.full((side, len(chosen) * (side + _GAP) - _GAP, 3), 255, np.uint8)
    for place, member in enumerate(chosen):
        left = place * (side + _GAP)
        sheet[:, left : left + side] = thumbnail(result, member, side)
    return sheet


def thumbnail(result, index, side):
    """A square picture of an image; gray if the file is gone since it was read."""
    try:
        pixels = result.thumbnails(int(index))
    except (OSError, JobError):
        return np.full((side, side, 3), 150, np.uint8)
    height, width = pixels.shape[:2]
    crop = min(height, width)
    top, left = (height - crop) // 2, (width - crop) // 2
    square = np.ascontiguousarray(pixels[top : top + crop, left : left + crop])
    return np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BICUBIC))
