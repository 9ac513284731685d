"""Scenes: rasters and images with their boxes, read window by window as real numbers."""

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from affine import Affine

from ..rasters import Grid, Raster, describe_image, read_image
from ..rasters.grid import crs_of

_CACHE_BYTES = 2**30
_NO_BOXES = np.zeros((0, 4))


@dataclass
class Scene:
    """A raster or an image, and what is drawn in it.

    Attributes
    ----------
    path : str
    name : str
        For the user.
    height, width : int
    source : RasterPixels or ImagePixels
        Where the pixels come from.
    ground : affine.Affine
        From (column, row) to map coordinates; without georeferencing the rows count down from
        0, as QGIS shows such a layer.
    crs : str
        WKT; empty if the scene is not georeferenced.
    gsd : float or None
        Ground sample distance in meters.
    placed : bool
        Whether `ground` tells a place. A raster lies where the polygons on it say.
    boxes : float array, shape (n, 4)
    labels : int array, shape (n,)
    """

    path: str
    name: str
    height: int
    width: int
    source: object
    ground: Affine
    crs: str = ""
    gsd: float = None
    placed: bool = True
    boxes: np.ndarray = field(default_factory=lambda: _NO_BOXES)
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def read(self, row, column, height, width):
        """Read a window, which may reach beyond the scene.

        Returns
        -------
        float32 array, shape (band, row, column)
            NaN where there is no data and beyond the scene.
        """
        return self.source.read(row, column, height, width)

    @property
    def grid(self):
        """Where the pixels lie; None if nothing tells it."""
        if not self.placed:
            return None
        return Grid(self.width, self.height, self.ground, crs_of(self.crs))

    @property
    def pixel(self):
        """Width and height of a pixel in map units."""
        t = self.ground
        return float(np.hypot(t.a, t.d)), float(np.hypot(t.b, t.e))

    def window_of(self, extent):
        """The window (row, column, height, width) of a rectangle on the ground; see `Grid`."""
        return Grid(self.width, self.height, self.ground).window_of(extent)

    def outline(self, box):
        """A box on the ground, as a GeoJSON polygon."""
        left, top, right, bottom = box
        corners = ((left, top), (left, bottom), (right, bottom), (right, top), (left, top))
        ring = [[float(value) for value in self.ground @ corner] for corner in corners]
        return {"type": "Polygon", "coordinates": [ring]}


class RasterPixels:
    """The pixels of a raster, read from its file."""

    def __init__(self, raster):
        self.raster = raster

    def read(self, row, column, height, width):
        values, valid = self.raster.read(row, column, height, width, border="empty")
        return _with_holes(values, valid)

    def close(self):
        self.raster.close()


class ImagePixels:
    """The pixels of an image file, which is decoded whole and kept while there is room."""

    def __init__(self, path, cache, numbers=()):
        self.path, self.cache, self.numbers = path, cache, numbers

    def read(self, row, column, height, width):
        values, valid = self.cache.get(self.path, self.numbers)
        size = values.shape[1:]
        window = np.full((len(values), height, width), np.nan, np.float32)
        top, left = max(row, 0), max(column, 0)
        bottom, right = min(row + height, size[0]), min(column + width, size[1])
        if top < bottom and left < right:
            holds = None if valid is None else valid[top:bottom, left:right]
            part = _with_holes(values[:, top:bottom, left:right], holds)
            window[:, top - row : bottom - row, left - column : right - column] = part
        return window

    def close(self):
        self.cache.forget(self.path)


class ImageCache:
    """The images that were used last, as many as fit in a GiB; any thread may ask."""

    def __init__(self, most=_CACHE_BYTES):
        self._most, self._held, self._bytes = most, OrderedDict(), 0
        self._lock = threading.Lock()

    def get(self, path, numbers=()):
        """Values and validity of an image, or of some of its bands; see `rasters.read_image`."""
        with self._lock:
            if path in self._held:
                self._held.move_to_end(path)
                return self._held[path]
            image = read_image(path, numbers=numbers)
            self._held[path] = image
            self._bytes += image[0].nbytes
            while self._bytes > self._most and len(self._held) > 1:
                self._bytes -= self._held.popitem(last=False)[1][0].nbytes
            return image

    def forget(self, path):
        """Give the memory of an image back."""
        with self._lock:
            if path in self._held:
                self._bytes -= self._held.pop(path)[0].nbytes


def _with_holes(values, valid):
    values = values.astype(np.float32)
    if valid is not None:
        values[:, ~valid] = np.nan
    return values


def raster_scene(path, bands=()):
    """Open a raster as a scene.

    Raises
    ------
    JobError
        If it cannot be opened or has no such band.
    """
    raster = Raster(path, bands)
    grid = raster.grid
    placed = grid.crs is not None or not grid.transform.is_identity
    return Scene(
        path, raster.name, grid.height, grid.width, RasterPixels(raster),
        grid.transform if placed else Affine.scale(1, -1),
        grid.crs.to_wkt() if grid.crs else "", raster.gsd,
    )  # fmt: skip


def image_scene(path, cache, root="", numbers=()):
    """Describe an image as a scene, or some of its bands; its pixels are read later.

    Returns
    -------
    scene : Scene
    description : rasters.Description

    Raises
    ------
    JobError
        If it is no image.
    """
    known = describe_image(path, numbers)
    ground = known.transform if known.transform is not None else Affine.scale(1, -1)
    name = os.path.relpath(path, root) if root else os.path.basename(path)
    scene = Scene(
        path, name, known.height, known.width, ImagePixels(path, cache, known.numbers), ground,
        known.crs, known.gsd, known.transform is not None,
    )  # fmt: skip
    return scene, known
