"""Download catalog, as a Processing algorithm."""

import os

from ..plugin import environment, proxy
from .job_algorithm import JobAlgorithm
from .seismic_style import style_events
from .styling import style_on_load


class DownloadCatalog(JobAlgorithm):
    """Download an earthquake catalog from an event service."""

    job_name = "download_catalog"
    title = "Download catalog"
    about = (
        "Downloads the earthquakes of an extent and a span of time from an FDSN event service, by "
        "default that of the USGS, with the proxy of QGIS's network settings. It goes through "
        "the pages of the service, tries again when it fails, and goes on where it was if it is "
        "run again after an interruption. Every event comes once. Mind the terms of the service "
        "and name the source of the catalog in what you publish."
    )
    keywords = ("earthquake", "USGS", "ComCat", "FDSN", "fdsnws", "seismicity", "web service")
    example = {
        "EXTENT": "122,150,22,46 [EPSG:4326]",
        "START": "1990-01-01",
        "MINIMUM_MAGNITUDE": 3.5,
        "OUTPUT": "japan.gpkg",
    }
    group_title = "Seismic grids"
    group_id = "seismicgrids"

    def run_job(self, job_values, feedback):
        kept = os.path.join(environment.home(), "catalogs")
        known = {
            "proxy": job_values["proxy"] or proxy.proxy_address(),
            "resume_folder": job_values["resume_folder"] or kept,
        }
        return super().run_job({**job_values, **known}, feedback)

    def style(self, job_values, results, context):
        style_on_load(context, results["OUTPUT"], style_events)
