"""New rasters: written beside, checked, and renamed when they are whole."""

import os
from contextlib import contextmanager

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from ...jobs.errors import JobError
from ...jobs.places import part_path, put_beside, put_in_place
from ...jobs.withdrawing import BESIDE, at_once
from ..progress import Silent
from .disk import check_space, unwritable, writing as _writing
from .naming import auxiliary_text, color_table
from .opening import OPTIONS, opened
from .overviews import being_made, factors

TILE = 256
_THREADS = 2  # that read back: little else is done then
_VALUES_READ = 2**22
_BANDS_TOGETHER = 16  # a tile of many bands together would not fit the memory


class NewRaster:
    """A raster that is being written; `new_raster` makes it."""

    def __init__(self, path, dataset):
        self._path, self._dataset = path, dataset

    def write(self, values, row, column=0, band=1):
        """Write a window.

        Parameters
        ----------
        values : array, shape (band, row, column)
        row, column : int
            Where its upper left lies.
        band : int
            Number of the first of the bands.
        """
        window = Window(column, row, values.shape[2], values.shape[1])
        bands = list(range(band, band + len(values)))
        with _writing(self._path):
            dtype = self._dataset.dtypes[0]
            self._dataset.write(values.astype(dtype, copy=False), bands, window=window)

    def write_mask(self, valid, row, column=0):
        """Write a window of the mask that says where all bands hold data.

        Parameters
        ----------
        valid : bool array, shape (row, column)
        row, column : int
            Where its upper left lies.
        """
        window = Window(column, row, valid.shape[1], valid.shape[0])
        # GDAL's options hold for a thread; without them the mask would become a file beside.
        with _writing(self._path), rasterio.Env(**OPTIONS):
            self._dataset.write_mask(valid, window=window)

    def tag_bands(self, tags):
        """Write metadata into the bands: a dict of texts for each, in their order."""
        with _writing(self._path):
            for number, known in enumerate(tags, 1):
                self._dataset.update_tags(number, **known)


@contextmanager
def new_raster(
    path, grid, dtype, names=("",), nodata=None, classes=(), tags=None, inputs=(), likeness=None,
    progress=None,
):  # fmt: skip
    """Write a tiled, compressed GeoTIFF; nothing is at `path` before it is whole.

    Parameters
    ----------
    path : str
    grid : Grid
    dtype : str
    names : sequence of str
        Description of every band.
    nodata : float, optional
    classes : list of dict
        ``{"value", "name", "color"}`` of a raster of classes; its colors go into the file and its
        names into ``<path>.aux.xml``, the place where GDAL and QGIS look for them.
    tags : dict of str, optional
    inputs : sequence of str
        Files that must not be written over.
    likeness : Likeness, optional
        Of the raster that this one is made of, with as many bands.
    progress : Progress, optional
        Of what is done when all is written.

    Yields
    ------
    NewRaster

    Raises
    ------
    JobError
        If `path` is one of the inputs, cannot be written, or the disk is full.
    Stopped
        If the user cancels at the end.
    """
    profile = _profile(grid, dtype, len(names), nodata)
    if likeness is not None:
        profile.update(likeness.profile(dtype))
    _refuse_inputs(path, inputs)
    _check_place(path, grid, dtype, len(names))
    part = part_path(path)
    try:
        with _created(path, part, profile) as dataset:
            _describe(dataset, names, classes, tags, likeness)
            yield NewRaster(path, dataset)
        _finish(path, part, bool(classes), progress or Silent())
        with _writing(path):
            _put_in_place(part, path, auxiliary_text(classes) if classes else "")
    finally:
        for left in (part + ending for ending in ("", *BESIDE)):
            if os.path.exists(left):
                os.remove(left)


def write_chip(path, values, valid, raster, row, column):
    """Write a small georeferenced piece of a raster, with its data type, nodata and names.

    Where pixels are not valid and the raster declares no nodata value, the chip gets a mask, or
    NaN if its values are real numbers.

    Parameters
    ----------
    path : str
    values : array, shape (band, row, column)
    valid : bool array, shape (row, column), or None
    raster : Raster
        Where it was cut.
    row, column : int
        Its upper left pixel there.
    """
    grid = raster.grid.part(row, column, *values.shape[1:])
    profile = _profile(grid, values.dtype, len(values), raster.nodata, is_rgb=raster.is_rgb)
    masked = valid is not None and raster.nodata is None
    if masked and values.dtype.kind == "f":
        values, masked = np.where(valid, values, np.nan).astype(values.dtype), False
    with _created(path, path, profile) as dataset, _writing(path):
        dataset.write(values)
        dataset.descriptions = tuple(name or None for name in raster.names)
        if masked:
            dataset.write_mask(valid)


