"""Several rasters as one: read window by window on the grid of the first."""

from bisect import bisect_left
from contextlib import ExitStack
from itertools import accumulate

import numpy as np
from rasterio.errors import RasterioError

from ...jobs.errors import JobError
from .borders import Readable
from .layer_names import short_name, shown_name
from .opening import data_bands, opened, unreadable
from .raster import Raster
from .warped import MovedRaster, WarpedRaster, covered_share, is_on

_LITTLE = 0.999


class Stack(Readable):
    """Rasters on the grid of the first, their bands one after the other; a context manager.

    A raster of another grid is warped as its windows are read. A pixel holds data where all
    rasters do. Like a `Raster` it is read from any thread.

    Parameters
    ----------
    paths : sequence of str
        At least one.
    bands : sequence of int
        Band numbers, counted through all bands of all rasters from 1; empty for all but alpha.

    Attributes
    ----------
    paths : list of str
        Of the rasters that bands are read of, and of the first.
    name : str
        For the user.
    bands : list of int
    names : tuple of str
        A name for every band, all different.
    dtype : str
        That of all bands if they share one, else float32.
    categorical : tuple of bool
        Whether a band holds numbers of classes or colors.
    nodata : None
        Every raster's own is in the validity.
    grid : Grid
    gsd : float or None
        Ground sample distance in meters.
    notes : list of str
        What was aligned, and how, a sentence each.

    Raises
    ------
    JobError
        If a raster cannot be opened, there is no such band, or a raster does not lie over the
        first one.
    """

    is_rgb, is_palette, nodata = False, False, None

    def __init__(self, paths, bands=()):
        self.paths, self.notes = [str(path) for path in paths], []
        counts, wanted = _count(self.paths)
        chosen = _chosen(counts, wanted, bands)
        with Raster(self.paths[0]) as first:
            self.grid, self.gsd, self.name = first.grid, first.gsd, first.name
        self._layers, self._orders = [], []
        with ExitStack() as opened_layers:
            for number, places in enumerate(chosen):
                if places:
                    layer = self._add(number, [band for _, band in places])
                    opened_layers.callback(layer.close)
                    self._orders.append([order for order, _ in places])
            self._close = opened_layers.pop_all().close
        if len(self.paths) > 1:
            self.name += f" and {len(self.paths) - 1} more"
        self._describe(chosen, counts)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Close all rasters; no thread may be reading any more."""
        self._close()

    def _add(self, number, bands):
        path = self.paths[number]
        layer = Raster(path, bands)
        if number and not _is_same(layer.grid, self.grid):
            layer.close()
            _check_place(layer, self.grid, shown_name(self.paths[0]))
            layer = self._aligned(layer)
        self._layers.append(layer)
        return layer

    def _aligned(self, layer):
        covered = covered_share(layer.grid, self.grid)
        part = f" It covers {covered:.0%} of it." if covered < _LITTLE else ""
        first = shown_name(self.paths[0])
        if is_on(layer.grid, self.grid):
            self.notes.append(f'"{layer.name}" has the pixels of "{first}".{part}')
            return MovedRaster(layer.path, layer.bands, self.grid)
        how = "nearest neighbor" if layer.is_palette else "bilinear"
        what = f"{_in_words(layer.grid)} to {_in_words(self.grid)}"
        self.notes.append(
            f'"{layer.name}" is warped to the grid of "{first}": {what}, {how}.{part}'
        )
        return WarpedRaster(layer.path, layer.bands, self.grid, layer.is_palette)

    def _describe(self, chosen, counts):
        total = sum(map(len, chosen))
        self.bands, names, dtypes = [0] * total, [""] * total, [""] * total
        categorical = [False] * total
        before = [0, *accumulate(counts)]
        numbers = [number for number, places in enumerate(chosen) if places]
        for number, layer, orders in zip(numbers, self._layers, self._orders, strict=True):
            stem = short_name(layer.path)
            for place, order in enumerate(orders):
                self.bands[order] = before[number] + layer.bands[place]
                single = stem if counts[number] == 1 else f"{stem} band {layer.bands[place]}"
                names[order] = layer.names[place] or single
                dtypes[order] = getattr(layer, "own_dtype", layer.dtype)
                categorical[order] = layer.is_palette
        self.names = _all_different(names)
        self.dtype = dtypes[0] if len(set(dtypes)) == 1 else "float32"
        self.categorical = tuple(categorical)

    def _read_inside(self, row, column, height, width):
        values = np.empty((len(self.bands), height, width), self.dtype)
        masks = []
        for layer, orders in zip(self._layers, self._orders, strict=True):
            part, valid = layer._read_inside(row, column, height, width)
            if valid is not None:
                masks.append(valid)
                part = np.where(valid, part, 0) if part.dtype.kind == "f" else part
            values[orders] = part
        valid = np.logical_and.reduce(masks) if masks else None
        return values, None if valid is None or valid.all() else valid


def open_layers(path, others=(), bands=()):
    """Open a raster, or a stack of its bands and all of those of others.

    Parameters
    ----------
    path : str
    others : sequence of str
        May be empty.
    bands : sequence of int
        Of the first raster; empty for all but alpha.

    Returns
    -------
    Raster or Stack
    """
    if not others:
        return Raster(path, bands)
    paths = [path, *others]
    counts, wanted = _count(paths)
    with Raster(path, bands) as first:
        numbers = list(first.bands)
    for before, owns in zip(accumulate(counts), wanted[1:], strict=False):
        numbers += [before + own for own in owns]
    return Stack(paths, numbers)


def _count(paths):
    """Number of bands of every raster, and those that hold data."""
    counts, wanted = [], []
    for path in paths:
        with opened(path) as dataset:
            counts.append(dataset.count)
            wanted.append(data_bands(dataset))
    return counts, wanted


def _chosen(counts, wanted, bands):
    """For every raster the (place in the stack, own band number) of its bands."""
    chosen = [[] for _ in counts]
    last = list(accumulate(counts))
    if not bands:
        before = zip(last, counts, wanted, strict=True)
        bands = [end - count + own for end, count, owns in before for own in owns]
    for order, band in enumerate(bands):
        if band > last[-1]:
            raise JobError(
                f"The rasters have {last[-1]} band{'s' * (last[-1] > 1)} in all; band {band} is "
                "asked for.",
                f"Choose bands from 1 to {last[-1]}.",
            )
        number = bisect_left(last, band)
        chosen[number].append((order, band - last[number] + counts[number]))
    return chosen


def _is_same(grid, other):
    same = (grid.width, grid.height) == (other.width, other.height)
    return same and is_on(grid, other) and _corner_is_same(grid, other)


def _corner_is_same(grid, other):
    columns, rows = ~other.transform @ (grid.transform.c, grid.transform.f)
    return abs(rows) < 0.5 and abs(columns) < 0.5


def _check_place(layer, grid, first):
    """Refuse a raster that cannot be brought to the grid of the first."""
    if bool(layer.grid.crs) != bool(grid.crs):
        without = layer.name if grid.crs else first
        raise JobError(
            f'"{without}" has no coordinate reference system; another of the rasters has one.',
            "Assign it with Assign projection.",
        )
    if not grid.crs and (layer.grid.transform.is_identity or grid.transform.is_identity):
        raise JobError(
            f'"{first}" and "{layer.name}" differ in size and are not georeferenced.',
            "Georeference them, or use images of the same size.",
        )
    try:
        covered = covered_share(layer.grid, grid)
    except RasterioError as error:
        raise unreadable(layer.path, error) from error
    if not covered:
        raise JobError(
            f'"{layer.name}" does not lie over "{first}": they have no ground in common.',
            "Choose rasters of the same area, and check their coordinate reference systems.",
        )


def _in_words(grid):
    crs = grid.crs.to_string() if grid.crs else ""
    crs = crs if crs.startswith("EPSG") else "its own CRS" if crs else "no CRS"
    side = abs(grid.transform.determinant) ** 0.5
    return f"{crs} at {side:.6g}"


def _all_different(names):
    seen, different = {}, []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        different.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(different)
