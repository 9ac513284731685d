"""The job that counts earthquakes on a space-time grid."""

from dataclasses import dataclass

from . import catalog_fields
from .declare import new_file, new_raster, result_number, result_text


@dataclass(frozen=True)
class GridCatalog:
    """Count the earthquakes of a catalog in cells and windows of time: one band a window."""

    catalog: str = catalog_fields.catalog_layer()
    time_field: str = catalog_fields.time_field()
    magnitude_field: str = catalog_fields.magnitude_field()
    depth_field: str = catalog_fields.depth_field()
    extent: list = catalog_fields.region()
    cell_size: float = catalog_fields.cell_size()
    window_days: int = catalog_fields.window_days(30)
    completeness: float = catalog_fields.completeness()
    target_magnitude: float = catalog_fields.target_magnitude()
    start: str = catalog_fields.start()
    end: str = catalog_fields.end()
    minimum_depth: float = catalog_fields.minimum_depth()
    maximum_depth: float = catalog_fields.maximum_depth()
    output: str = new_raster(
        "Counts",
        help="Number of events in every cell, a band for every window; the window's dates are in "
        "the band's name and metadata.",
    )
    netcdf: str = new_file(
        "Counts as NetCDF",
        "nc",
        optional=True,
        help="The same with a time axis by the CF conventions, for programs that animate it.",
    )
    events: float = result_number("Number of events counted")
    periods: float = result_number("Number of windows")
    busiest: float = result_number("Band with the most events")
    busiest_window: str = result_text("Window with the most events")

    def check(self):
        """Refuse dates, depths and magnitudes in the wrong order."""
        catalog_fields.check_order(self, ("start", "end"))
        catalog_fields.check_depths(self)
        catalog_fields.check_magnitudes(self)
