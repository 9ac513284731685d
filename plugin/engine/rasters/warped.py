"""A raster on the grid of another one: warped as it is read, or only moved by whole pixels."""

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError  # rasterio.warp lets it through
from rasterio.enums import Resampling
from rasterio.errors import CRSError, RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform, transform_bounds
from rasterio.windows import Window

from .grid import Grid
from .opening import is_measured, options_for, unreadable
from .raster import Raster

# GDAL warps between grids of one plane without knowing which plane; any CRS in meters will do.
_ANY_PLANE = "EPSG:3857"
_SAME_PIXEL = 1e-4
_ALONG_EDGE = 17  # points that tell how an edge is bent in another CRS
_TOLERANCE = 1e-6  # of a pixel, in what GDAL interpolates between exactly turned places


class MovedRaster(Raster):
    """A raster whose pixels fall on those of a grid, whole pixels away.

    Parameters
    ----------
    path : str
    bands : sequence of int
    grid : Grid
    """

    def __init__(self, path, bands, grid):
        super().__init__(path, bands)
        self._own, self.grid = self.grid, grid
        self._rows, self._columns = _offset(self._own, grid)

    def _read_inside(self, row, column, height, width):
        """Its pixels where it has some; not valid elsewhere."""
        values = np.zeros((len(self.bands), height, width), self.dtype)
        valid = np.zeros((height, width), bool)
        top, left = max(row - self._rows, 0), max(column - self._columns, 0)
        bottom = min(row - self._rows + height, self._own.height)
        right = min(column - self._columns + width, self._own.width)
        if top < bottom and left < right:
            part, holds = super()._read_inside(top, left, bottom - top, right - left)
            rows = slice(top + self._rows - row, bottom + self._rows - row)
            columns = slice(left + self._columns - column, right + self._columns - column)
            values[:, rows, columns] = part
            valid[rows, columns] = True if holds is None else holds
        return values, None if valid.all() else valid


class WarpedRaster(Raster):
    """A raster that is warped to a grid as its windows are read.

    Values are averaged over about a pixel of the grid (GDAL's bilinear kernel, which widens when
    pixels become larger), numbers of colors or classes are taken from the nearest pixel. What a
    window holds does not depend on where the window begins.

    Parameters
    ----------
    path : str
    bands : sequence of int
    grid : Grid
    nearest : bool
        Whether the values are numbers of classes.
    """

    def __init__(self, path, bands, grid, nearest):
        super().__init__(path, bands)
        self._own, self.grid = self.grid, grid
        self.own_dtype, self.dtype, self.nodata = self.dtype, "float32", None
        self._method = Resampling.nearest if nearest else Resampling.bilinear

    def _read_inside(self, row, column, height, width):
        window = Window(int(column), int(row), int(width), int(height))
        try:
            with rasterio.Env(**options_for(self.path)):
                values = self._handle().read(self.bands, window=window)
        except (RasterioError, OSError, MemoryError) as error:
            raise unreadable(self.path, error) from error
        if np.dtype(self.own_dtype).kind in "iu":
            values = values.round()
        valid = is_measured(values).all(axis=0)
        return values, None if valid.all() else valid

    def _handle(self):
        warped = getattr(self._local, "dataset", None)
        if warped is None:
            source = rasterio.open(self.path, sharing=False)
            warped = self._local.dataset = WarpedVRT(source, **self._options(source))
            with self._lock:
                self._handles += [warped, source]
        return warped

    def _options(self, source):
        """Options of the warp, under which a window does not depend on where it begins."""
        target, plane = self.grid, self.grid.crs or _ANY_PLANE
        rows, columns = pixel_ratio(self._own, self.grid)
        nodata = source.nodatavals[self.bands[0] - 1]
        return {
            "src_crs": source.crs or plane, "crs": plane, "transform": target.transform,
            "width": target.width, "height": target.height, "resampling": self._method,
            "src_nodata": nodata, "nodata": np.nan, "dtype": "float32", "tolerance": _TOLERANCE,
            "UNIFIED_SRC_NODATA": self._joined(source, nodata), "INIT_DEST": "NO_DATA",
            "XSCALE": str(columns), "YSCALE": str(rows),
        }  # fmt: skip

    @staticmethod
    def _joined(source, nodata):
        """Whether one band without data is enough to make a pixel invalid; see `validity`."""
        honest = nodata == 0 or np.dtype(source.dtypes[0]).itemsize == 1
        return "YES" if honest else "PARTIAL"


