"""Image files as arrays, whole or made smaller while they are read."""

import os
from dataclasses import dataclass, field

import numpy as np
from rasterio.enums import Resampling

from ...jobs.errors import JobError
from .grid import ground_sample_distance
from .opening import (
    band_labels,
    band_names,
    data_bands,
    is_palette,
    opened,
    refuse_complex,
    validity,
)

LARGEST_IMAGE = 2**31


@dataclass(frozen=True)
class Description:
    """What is known of an image without reading its pixels.

    Attributes
    ----------
    path : str
    bands : int
        Number of bands that `read_image` gives: no alpha, a palette counts as three.
    dtype : str
    width, height : int
        Pixels, after the EXIF orientation is applied.
    names : tuple of str
        Description of every band, empty where there is none.
    gsd : float or None
        Ground sample distance in meters, None without georeferencing.
    crs : str
        WKT; empty if unknown.
    transform : affine.Affine or None
        From (column, row) to (easting, northing); None without georeferencing.
    position : tuple of float or None
        (longitude, latitude) in degrees from the EXIF block.
    numbers : tuple of int
        Of the bands that were asked for; empty for all but alpha.
    labels : dict
        Name or color of every band of the file that holds data, by its number.
    """

    path: str
    bands: int
    dtype: str
    width: int
    height: int
    names: tuple
    gsd: float = None
    crs: str = ""
    transform: object = None
    position: tuple = None
    numbers: tuple = ()
    labels: dict = field(default_factory=dict)


def read_image(path, size=0, numbers=()):
    """Read an image file whole, smaller if it is larger than needed.

    A palette is expanded to red, green and blue; an alpha band becomes validity; the EXIF
    orientation is applied; CMYK comes as red, green and blue.

    Parameters
    ----------
    path : str
        A JPEG, PNG or TIFF file of any number of bands and any real data type.
    size : int
        Wanted length of the shorter side in pixels. A larger image is averaged down by a whole
        factor while it is read, so that its shorter side is still at least `size`. 0: no change.
    numbers : sequence of int
        Of the bands that are wanted, from 1; empty for all but alpha.

    Returns
    -------
    values : array, shape (band, row, column)
        In the file's data type.
    valid : bool array, shape (row, column), or None
        Where the image holds data; None if everywhere.

    Raises
    ------
    JobError
        If the file is no image, is empty, damaged or cut short, has complex values, or is larger
        than 2 GiB as it is read.
    """
    try:
        return _read_image(path, size, numbers)
    except JobError as error:
        # Many cameras leave a few stray bytes that hurt nothing; other complaints are damage.
        if "extraneous bytes" not in error.trace:
            raise
        return _read_image(path, size, numbers, GDAL_ERROR_ON_LIBJPEG_WARNING="FALSE")


def describe_image(path, numbers=()):
    """Tell what an image file is without reading its pixels; see `Description`.

    Parameters
    ----------
    path : str
    numbers : sequence of int
        As `read_image`.
    """
    with opened(path) as dataset:
        every = data_bands(dataset)
        bands = list(numbers) or every
        refuse_complex(dataset, bands)
        palette = is_palette(dataset)
        located = not dataset.transform.is_identity
        tags = dataset.tags()
        turned = _orientation(dataset, tags) > 4
        width, height = dataset.width, dataset.height
        return Description(
            path=path,
            bands=3 if palette else len(bands),
            dtype=dataset.dtypes[bands[0] - 1],
            width=height if turned else width,
            height=width if turned else height,
            names=("",) * 3 if palette else band_names(dataset, bands),
            gsd=ground_sample_distance(dataset) if located else None,
            crs=dataset.crs.to_wkt() if dataset.crs else "",
            transform=dataset.transform if located else None,
            position=_position(tags),
            numbers=tuple(numbers),
            labels={} if palette else band_labels(dataset, every),
        )


