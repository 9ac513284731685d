"""Download engine packages, as a Processing algorithm."""

from ..plugin import environment, proxy
from ..plugin.jobs import DownloadEngine as Job
from .job_algorithm import JobAlgorithm
from .listener import FeedbackListener


class DownloadEngine(JobAlgorithm):
    """Collect the engine's packages; it is done here, without the engine."""

    job_name = "download_engine"
    title = "Download engine packages"
    about = (
        "Collects the packages of the engine in a folder, for a computer with no connection: "
        "carry the folder over and give it to Prepare engine as its folder of wheels. The "
        "packages can be for another system or version of Python than this computer's; QGIS "
        "tells its version of Python under Help > About. Download: 2.6 GB for Linux (3.1 GB "
        "with CUDA), 0.25 GB for Windows and macOS."
    )
    keywords = ("install", "offline", "wheels", "air gap", "pytorch", "pip")
    example = {"PLATFORM": "windows", "PYTHON_VERSION": "3.12", "OUTPUT": "wheels"}
    group_title = "Engine and models"
    group_id = "engine"
    needs_engine = False

    def run_job(self, job_values, feedback):
        listener, canceled = FeedbackListener(feedback), feedback.isCanceled
        return environment.download(Job(**job_values), listener, canceled, proxy.proxy_address())
