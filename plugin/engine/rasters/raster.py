"""A raster that is read window by window, from any thread."""

import os
import threading

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.windows import Window

from ...jobs.errors import JobError
from ..windows import mirrored
from .grid import Grid, ground_sample_distance
from .opening import (
    OPTIONS,
    band_names,
    data_bands,
    is_palette,
    opened,
    refuse_complex,
    unreadable,
    validity,
)

BORDERS = ("mirror", "empty")


class Raster:
    """A raster file and the bands that are wanted of it; a context manager.

    Every thread reads through a handle of its own, because GDAL's are not made for sharing.

    Parameters
    ----------
    path : str
        Anything that GDAL opens.
    bands : sequence of int
        Band numbers from 1; empty for all bands but alpha.

    Attributes
    ----------
    name : str
        The file's name, for the user.
    bands : list of int
    names : tuple of str
        Description of every band, empty where there is none.
    dtype : str
        Of the values that `read` gives.
    nodata : float or None
        Declared nodata value of the first of the bands.
    grid : Grid
    gsd : float or None
        Ground sample distance in meters.
    is_palette : bool
        Whether the values are numbers of colors in a table.
    is_rgb : bool
        Whether the bands are red, green and blue, in this order.

    Raises
    ------
    JobError
        If it cannot be opened, has no such band, or its values are complex.
    """

    def __init__(self, path, bands=()):
        self.path, self.name = path, os.path.basename(path)
        self._local, self._handles, self._lock = threading.local(), [], threading.Lock()
        with opened(path) as dataset:
            self.bands = _wanted(dataset, self.name, bands)
            self.names = band_names(dataset, self.bands)
            self.dtype = str(np.result_type(*(dataset.dtypes[band - 1] for band in self.bands)))
            self.nodata = dataset.nodatavals[self.bands[0] - 1]
            self.grid = Grid(dataset.width, dataset.height, dataset.transform, dataset.crs)
            self.gsd = ground_sample_distance(dataset)
            self.is_palette = is_palette(dataset)
            self.is_rgb = [dataset.colorinterp[band - 1] for band in self.bands] == [
                ColorInterp.red, ColorInterp.green, ColorInterp.blue,
            ]  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Close the handles of all threads; no thread may be reading any more."""
        with self._lock:
            handles, self._handles = self._handles, []
        for handle in handles:
            handle.close()
        self._local = threading.local()

    def read(self, row, column, height, width, border="mirror"):
        """Read a window, which may reach beyond the raster.

        Parameters
        ----------
        row, column, height, width : int
            In pixels.
        border : {"mirror", "empty"}
            Beyond the raster: mirror it at its border pixels, or 0 and not valid.

        Returns
        -------
        values : array, shape (band, row, column)
        valid : bool array, shape (row, column), or None
            None if every pixel holds data.
        """
        size = self.grid.height, self.grid.width
        if border == "mirror":
            rows = mirrored(row, row + height, size[0])
            columns = mirrored(column, column + width, size[1])
            return self._read_mirrored(rows, columns)
        return self._read_empty(row, column, height, width)

    def _read_mirrored(self, rows, columns):
        top, left = rows.min(), columns.min()
        values, valid = self._read_inside(top, left, rows.max() - top + 1, columns.max() - left + 1)
        if (np.diff(rows) == 1).all() and (np.diff(columns) == 1).all():
            return values, valid
        places = np.ix_(rows - top, columns - left)
        return values[:, places[0], places[1]], None if valid is None else valid[places]

    def _read_empty(self, row, column, height, width):
        values = np.zeros((len(self.bands), height, width), self.dtype)
        valid = np.zeros((height, width), bool)
        top, left = max(row, 0), max(column, 0)
        bottom, right = min(row + height, self.grid.height), min(column + width, self.grid.width)
        if top < bottom and left < right:
            inside = slice(top - row, bottom - row), slice(left - column, right - column)
            part, holds = self._read_inside(top, left, bottom - top, right - left)
            values[:, inside[0], inside[1]] = part
            valid[inside] = True if holds is None else holds
        return values, None if valid.all() else valid

    def _read_inside(self, row, column, height, width):
        window = Window(int(column), int(row), int(width), int(height))
        values = np.empty((len(self.bands), window.height, window.width), self.dtype)
        try:
            with rasterio.Env(**OPTIONS):
                dataset = self._handle()
                dataset.read(self.bands, window=window, out=values)
                return values, validity(dataset, self.bands, values, window)
        except (RasterioError, OSError, MemoryError) as error:
            raise unreadable(self.path, error) from error

    def _handle(self):
        dataset = getattr(self._local, "dataset", None)
        if dataset is None:
            dataset = self._local.dataset = rasterio.open(self.path, sharing=False)
            with self._lock:
                self._handles.append(dataset)
        return dataset


def _wanted(dataset, name, bands):
    bands = list(bands or data_bands(dataset))
    missing = [band for band in bands if band > dataset.count]
    if missing:
        raise JobError(
            f'"{name}" has {dataset.count} band{"s" * (dataset.count > 1)}; '
            f"band {missing[0]} is asked for.",
            f"Choose bands from 1 to {dataset.count}.",
        )
    refuse_complex(dataset, bands)
    return bands
