"""Prepare engine, as a Processing algorithm."""

from ..plugin import environment, proxy, worker
from ..plugin.jobs import PrepareEngine as Job
from .job_algorithm import JobAlgorithm
from .listener import FeedbackListener


class PrepareEngine(JobAlgorithm):
    """Make the engine's environment; it is done here, as there is no engine yet."""

    job_name = "prepare_engine"
    title = "Prepare engine"
    about = (
        "Installs the engine, which trains and runs the networks: PyTorch and other libraries in a "
        "place of their own, apart from QGIS; needed once. Packages come from the Python package index, with the proxy of "
        "QGIS's settings, or from a folder of wheels. Every package is checked against a hash, "
        "and in the end the engine computes something on every device. An installation that "
        "was interrupted is made anew; what was downloaded by then is kept. The folder is that "
        "of the environment variable DEEPGEOLOGY_HOME, or DeepGeology in the folder for local "
        "data of the system. Download: 2.6 GB on Linux (3.1 GB with CUDA), 0.25 GB on Windows "
        "and macOS, about 3 GB on Windows with CUDA; there, PyTorch itself comes without a "
        "hash, from its maker's own index. On disk: 4.5 GB on Linux (5.9 GB with CUDA), 0.9 GB on "
        "Windows and macOS, 5.2 GB on Windows with CUDA; up to twice as much while it installs."
    )
    keywords = ("install", "setup", "pytorch", "torch", "cuda", "gpu", "pip", "offline", "wheels")
    example = {"BACKEND": "cpu"}
    group_title = "Engine and models"
    group_id = "engine"
    needs_engine = False

    def run_job(self, job_values, feedback):
        worker.let_go()  # a warm engine would hold the files of the one that goes
        listener, canceled = FeedbackListener(feedback), feedback.isCanceled
        return environment.prepare(Job(**job_values), listener, canceled, proxy.proxy_address())
