"""Train seismic forecast, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class TrainSeismicForecast(JobAlgorithm):
    """Train a forecast of earthquake rates on a grid."""

    job_name = "train_seismic_forecast"
    title = "Train seismic forecast"
    about = (
        "Learns from an earthquake catalog how many events to expect in every cell of the next "
        "window. The references of the field are always fitted: a uniform rate, smoothed "
        "seismicity, gridded ETAS and an additive model. A small network starts from them and "
        "learns what they miss; it is used only if it helps in a validation that comes later in "
        "time, else the reference is. It is a forecast of rates, not a prediction of an "
        "earthquake. The defaults work for a catalog as downloaded: run Check catalog first, then "
        "this, then Forecast seismic grid. The last part of the time stays unopened for Test "
        "seismic forecast."
    )
    keywords = ("earthquake", "seismicity", "forecast", "ETAS", "smoothed seismicity",
                "neural network", "deep learning", "AI", "ConvGRU", "ConvLSTM",
                "aftershocks")  # fmt: skip
    example = {
        "CATALOG": "earthquakes.csv",
        "CELL_SIZE": 0.1,
        "WINDOW_DAYS": 1,
        "MODEL": "seismicity.safetensors",
        "REPORT": "seismicity.html",
    }
    group_title = "Seismic grids"
    group_id = "seismicgrids"