def _read_image(path, size, numbers, **options):
    with opened(path, **options) as dataset:
        bands = list(numbers) or data_bands(dataset)
        refuse_complex(dataset, bands)
        shape = _decimated(dataset, size)
        _refuse_large(dataset, path, len(bands), shape)
        if is_palette(dataset):
            values, valid = _read_palette(dataset, shape)
        else:
            values = dataset.read(bands, out_shape=shape, resampling=Resampling.average)
            valid = validity(dataset, bands, values)
        orientation = _orientation(dataset, dataset.tags())
    values = _upright(values, orientation)
    if valid is None or valid.all():
        return values, None
    return values, _upright(valid[None], orientation)[0]


def _decimated(dataset, size):
    factor = min(dataset.width, dataset.height) // size if size > 0 else 1
    factor = max(factor, 1)
    return -(-dataset.height // factor), -(-dataset.width // factor)


def _refuse_large(dataset, path, bands, shape):
    gigabytes = bands * shape[0] * shape[1] * np.dtype(dataset.dtypes[0]).itemsize / 2**30
    if gigabytes * 2**30 > LARGEST_IMAGE:
        raise JobError(
            f'"{os.path.basename(path)}" has {dataset.width} x {dataset.height} pixels, '
            f"{gigabytes:.1f} GiB: too large for one image.",
            "Cut it into chips with Export training chips, or classify it as a raster.",
        )


def _read_palette(dataset, shape):
    """Colors under a palette; averaged after the look-up, as numbers of colors mean nothing."""
    factor = max(dataset.height // shape[0], 1)
    fine = tuple(side * min(factor, 4) for side in shape) if factor > 1 else shape
    numbers = dataset.read(1, out_shape=fine)
    colors = np.zeros((np.iinfo(numbers.dtype).max + 1, 4), np.uint8)
    for number, color in dataset.colormap(1).items():
        colors[number] = color
    opaque = colors[:, 3] > 0
    if dataset.nodata is not None and 0 <= dataset.nodata < len(opaque):
        opaque[int(dataset.nodata)] = False
    valid = None if opaque[list(dataset.colormap(1))].all() else opaque[numbers]
    bands = np.stack([_block_mean(colors[:, band][numbers], shape) for band in range(3)])
    return bands.astype(np.uint8), None if valid is None else _block_mean(valid, shape) > 0.5


def _block_mean(band, shape):
    if band.shape == shape:
        return band
    blocks = band.reshape(shape[0], band.shape[0] // shape[0], shape[1], -1)
    return blocks.mean(axis=(1, 3), dtype=np.float32).round()


def _orientation(dataset, tags):
    """EXIF orientation, 1 to 8; 1 is upright. A georeferenced image is never turned."""
    text = tags.get("EXIF_Orientation", "1")
    known = text.isdigit() and 1 <= int(text) <= 8 and dataset.transform.is_identity
    return int(text) if known else 1


def _upright(values, orientation):
    """Undo an EXIF orientation of an array (band, row, column)."""
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(1, 2)
    if orientation in (2, 3, 6, 7):
        values = values[:, :, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[:, ::-1, :]
    return np.ascontiguousarray(values) if orientation > 1 else values


def _position(tags):
    """(longitude, latitude) in degrees from EXIF tags, or None."""
    try:
        latitude = _degrees(tags["EXIF_GPSLatitude"]) * _sign(tags, "EXIF_GPSLatitudeRef", "S")
        longitude = _degrees(tags["EXIF_GPSLongitude"]) * _sign(tags, "EXIF_GPSLongitudeRef", "W")
    except (KeyError, ValueError):
        return None
    inside = abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude, longitude) != (0, 0)
    return (longitude, latitude) if inside else None


def _degrees(text):
    """Degrees of ``(46) (30) (12.5)``: degrees, minutes and seconds."""
    parts = [float(part) for part in text.replace("(", " ").replace(")", " ").split()]
    if not parts or not np.isfinite(parts).all():
        raise ValueError(text)
    return sum(part / 60**power for power, part in enumerate(parts[:3]))


def _sign(tags, name, negative):
    return -1 if tags.get(name, "").strip().upper().startswith(negative) else 1