def is_on(grid, other):
    """Whether a grid's pixels fall on those of another: same CRS, size and turn of the pixels."""
    if grid.crs != other.crs:
        return False
    rows, columns = _distance(grid, other)
    same_turn = (~other.transform @ grid.transform)[:6]
    unit = np.abs(
        np.subtract((same_turn[0], same_turn[1], same_turn[3], same_turn[4]), (1, 0, 0, 1))
    )
    reach = unit.max() * max(grid.width, grid.height, other.width, other.height)
    whole = abs(rows - round(rows)) < _SAME_PIXEL and abs(columns - round(columns)) < _SAME_PIXEL
    return whole and reach < _SAME_PIXEL


def _distance(grid, other):
    """Rows and columns of `other` from its corner to that of `grid`."""
    columns, rows = ~other.transform @ (grid.transform.c, grid.transform.f)
    return rows, columns


def _offset(grid, other):
    return tuple(round(value) for value in _distance(grid, other))


def pixel_ratio(grid, other):
    """How many pixels of `other` a pixel of `grid` is long and wide, at the middle of `other`."""
    rows, columns = other.height / 2, other.width / 2
    corners = np.array([[0, 0], [1, 0], [0, 1]], float) + (rows, columns)
    eastings, northings = other.to_ground(corners[:, 0], corners[:, 1])
    if grid.crs and other.crs and grid.crs != other.crs:
        eastings, northings = transform(other.crs, grid.crs, eastings, northings)
    seen = np.array(grid.to_pixels(eastings, northings))
    # Length and width in pixels of `grid` of one pixel of `other`, along the axes of `grid`.
    moves = np.abs(seen[:, 1:] - seen[:, :1])
    tall, wide = np.maximum(moves.max(axis=1), 1e-9)
    return 1 / tall, 1 / wide


def covered_share(grid, other):
    """Share of the box of `other` that the box of `grid` covers, 0..1."""
    boxes = ground_boxes([grid, other], other.crs)
    low, high = boxes[:, :2].max(axis=0), boxes[:, 2:].min(axis=0)
    width, height = np.maximum(high - low, 0)
    whole = np.prod(boxes[1, 2:] - boxes[1, :2])
    return float(width * height / whole) if np.isfinite(boxes).all() and whole > 0 else 0.0


def ground_boxes(grids, crs):
    """West, south, east and north of grids in a CRS, an array (N, 4).

    NaN for a grid that cannot be brought to it, such as one of another planet.
    """
    return np.array([_box_or_none(grid, crs) for grid in grids], float)


def _box_or_none(grid, crs):
    try:
        return _box(grid, crs)
    except (CPLE_BaseError, CRSError):
        return (np.nan,) * 4


def window_over(grid, other):
    """The smallest window of a grid over the ground of another; see `Grid.window_of`."""
    along = np.linspace(0, 1, _ALONG_EDGE)
    start, end = np.zeros(_ALONG_EDGE), np.ones(_ALONG_EDGE)
    rows = other.height * np.concatenate([start, along, end, along])
    columns = other.width * np.concatenate([along, end, along, start])
    eastings, northings = other.to_ground(rows, columns)
    if grid.crs and other.crs and grid.crs != other.crs:
        eastings, northings = transform(other.crs, grid.crs, eastings, northings)
    return grid.window_around(eastings, northings)


def _box(grid, crs):
    """(west, south, east, north) of a grid in a CRS."""
    ring = np.array(Grid.outline(grid))
    box = (*ring.min(axis=0), *ring.max(axis=0))
    if crs and grid.crs and grid.crs != crs:
        return transform_bounds(grid.crs, crs, *box, densify_pts=51)
    return box
