"""What the engine does: one module a job, found by the job's name and imported when asked."""

from importlib import import_module

from ...jobs import JOBS
from ...jobs.errors import JobError


def load(name):
    """Find the task that does a job.

    Parameters
    ----------
    name : str
        A job's name in `plugin.jobs.JOBS`, such as ``"classify_raster"``.

    Returns
    -------
    callable
        ``run(job, progress) -> dict``: outputs by name in upper case.

    Raises
    ------
    JobError
        If no such job exists, or the engine is not the one that does it.
    """
    if not isinstance(name, str) or name not in JOBS:
        raise JobError(f'The engine knows no job "{name}".', f"Use one of: {', '.join(JOBS)}.")
    module = f"{__name__}.{name}"
    try:
        return import_module(module).run
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise JobError(
            f'The job "{name}" is not done by the engine.', "Run it from QGIS's toolbox."
        ) from error
