"""Forecast grid, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .series_style import style_series
from .styling import style_on_load


class ForecastGrid(JobAlgorithm):
    """Forecast the next grids of a time series."""

    job_name = "forecast_grid"
    title = "Forecast grid"
    about = (
        "Forecasts the next steps of a raster time series with a model made by Train grid "
        "forecast: a band per step, with its date in the band's name where it is known. The "
        "rasters must have the grid that the model was trained on, and end where the forecast "
        "begins."
    )
    keywords = ("time series", "forecast", "prediction", "NetCDF", "climate",
                "deep learning", "AI")  # fmt: skip
    example = {
        "RASTERS": ["temperature.nc"],
        "MODEL": "temperature.safetensors",
        "OUTPUT": "forecast.tif",
    }
    group_title = "Seismic grids"
    group_id = "seismicgrids"

    def style(self, job_values, results, context):
        style_on_load(context, results["OUTPUT"], style_series)
