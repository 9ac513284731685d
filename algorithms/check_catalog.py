"""Check catalog, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .seismic_style import style_events
from .styling import style_on_load


class CheckCatalog(JobAlgorithm):
    """Tell from which magnitude a catalog is complete."""

    job_name = "check_catalog"
    title = "Check catalog"
    about = (
        "Tells from which magnitude on an earthquake catalog is complete, by maximum curvature, by "
        "the stability of b and by a Lilliefors test; its b-value; how the completeness changed "
        "in time, and what large events hide just after them; and events that may be there "
        "twice. Blasts, events without a magnitude and identical copies are left out and counted. "
        "The first step before gridding a catalog or training a forecast. A magnitude of "
        "completeness that you give is never changed: you are warned if it is too low."
    )
    keywords = ("earthquake", "seismicity", "completeness", "Mc", "b-value", "Gutenberg-Richter")
    example = {"CATALOG": "japan.csv", "OUTPUT": "events.gpkg", "REPORT": "japan_catalog.html"}
    group_title = "Seismic grids"
    group_id = "seismicgrids"

    def style(self, job_values, results, context):
        style_on_load(context, results["OUTPUT"], style_events)
