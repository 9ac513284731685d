"""Whether a raster is large enough for what is looked at or cut at once."""

from .errors import JobError


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
