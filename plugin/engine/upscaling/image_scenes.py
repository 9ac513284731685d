"""Images of a folder as scenes: read whole, and seen like rasters."""

import hashlib
import os

import numpy as np
from affine import Affine

from ...jobs.errors import JobError
from ..image_folders import image_files
from ..rasters import Grid, read_image
from ..rasters.borders import Readable
from .scale import scale_of
from .scenes import Scene

_LEAST_SIDE = 12
_MOST_IMAGES, _MOST_BYTES = 4000, 2**29


class Held(Readable):
    """An image in memory that is read like a raster.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path):
        self._values, self._valid = read_image(path)
        self.path, self.name = path, os.path.basename(path)
        self.bands = list(range(1, len(self._values) + 1))
        self.names, self.gsd = ("",) * len(self.bands), None
        self.dtype, self.nbytes = str(self._values.dtype), self._values.nbytes
        self.grid = Grid(self._values.shape[2], self._values.shape[1], Affine.identity())

    def close(self):
        """Nothing is open."""

    def digest(self):
        """The same for images of the same values, and for no others."""
        known = f"{self._values.shape} {self.dtype} ".encode()
        return hashlib.sha256(known + self._values.tobytes()).hexdigest()

    def _read_inside(self, row, column, height, width):
        part = slice(row, row + height), slice(column, column + width)
        valid = None if self._valid is None else self._valid[part]
        values = self._values[(slice(None), *part)]
        if values.dtype.kind == "f" and valid is None and not np.isfinite(values).all():
            valid = np.isfinite(values).all(axis=0)
        return values, valid


def image_scenes(folder, factor, noise, progress):
    """Open the images of a folder; those under 12 coarse pixels are left out.

    Parameters
    ----------
    folder : str
    factor : int
    noise : float
        See `Scene`.
    progress : Progress

    Returns
    -------
    list of Scene
        They share one scale.

    Raises
    ------
    JobError
        If there are no images, none is large enough, or their bands differ.
    """
    files = image_files(folder)
    if not files:
        raise JobError(
            f'Folder "{folder}" has no images (JPEG, PNG, TIFF).', "Choose a folder with images."
        )
    if len(files) > _MOST_IMAGES:
        progress.note(f"{_MOST_IMAGES:,} of {len(files):,} images are used.")
        chosen = np.random.default_rng(0).choice(len(files), _MOST_IMAGES, replace=False)
        files = [files[number] for number in sorted(chosen)]
    images, size = [], 0
    for number, name in enumerate(files):
        progress(number / len(files), f"Image {number + 1:,} of {len(files):,}")
        image = Held(os.path.join(folder, name))
        if min(image.grid.height, image.grid.width) < _LEAST_SIDE * factor:
            continue
        images.append(image)
        size += image.nbytes
        if size > _MOST_BYTES:
            progress.note(f"Only the first {len(images):,} images fit the memory.")
            break
    if not images:
        raise JobError(
            f'All images in "{folder}" are smaller than {_LEAST_SIDE * factor} px.',
            "Choose larger images, or a smaller factor.",
        )
    check_bands(images)
    scale = scale_of(_finite(image) for image in images)
    return [Scene(image, factor, scale=scale, noise=noise) for image in images]


def _finite(image):
    values, valid = image.read(0, 0, image.grid.height, image.grid.width)
    return values if valid is None else np.where(valid, values, np.nan)


def check_bands(rasters):
    """Refuse rasters or images whose bands are not as many as those of the first."""
    first = rasters[0]
    for raster in rasters[1:]:
        if len(raster.bands) != len(first.bands):
            raise JobError(
                f'"{raster.name}" has {len(raster.bands)} bands, "{first.name}" has '
                f"{len(first.bands)}.",
                "Choose rasters with the same bands, or the bands that all of them have.",
            )
