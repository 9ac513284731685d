"""Images of a folder as scenes: read whole, and seen like rasters."""

import hashlib
import os
from collections import Counter

import numpy as np
from affine import Affine
from rasterio.crs import CRS

from ...jobs.errors import JobError
from ..image_folders import image_files
from ..rasters import Grid, describe_image, read_image
from ..rasters.borders import Readable
from .scale import scale_of
from .scenes import Scene

_LEAST_SIDE = 12
_MOST_IMAGES, _MOST_BYTES = 4000, 2**29
_MOST_TOLD = 10


class Held(Readable):
    """An image in memory that is read like a raster.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path):
        self._values, self._valid = read_image(path)
        known = describe_image(path)
        self.path, self.name = path, os.path.basename(path)
        self.bands = list(range(1, len(self._values) + 1))
        self.names, self.gsd = ("",) * len(self.bands), known.gsd
        self.dtype, self.nbytes = str(self._values.dtype), self._values.nbytes
        place = known.transform or Affine.identity()
        crs = CRS.from_wkt(known.crs) if known.crs and known.transform else None
        self.grid = Grid(self._values.shape[2], self._values.shape[1], place, crs)

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
    """Open the images of a folder.

    Those under 12 coarse pixels are left out; so are, with a warning that names them, those that
    cannot be read and those with other bands or another data type than most.

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
        If there are no images, or none is left.
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
    images, unreadable = _held(folder, files, _LEAST_SIDE * factor, progress)
    images, odd = _alike(images)
    left_out = [*unreadable, *odd]
    if not images:
        why = f" {left_out[0]}" if left_out else f" All are smaller than {_LEAST_SIDE * factor} px."
        raise JobError(
            f'No image in "{folder}" can be used.{why}', "Choose other or larger images, or a "
            "smaller factor.",
        )  # fmt: skip
    for text in left_out[:_MOST_TOLD]:
        progress.warning(f"{text} It is left out.")
    if len(left_out) > _MOST_TOLD:
        progress.warning(f"{len(left_out) - _MOST_TOLD:,} more images are left out.")
    scale = scale_of(_finite(image) for image in images)
    return [Scene(image, factor, scale=scale, noise=noise) for image in images]


def _held(folder, files, least, progress):
    """Images that are not smaller than `least`, as many as fit the memory; why others cannot be read."""
    images, unreadable, size = [], [], 0
    for number, name in enumerate(files):
        progress(number / len(files), f"Image {number + 1:,} of {len(files):,}")
        try:
            image = Held(os.path.join(folder, name))
        except JobError as error:
            unreadable.append(error.found)
            continue
        if min(image.grid.height, image.grid.width) < least:
            continue
        images.append(image)
        size += image.nbytes
        if size > _MOST_BYTES:
            progress.note(f"Only the first {len(images):,} images fit the memory.")
            break
    return images, unreadable


def _alike(images):
    """The images with the bands and the data type that most have, and why others are left out."""
    kinds = Counter((len(image.bands), image.dtype) for image in images)
    if len(kinds) < 2:
        return images, []
    most = kinds.most_common(1)[0][0]
    odd = [image for image in images if (len(image.bands), image.dtype) != most]
    texts = [
        f'"{image.name}" has {len(image.bands)} bands of {image.dtype}, most images {most[0]} of '
        f"{most[1]}."
        for image in odd
    ]
    return [image for image in images if (len(image.bands), image.dtype) == most], texts


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
