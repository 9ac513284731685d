"""Rasters that are named and not loaded: a NetCDF file, or one variable of it."""

import os
import re

from qgis.core import QgsProviderRegistry, QgsRasterLayer

from ..plugin.jobs.errors import JobError

_SUBDATASET = re.compile(r'^[A-Za-z0-9_]{2,20}:"?.+', re.DOTALL)
_BOUNDS = re.compile(r"(_bnds|_bounds)$", re.IGNORECASE)


def open_named(text):
    """Open what Processing does not open by its name.

    Parameters
    ----------
    text : str
        GDAL's name of a subdataset, such as ``NETCDF:"air.nc":temperature``, or the path of a
        file that holds one variable (and perhaps the bounds of its axes).

    Returns
    -------
    QgsRasterLayer or None
        None if it is none of these.

    Raises
    ------
    JobError
        If a file holds several variables; with their names.
    """
    if not os.path.exists(text):
        return _layer(text) if _SUBDATASET.match(text) else None
    found = QgsProviderRegistry.instance().querySublayers(text)
    variables = [one.uri() for one in found if one.providerKey() == "gdal" and one.uri() != text]
    variables = [uri for uri in variables if not _BOUNDS.search(uri)]
    if len(variables) > 1:
        names = ", ".join(uri.rsplit(":", 1)[-1] for uri in variables)
        raise JobError(
            f'"{os.path.basename(text)}" holds several variables: {names}.',
            f"Choose one of them, such as {variables[0]}.",
        )
    return _layer(variables[0]) if variables else None


def _layer(uri):
    name = re.sub(r'^.*[:/\\"]', "", uri)
    layer = QgsRasterLayer(uri, name or "raster", "gdal")
    return layer if layer.isValid() else None
