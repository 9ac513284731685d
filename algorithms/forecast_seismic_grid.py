"""Forecast seismic grid, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .probability_style import style_probability
from .styling import style_on_load
from .temporal import show_between


class ForecastSeismicGrid(JobAlgorithm):
    """Forecast earthquake rates in the cells of the next window."""

    job_name = "forecast_seismic_grid"
    title = "Forecast seismic grid"
    about = (
        "Forecasts, with a model made by Train seismic forecast, how many earthquakes to expect in "
        "every cell during the next window, and how probable at least one is. Only the events "
        "before the start of the window are used: give the catalog up to now, with its history. "
        "Bands: rate, probability of at least one event, that of ETAS, log ratio to ETAS, and the "
        "counts at 5 and 95 %. The map shows the probability on a logarithmic ramp. It is a "
        "forecast of rates, not a prediction of an earthquake."
    )
    keywords = ("earthquake", "seismicity", "forecast", "probability", "ETAS", "aftershocks")
    example = {
        "MODEL": "seismicity.safetensors",
        "CATALOG": "earthquakes.csv",
        "OUTPUT": "forecast.tif",
    }
    group_title = "Seismic grids"
    group_id = "seismicgrids"

    def style(self, job_values, results, context):
        def show(layer):
            style_probability(layer)
            show_between(layer, results["START"], results["END"])

        style_on_load(context, results["OUTPUT"], show)
