"""A raster that is read window by window, from any thread."""

import threading

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import RasterioError
from rasterio.windows import Window

from ...jobs.errors import JobError
from .borders import Readable
from .grid import Grid, ground_sample_distance
from .layer_names import shown_name
from .opening import (
    band_names,
    data_bands,
    is_palette,
    opened,
    options_for,
    refuse_complex,
    unreadable,
    validity,
)


class Raster(Readable):
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
    notes : tuple of str
        Nothing is aligned of a single raster; see `Stack`.

    Raises
    ------
    JobError
        If it cannot be opened, has no such band, or its values are complex.
    """

    notes = ()

    def __init__(self, path, bands=()):
        self.path, self.name = path, shown_name(path)
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

    def _read_inside(self, row, column, height, width):
        window = Window(int(column), int(row), int(width), int(height))
        values = np.empty((len(self.bands), window.height, window.width), self.dtype)
        try:
            with rasterio.Env(**options_for(self.path)):
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
