"""Train grid forecast, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class TrainGridForecast(JobAlgorithm):
    """Train a network that forecasts the next grids of a time series."""

    job_name = "train_grid_forecast"
    title = "Train grid forecast"
    about = (
        "Learns from a raster time series of any kind - temperatures, vegetation, levels, traffic "
        "- to forecast its next grids. Beside the network stand three simple forecasts: the last "
        "grid again, the mean (of the season), and the linear trend of every cell. The network "
        "learns what the best of them misses, and ships only if it beats it on steps that it has "
        "not seen; else that simple forecast is used, and the report says so. Training, "
        "validation and test follow one another in time."
    )
    keywords = ("time series", "forecast", "ConvGRU", "ConvLSTM", "NetCDF", "climate",
                "recurrent", "deep learning", "AI")  # fmt: skip
    example = {
        "RASTERS": ["temperature.nc"],
        "STEPS": 5,
        "MODEL": "temperature.safetensors",
        "REPORT": "temperature.html",
    }
    group_title = "Seismic grids"
    group_id = "seismicgrids"
