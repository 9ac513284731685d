"""A raster layer -> a file that the engine reads."""

import math
import os

from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsProviderRegistry,
    QgsRasterBlockFeedback,
    QgsRasterFileWriter,
    QgsRasterPipe,
    QgsRectangle,
)
from qgis.PyQt.QtCore import Qt

from ..plugin.jobs.errors import JobError, Stopped
from .origins import origin_of
from .translation import said
from .versions import WRITTEN

LONGEST_SIDE = 4096
_WEB_MARGIN = 0.1


class RasterSource:
    """A raster layer, remembered on the main thread and given to the engine from any other.

    Attributes
    ----------
    name : str
        The layer's name.
    path : str
        GDAL's name of the raster if another process can open it as it is; otherwise empty.
    crs : QgsCoordinateReferenceSystem
        The layer's, which a user may have set.
    origin : str
        What a report calls it if it is exported.
    """

    def __init__(self, layer):
        self.name, self.crs = layer.name(), layer.crs()
        self.path, self.origin = _gdal_name(layer), origin_of(layer)
        self._provider = None if self.path else layer.dataProvider().clone()

    def file(self, copy, box, feedback, transforms):
        """The path that the engine reads; the raster is exported if it is no file.

        Parameters
        ----------
        copy : str
            Path of the GeoTIFF that an export becomes.
        box : QgsRectangle or None
            Part that is needed, in the layer's CRS; only used for what has no pixels of its own.
        feedback : QgsProcessingFeedback
        transforms : QgsCoordinateTransformContext

        Raises
        ------
        JobError
            If it cannot be exported.
        Stopped
            If the user cancels.
        """
        if self.path:
            return self.path
        part, columns, rows = _grid(self._provider, box, self.name)
        feedback.pushInfo(said(f'"{self.name}" is copied to a file of {columns} x {rows} pixels.'))
        self._write(copy, part, columns, rows, feedback, transforms)
        return copy

    def _write(self, path, part, columns, rows, feedback, transforms):
        pipe = QgsRasterPipe()
        pipe.set(self._provider.clone())
        writer = QgsRasterFileWriter(path)
        writer.setOutputFormat("GTiff")
        writer.setCreateOptions(["COMPRESS=DEFLATE", "TILED=YES", "BIGTIFF=IF_SAFER"])
        watch = QgsRasterBlockFeedback()
        feedback.canceled.connect(watch.cancel, Qt.ConnectionType.DirectConnection)
        error = writer.writeRaster(pipe, columns, rows, part, self.crs, transforms, watch)
        if feedback.isCanceled():
            raise Stopped()
        if error != WRITTEN:
            found = f'Raster "{self.name}" could not be copied to a file ({getattr(error, "name", error)}).'
            remedy = "Save it as a GeoTIFF with Export > Save As, and choose that layer."
            raise JobError(found, remedy, "\n".join(watch.errors()))


def _gdal_name(layer):
    """GDAL's name of a layer that another process can open, or an empty text."""
    if layer.providerType() != "gdal" or layer.crs() != layer.dataProvider().crs():
        return ""
    source = layer.source()
    known = QgsProviderRegistry.instance().decodeUri("gdal", source)
    in_memory = "/vsimem" in source or source.startswith("MEM:")
    if known.get("openOptions") or known.get("authcfg") or in_memory:
        return ""
    return os.path.abspath(source) if os.path.exists(source) else source


def _grid(provider, box, name):
    """The extent, columns and rows to export: native pixels, or those of a web layer."""
    if provider.xSize() > 0 and provider.ySize() > 0:
        return provider.extent(), provider.xSize(), provider.ySize()
    if box is None or box.isEmpty():
        found = f'"{name}" is a web layer with no pixels of its own.'
        remedy = "Give an extent, or save the part you need with Export > Save As."
        raise JobError(found, remedy)
    part = QgsRectangle(box).intersect(provider.extent())
    if part.isEmpty():
        raise JobError(f'Nothing of "{name}" lies in the extent.', "Choose another extent.")
    side = _pixel_side(provider, part)
    columns, rows = round(part.width() / side), round(part.height() / side)
    return part, max(1, columns), max(1, rows)


def _pixel_side(provider, part):
    """The finest resolution of a web layer at which an extent has at most 4096 pixels a side."""
    coarsest = max(part.width(), part.height()) / LONGEST_SIDE
    native = [side for side in provider.nativeResolutions() if side >= coarsest]
    return min(native, default=coarsest)


def box_of(sources, crs, transforms):
    """The rectangle around feature sources with a margin, for a web layer under them.

    Parameters
    ----------
    sources : list of QgsProcessingFeatureSource
    crs : QgsCoordinateReferenceSystem
        Of the rectangle.
    transforms : QgsCoordinateTransformContext

    Returns
    -------
    QgsRectangle or None
        None if there are no features.
    """
    box = QgsRectangle()
    for source in sources:
        change = QgsCoordinateTransform(source.sourceCrs(), crs, transforms)
        try:
            box.combineExtentWith(change.transformBoundingBox(source.sourceExtent()))
        except QgsCsException:
            continue  # nothing of it can lie on the raster
    if box.isNull() or not math.isfinite(box.width()):
        return None
    return box.buffered(max(box.width(), box.height()) * _WEB_MARGIN or 1.0)