def _profile(grid, dtype, count, nodata, is_rgb=False):
    tiled = max(grid.width, grid.height) > TILE
    # GDAL would take a fourth band of 8 bits for alpha.
    colors = {"photometric": "RGB" if is_rgb else "MINISBLACK", "ALPHA": "NO"}
    tiles = {"tiled": True, "blockxsize": TILE, "blockysize": TILE} if tiled else {}
    tiles["interleave"] = "band" if count > _BANDS_TOGETHER else "pixel"
    return {
        "driver": "GTiff", "width": grid.width, "height": grid.height, "count": count,
        "dtype": str(np.dtype(dtype)), "transform": grid.transform, "crs": grid.crs,
        "nodata": nodata, "compress": "DEFLATE", "BIGTIFF": "IF_SAFER", **colors, **tiles,
    }  # fmt: skip


def _refuse_inputs(path, inputs):
    for used in inputs:
        if os.path.exists(path) and os.path.exists(used) and os.path.samefile(path, used):
            raise JobError(
                f'"{os.path.basename(path)}" is read by this job and cannot be written by it.',
                "Choose another name for the output.",
            )


def _check_place(path, grid, dtype, bands):
    folder = os.path.dirname(os.path.abspath(path))
    with _writing(path):
        os.makedirs(folder, exist_ok=True)
    check_space(folder, grid.width * grid.height * bands * np.dtype(dtype).itemsize)


@contextmanager
def _created(path, part, profile):
    with rasterio.Env(**OPTIONS):
        with _writing(path):
            dataset = rasterio.open(part, "w", **profile)
        try:
            yield dataset
        finally:
            with _writing(path):
                dataset.close()


def _describe(dataset, names, classes, tags, likeness):
    if likeness is not None:
        likeness.put_on(dataset)
    dataset.descriptions = tuple(name or None for name in names)
    if classes and dataset.dtypes[0] in ("uint8", "uint16"):
        dataset.write_colormap(1, color_table(classes))
        dataset.colorinterp = [ColorInterp.palette]
    dataset.update_tags(**(tags or {}))


def _finish(path, part, of_classes, progress):
    """Add smaller copies to a large raster, and read everything back.

    GDAL closes a file on a full disk without a word. Nor does it say a word when overviews are made
    of tiles that cannot be read.
    """
    try:
        with opened(part, GDAL_NUM_THREADS=_THREADS) as dataset:
            scales = factors(*dataset.shape)
            with being_made(part, scales, of_classes, OPTIONS) as wait:
                _read_back(dataset, progress.part(0.0, 0.7, "Reading the result back"))
                wait(lambda: progress(0.7, "Making overviews"))
        for level in range(len(scales)):
            with opened(part, {"overview_level": level}, GDAL_NUM_THREADS=_THREADS) as dataset:
                _read_back(dataset, progress.part(0.8, 1.0, "Reading the overviews back"))
        progress(1.0)
    except JobError as error:
        raise unwritable(path, error) from error


def _read_back(dataset, progress):
    is_masked = MaskFlags.per_dataset in dataset.mask_flag_enums[0]
    for window in _pieces(dataset):
        dataset.read(window=window)
        if is_masked:
            dataset.read_masks(1, window=window)
        progress((window.row_off + window.height) / dataset.height)


def _pieces(dataset):
    """Windows that cover a raster, of several tiles, which threads then read together."""
    high, wide = dataset.block_shapes[0]
    across = max(1, _VALUES_READ // (high * wide * dataset.count)) * wide
    for row in range(0, dataset.height, high):
        for column in range(0, dataset.width, across):
            rows, columns = dataset.height - row, dataset.width - column
            yield Window(column, row, min(across, columns), min(high, rows))


def _put_in_place(part, path, auxiliary):
    """Rename, and leave no names or overviews of a file that was there before."""
    with at_once(path):
        for ending in BESIDE:
            put_beside(None, path, ending)
        put_in_place(part, path)
        if auxiliary:
            with open(part + ".aux.xml", "w", encoding="utf-8") as file:
                file.write(auxiliary)
            put_beside(part + ".aux.xml", path, ".aux.xml")
