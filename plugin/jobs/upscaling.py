"""What the upscaling jobs share."""

import os

from .declare import number
from .errors import JobError
from .model_card import names_of

FACTORS = (
    ("1", "Same size: sharpen and remove noise"),
    ("2", "2 times finer"),
    ("4", "4 times finer"),
    ("8", "8 times finer"),
)
SHARPEST, SOFTEST = 0.64, 0.05
SMALLEST = 16  # pixels of a side that is upscaled or learned from
_SAME_RATIO = 0.001


def blur(help):
    """The sensor's response at the Nyquist frequency."""
    return number("Sensor blur", 0.0, minimum=0, maximum=SHARPEST, unset=True, help=help)


def check_size(name, width, height):
    """Refuse a raster that is too small to be made finer.

    Raises
    ------
    JobError
    """
    if min(width, height) < SMALLEST:
        raise JobError(
            f'"{name}" is {width} x {height} pixels; at least {SMALLEST} x {SMALLEST} are needed '
            "for upscaling.",
            "Choose a larger raster.",
        )


def palette_refused(name):
    """The error on a raster of colors by number."""
    return JobError(
        f'"{name}" has a palette: its values are numbers of colors, and there is none between two '
        "of them.",
        "Turn it into red, green and blue first (Raster > Conversion > PCT to RGB), or resample it "
        "with nearest neighbor.",
    )


def check_upscaler(card, path, factor=0):
    """Refuse a model that makes nothing finer, or by another factor.

    Parameters
    ----------
    card : ModelCard
    path : str
    factor : int
        0 for any.

    Raises
    ------
    JobError
    """
    name = os.path.basename(path)
    if card.network != "upscaler":
        raise JobError(
            f'Model "{name}" only estimates the blur of a sensor.',
            "Choose a model that Train upscaler made.",
        )
    own = card.arguments.get("factor")
    if factor and isinstance(own, int) and own != factor:
        raise JobError(
            f'Model "{name}" makes rasters {own} times finer; the factor is {factor}.',
            f"Choose the factor {own}, or another model.",
        )


def check_model_bands(card, name, bands, purpose="upscaling"):
    """Refuse a raster with other bands than a model takes together; any suit one of single bands.

    Parameters
    ----------
    card : ModelCard
    name : str
        The raster's.
    bands : int
        Number of its bands.
    purpose : str
        "upscaling" or "training".

    Raises
    ------
    JobError
    """
    own = card.arguments.get("bands")
    if isinstance(own, int) and own not in (1, bands):
        names = ", ".join(filter(None, names_of(card.bands)))
        raise JobError(
            f"The model expects {own} bands{f' ({names})' if names else ''}, but "
            f'"{name}" has {bands}.',
            "Choose bands, or start from a single-band model."
            if purpose == "training"
            else "Choose bands, or leave MODEL empty for the one that takes each band by itself.",
        )


def check_pair(names, bands, sizes, factor):
    """Refuse a coarse and a fine raster that do not belong together.

    Parameters
    ----------
    names : tuple of str
        Of the coarse and the fine raster.
    bands : tuple of int
        Numbers of their bands.
    sizes : tuple of float
        Sides of their pixels.
    factor : int

    Raises
    ------
    JobError
    """
    if bands[0] != bands[1]:
        raise JobError(
            f'"{names[0]}" has {bands[0]} bands, "{names[1]}" has {bands[1]}.',
            "Choose the same bands in both.",
        )
    ratio = sizes[0] / sizes[1]
    if abs(ratio / factor - 1) > _SAME_RATIO:
        wanted = f"not {factor}" if abs(ratio - round(ratio)) < _SAME_RATIO else "not 2, 4 or 8"
        raise JobError(
            f"Paired rasters: pixel sizes {sizes[0]:.6g} and {sizes[1]:.6g}: ratio {ratio:.2f} is "
            f"{wanted}.",
            f"Choose a coarse raster with pixels of {factor * sizes[1]:.6g}, or another factor.",
        )
