"""Time series of grids as NetCDF files by the CF conventions, which most programs read."""

import os

import numpy as np
from scipy.io import netcdf_file

from ...jobs.errors import JobError
from ...jobs.places import part_path, put_in_place
from .writing import check_space, unwritable

MOST_BYTES = 2**30
_WGS84 = {
    "grid_mapping_name": "latitude_longitude",
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
    "longitude_of_prime_meridian": 0.0,
}
# The whole CRS as GDAL writes it, too: QGIS would otherwise call a bare ellipsoid "unknown".
_WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'
)


def write_netcdf(path, values, grid, edges, name, attributes, title):
    """Write a time series of counts or sums as a classic NetCDF file (CF-1.8).

    Parameters
    ----------
    path : str
    values : array, shape (period, row, column)
        Row 0 northernmost.
    grid : Grid
        In EPSG:4326, north up.
    edges : float array, shape (period + 1,)
        Days since 1970-01-01 UTC at which the windows begin and end.
    name : str
        Of the variable.
    attributes : dict of str
        Of the variable, such as ``long_name`` and ``units``.
    title : str

    Raises
    ------
    JobError
        If it is larger than a classic file should be, or cannot be written.
    """
    if values.nbytes > MOST_BYTES:
        raise JobError(
            f"The NetCDF file would hold {values.nbytes / 1e9:.1f} GB; {MOST_BYTES / 1e9:.1f} GB "
            "is the most.",
            "Choose a longer window, a larger cell or a shorter time; or leave NETCDF empty.",
        )
    folder, part = os.path.dirname(os.path.abspath(path)), part_path(path)
    try:
        os.makedirs(folder, exist_ok=True)
        check_space(folder, values.nbytes)
        with netcdf_file(part, "w", version=2) as file:
            _fill(file, values, grid, edges, name, attributes, title)
        put_in_place(part, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if os.path.exists(part):
            os.remove(part)


def _fill(file, values, grid, edges, name, attributes, title):
    file.Conventions, file.title, file.source = "CF-1.8", title, "Deep Geology"
    periods, rows, columns = values.shape
    file.createDimension("time", periods)
    file.createDimension("latitude", rows)
    file.createDimension("longitude", columns)
    file.createDimension("bounds", 2)
    since = "days since 1970-01-01 00:00:00"
    _axis(file, "time", edges, {"standard_name": "time", "units": since, "calendar": "standard",
                                "axis": "T"}, at="start")  # fmt: skip
    # From south to north, as CF's examples and most models have it.
    north = grid.transform.f
    south = round(north + rows * grid.transform.e, 10)
    degrees = {"standard_name": "latitude", "units": "degrees_north", "axis": "Y"}
    _axis(file, "latitude", np.linspace(south, north, rows + 1), degrees)
    west = grid.transform.c
    east = round(west + columns * grid.transform.a, 10)
    degrees = {"standard_name": "longitude", "units": "degrees_east", "axis": "X"}
    _axis(file, "longitude", np.linspace(west, east, columns + 1), degrees)
    crs = file.createVariable("crs", "i4", ())
    _describe(crs, {**_WGS84, "spatial_ref": _WKT})
    variable = file.createVariable(
        name, values.dtype.newbyteorder("="), ("time", "latitude", "longitude")
    )
    variable[:] = values[:, ::-1]
    _describe(variable, {"grid_mapping": "crs", **attributes})


def _axis(file, name, edges, attributes, at="middle"):
    """A coordinate with the bounds of its cells."""
    axis = file.createVariable(name, "f8", (name,))
    axis[:] = edges[:-1] if at == "start" else (edges[:-1] + edges[1:]) / 2
    _describe(axis, {**attributes, "bounds": f"{name}_bounds"})
    bounds = file.createVariable(f"{name}_bounds", "f8", (name, "bounds"))
    bounds[:] = np.stack([edges[:-1], edges[1:]], axis=1)


def _describe(variable, attributes):
    for key, value in attributes.items():
        setattr(variable, key, value)
