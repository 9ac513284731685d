"""Grid catalog, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .seismic_style import style_counts
from .styling import style_on_load


class GridCatalog(JobAlgorithm):
    """Count earthquakes in cells and windows of time."""

    job_name = "grid_catalog"
    title = "Grid catalog"
    about = (
        "Counts the earthquakes of a catalog in cells of longitude and latitude and in windows of "
        "time: a raster with a band for every window, its dates in the band's name. A cell holds "
        "its western and southern edge, a window its start. An extent over the antimeridian is "
        "written on both sides of the map. The layer shows the window with the most events first; "
        "choose another band in its properties. The NetCDF file has a time axis by the CF "
        "conventions."
    )
    keywords = ("earthquake", "seismicity", "count", "rate", "density", "NetCDF", "time series")
    example = {
        "CATALOG": "japan.csv",
        "CELL_SIZE": 0.5,
        "WINDOW_DAYS": 30,
        "TARGET_MAGNITUDE": 4.5,
        "OUTPUT": "counts.tif",
    }
    group_title = "Seismic grids"
    group_id = "seismicgrids"

    def style(self, job_values, results, context):
        band = int(results["BUSIEST"])
        style_on_load(context, results["OUTPUT"], lambda layer: style_counts(layer, band))
