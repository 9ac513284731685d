"""Open a raster, and tell which of its pixels hold data.

A pixel holds no data where its alpha or mask band is 0, where it is not finite, or where it
equals the declared nodata value: in any band as a rule, but in all bands if nodata is 0 or the
type has 8 bits, because 0 and 255 are also honest values of a single band.
"""

import os
import warnings
from contextlib import contextmanager

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from ...jobs.errors import JobError
from .alpha import has_mask, is_alpha
from .layer_names import shown_name

_LARGEST = 1e37
_COLORS = {ColorInterp.red: "red", ColorInterp.green: "green", ColorInterp.blue: "blue"}

OPTIONS = {
    # A folder of 20,000 images would be listed anew at every open.
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    # Without this a truncated JPEG ends in gray, silently.
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "TRUE",
    # And without this a truncated PNG ends in black.
    "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",
    # Bytes; GDAL would take a twentieth of the memory. A strip of tiles is all that is read twice.
    "GDAL_CACHEMAX": 64 * 2**20,
    "GDAL_TIFF_INTERNAL_MASK": "YES",
    # Python in a VRT is a program of whoever made the file.
    "GDAL_VRT_ENABLE_PYTHON": "NO",
}

# Photographs have no georeferencing, and that is no news.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)


def options_for(path):
    """GDAL's options to read a raster.

    A file on this computer may name others, as a VRT does, but none of the web: only an address
    that the user has given is fetched.
    """
    remote = "://" in path or path.startswith("/vsi")
    return OPTIONS if remote else {**OPTIONS, "CPL_VSIL_CURL_ALLOWED_FILENAME": "none"}


@contextmanager
def opened(path, how=None, **options):
    """Open a raster; whatever goes wrong inside rises as `JobError` with the file's name.

    Parameters
    ----------
    path : str
    how : dict, optional
        GDAL's options for this file.
    options : dict
        GDAL's options for all that happens inside.

    Yields
    ------
    rasterio.DatasetReader
    """
    known = {**options_for(path), **options}
    try:
        with rasterio.Env(**known), rasterio.open(path, **(how or {})) as dataset:
            yield dataset
    except (RasterioError, OSError, MemoryError, UnicodeError) as error:
        raise unreadable(path, error) from error


def unreadable(path, error):
    """The `JobError` for a raster that cannot be read."""
    name = shown_name(path)
    if isinstance(error, UnicodeError):
        name = os.fsencode(name).decode("utf-8", "replace")
        return JobError(f'"{name}" has a name that is not UTF-8.', "Rename the file.")
    if not os.path.exists(path) and (os.path.isabs(path) or ":" not in path):
        return JobError(f'"{name}" does not exist.', "Choose another file.")
    if os.path.isfile(path) and os.path.getsize(path) == 0:
        return JobError(f'"{name}" is an empty file.', "Remove it, or copy it again.")
    if isinstance(error, MemoryError):
        return JobError(f'There is not enough memory for "{name}".', "Close other programs.")
    if os.path.isfile(path) and not os.access(path, os.R_OK):
        return JobError(f'"{name}" may not be read by you.', "Choose a file that you may read.")
    return JobError(
        f'"{name}" cannot be read: it is damaged, cut short, or not an image.',
        "Remove it, or copy it again.",
        trace=reasons(error),
    )


def reasons(error):
    """The messages of an error and of what caused it, a line each."""
    texts = []
    while error is not None:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def data_bands(dataset):
    """Numbers of the bands that hold data and not alpha.

    Raises
    ------
    JobError
        If there is none.
    """
    bands = [band for band in dataset.indexes if not is_alpha(dataset, band)]
    if not bands:
        raise JobError(
            f'"{os.path.basename(dataset.name)}" has no band with data.', "Choose another file."
        )
    return bands


def refuse_complex(dataset, bands):
    """Refuse complex values, which no network takes."""
    if any(dataset.dtypes[band - 1].startswith("complex") for band in bands):
        raise JobError(
            f'"{os.path.basename(dataset.name)}" has complex values.',
            "Save its amplitude or its phase as a raster of real numbers.",
        )


def is_palette(dataset):
    """Whether the first band holds numbers of colors in a table."""
    return dataset.colorinterp[0] == ColorInterp.palette


def band_names(dataset, bands):
    """Description of every band, empty where there is none."""
    return tuple(dataset.descriptions[band - 1] or "" for band in bands)


def band_labels(dataset, bands):
    """Description of every band by its number, or its color where there is none; else empty."""
    names = band_names(dataset, bands)
    colors = [_COLORS.get(dataset.colorinterp[band - 1], "") for band in bands]
    return {band: one or color for band, one, color in zip(bands, names, colors, strict=True)}


def stack_labels(paths):
    """Name or color of every band with data of some rasters, by its number through all of them."""
    labels, before = {}, 0
    for path in paths:
        with opened(path) as dataset:
            own = band_labels(dataset, data_bands(dataset))
            labels.update({before + band: label for band, label in own.items()})
            before += dataset.count
    return labels


def is_measured(values):
    """Where real numbers are such that something was measured: not NaN, infinite or 1e37 and more.

    Files hold the largest number of their type where they have no data, and do not always say so.
    """
    return np.abs(values) <= values.dtype.type(min(_LARGEST, np.finfo(values.dtype).max))


def validity(dataset, bands, values, window=None):
    """Tell where `values` hold data; the rule is at the top of this module.

    Parameters
    ----------
    dataset : rasterio dataset
    bands : list of int
    values : array, shape (band, row, column)
        What was read of `bands`.
    window : rasterio.windows.Window, optional
        Where it was read; None for everywhere.

    Returns
    -------
    bool array, shape (row, column), or None
        None if every pixel holds data.
    """
    parts = _where_not_nodata(dataset, bands, values)
    if has_mask(dataset, bands):
        mask = dataset.read_masks(bands[0], window=window, out_shape=values.shape[1:])
        parts.append(mask > 0)
    if values.dtype.kind == "f":
        parts.append(is_measured(values).all(axis=0))
    valid = np.logical_and.reduce(parts) if parts else None
    return None if valid is None or valid.all() else valid


def _where_not_nodata(dataset, bands, values):
    nodata = [dataset.nodatavals[band - 1] for band in bands]
    known = [i for i, value in enumerate(nodata) if value is not None and not np.isnan(value)]
    if not known:
        return []
    equal = [values[i] == nodata[i] for i in known]
    honest = values.dtype.itemsize == 1 or all(nodata[i] == 0 for i in known)
    join = np.logical_and if honest and len(known) == len(bands) else np.logical_or
    return [~join.reduce(equal)]
