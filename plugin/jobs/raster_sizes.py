"""Whether a raster is large enough, or small enough, for what is looked at or cut at once."""

import math

from .errors import JobError

# Names, places, probabilities and 50 components of as many patches take about a gigabyte.
MOST_PATCHES = 1_000_000


def check_patch_fits(name, width, height, side):
    """Refuse a raster of fewer pixels than the patch that a model looks at.

    Raises
    ------
    JobError
    """
    if min(width, height) < side:
        raise JobError(
            f'"{name}" has {width} x {height} pixels, less than the patch of {side} x {side} '
            "pixels that the model looks at.",
            "Choose a larger raster, or a model that was trained on smaller chips.",
        )


def check_chip_fits(name, width, height, side):
    """Refuse a raster of fewer pixels than a chip.

    Raises
    ------
    JobError
    """
    if min(width, height) < side:
        raise JobError(
            f'"{name}" has {width} x {height} pixels, less than a chip of {side} x {side} pixels.',
            f"Choose a chip size of at most {min(width, height)}.",
        )


def check_patches_held(name, width, height, stride):
    """Refuse more patches than can be held at once.

    Parameters
    ----------
    name : str
        Of the raster.
    width, height : int
        Pixels of the raster or of the part that is cut.
    stride : int
        Pixels from one patch to the next.

    Raises
    ------
    JobError
        With the least stride that fits.
    """
    count = _patches(width, height, stride)
    if count > MOST_PATCHES:
        fits = max(math.isqrt(width * height // MOST_PATCHES), 1)
        while _patches(width, height, fits) > MOST_PATCHES:
            fits += 1
        raise JobError(
            f'A stride of {stride} cuts "{name}" in {count:,} patches; at most {MOST_PATCHES:,} '
            "can be laid out.",
            f"Set STRIDE to {fits} or more, or choose a smaller extent.",
        )


def _patches(width, height, stride):
    return -(-width // stride) * -(-height // stride)
