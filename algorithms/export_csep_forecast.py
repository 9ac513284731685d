"""Export forecast for pyCSEP, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class ExportCsepForecast(JobAlgorithm):
    """Export a seismic forecast, and the events that came, for pyCSEP."""

    job_name = "export_csep_forecast"
    title = "Export forecast for pyCSEP"
    about = (
        "Writes a forecast made by Forecast seismic grid as pyCSEP reads it, with magnitude bins "
        "by the law of Gutenberg and Richter, the catalog of the events that came, and a short "
        "Python script that evaluates both in pyCSEP: so that others can judge a forecast with "
        "their own tools."
    )
    keywords = ("earthquake", "CSEP", "pyCSEP", "export", "evaluation")
    example = {"FORECAST": "forecast.tif", "CATALOG": "japan.csv", "OUTPUT": "csep"}
    group_title = "Seismic grids"
    group_id = "seismicgrids"
