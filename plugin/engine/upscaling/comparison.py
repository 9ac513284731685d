"""An upscaled raster beside the reference that it is compared with."""

import numpy as np

from ...jobs.errors import JobError
from ..rasters import Raster
from ..rasters.warped import MovedRaster, is_on
from .holes import fill

UPSCALED = "Upscaled raster"


def at_same_place(path, reference, bands=()):
    """Open an upscaled raster on the pixels of its reference.

    Parameters
    ----------
    path : str
    reference : Raster
        With the bands that are judged.
    bands : sequence of int
        As they were chosen of the reference; empty for all.

    Returns
    -------
    MovedRaster
        It has the reference's grid, and no data where the upscaled raster ends.

    Raises
    ------
    JobError
        If its pixels are not those of the reference, or its bands are others.
    """
    with Raster(path) as made:
        _check_grid(made, reference)
        own = _own_bands(made, reference, bands)
    return MovedRaster(path, own, reference.grid)


def _own_bands(made, reference, bands):
    """The bands to compare: the same numbers, or all if only the chosen ones were upscaled."""
    if len(made.bands) == len(reference.bands):
        return made.bands
    if bands and max(bands) <= len(made.bands):
        return list(bands)
    raise JobError(
        f'"{made.name}" has {len(made.bands)} bands and "{reference.name}" has '
        f"{len(reference.bands)}.",
        "Choose as many bands of the reference as were upscaled, in the same order.",
    )


def _check_grid(made, reference):
    ours, theirs = made.grid, reference.grid
    if bool(ours.crs) and bool(theirs.crs) and ours.crs != theirs.crs:
        raise JobError(
            f'"{made.name}" and "{reference.name}" have different coordinate reference systems.',
            "Choose a reference in the system of the upscaled raster.",
        )
    sizes = [abs(grid.transform.determinant) ** 0.5 for grid in (ours, theirs)]
    if not is_on(ours, theirs) and abs(sizes[0] / sizes[1] - 1) > 1e-4:
        raise JobError(
            f'"{made.name}" has pixels of {sizes[0]:.6g} and "{reference.name}" of '
            f"{sizes[1]:.6g} map units.",
            "Choose the factor so that the upscaled raster gets the reference's pixels.",
        )
    if not is_on(ours, theirs):
        raise JobError(
            f'The pixels of "{made.name}" do not lie on those of "{reference.name}".',
            "Upscale a coarse raster that begins at a corner of the reference's pixels.",
        )


def common_window(path, reference, factor):
    """The part of the reference that an upscaled raster covers, in whole coarse pixels.

    The coarse pixels are counted from the upscaled raster's corner, where its own lie.

    Returns
    -------
    tuple of int
        Row, column, height and width in the reference's pixels.

    Raises
    ------
    JobError
        If they do not overlap.
    """
    with Raster(path) as made:
        transform, size = made.grid.transform, (made.grid.height, made.grid.width)
        name = made.name
    rows, columns = reference.grid.to_pixels(transform.c, transform.f)
    sides = reference.grid.height, reference.grid.width
    parts = [
        _overlap(round(float(start)), length, side, factor)
        for start, length, side in zip((rows, columns), size, sides, strict=True)
    ]
    if min(length for _, length in parts) <= 0:
        raise JobError(
            f'"{name}" and "{reference.name}" do not overlap.',
            "Choose a reference of the same ground.",
        )
    return parts[0][0], parts[1][0], parts[0][1], parts[1][1]


def _overlap(start, length, side, factor):
    """Start and length of what lies inside, a multiple of the factor away from the start."""
    first = start if start >= 0 else start + -(start // factor) * factor
    return first, min(start + length, side) - first


def upscaled_method(made, scene):
    """The upscaled raster as a method: what it holds where a piece was cut.

    Parameters
    ----------
    made : MovedRaster
    scene : Scene

    Returns
    -------
    callable
        From a piece to its fine tensor; None if the upscaled raster has a hole in the rectangle.
    """

    def method(piece):
        values, valid = made.read(*scene.in_raster(*piece.whole))
        if valid is not None:
            row, column, height, width = (scene.factor * side for side in piece.inner)
            if not valid[row : row + height, column : column + width].all():
                return None
        return scene.scale.to_network(fill(values.astype(np.float64), valid))

    return method
