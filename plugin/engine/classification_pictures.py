"""Pictures of images for a classifier's report."""

import numpy as np
from PIL import Image

from ..jobs.errors import JobError
from .markup import Strip


def contact_sheet(result, members):
    """Images of one class side by side, evenly taken from all of them; empty if there are none.

    Many classes get fewer and smaller images, so that the report stays under 3 MB.
    """
    classes = len(result.class_names)
    count, side = (7, 64) if classes <= 30 else (6, 48) if classes <= 80 else (5, 36)
    if result.thumbnails is None or len(members) == 0:
        return ""
    places = np.linspace(0, len(members) - 1, min(count, len(members))).astype(int)
    return Strip([thumbnail(result, member, side) for member in members[places]])


def surest_mistakes(result, most=12, of_a_kind=4):
    """Places in `scored` of wrong answers, the most confident first, some of every kind.

    A kind is a true class with the class it was taken for: without the limit, one frequent
    confusion would fill all pictures.
    """
    sureness = np.max(result.probabilities, axis=1)
    wrong = np.flatnonzero(result.predicted != result.truth)
    chosen, seen = [], {}
    for place in wrong[np.argsort(-sureness[wrong], kind="stable")]:
        kind = (result.truth[place], result.predicted[place])
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= of_a_kind:
            chosen.append(int(place))
    return chosen[:most]


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
