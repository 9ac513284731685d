"""Do a job, alone or as one of several processes: the same task, other places for its outputs."""

import os
import shutil
from dataclasses import replace

from ..jobs.checkpoints import checkpoint_folder
from ..jobs.declare import declared
from . import ranks, repeating

# What imports torch is imported where it is needed: many jobs need none.

# What several processes do together; the first does anything else while the others wait.
TRAININGS = (
    "train_image_classifier",
    "train_pixel_classifier",
    "train_object_detector",
    "train_upscaler",
)
MAPS = ("classify_pixels", "classify_raster", "upscale_raster", "detect_objects")


def run(name, task, job, progress):
    """Do a job.

    Parameters
    ----------
    name : str
        The job's name.
    task : callable
        ``task(job, progress) -> dict``.
    job : object
    progress : Progress

    Returns
    -------
    dict
        Its outputs; in other processes than the first an empty one.
    """
    if name in MAPS and ranks.is_launched():
        from . import strips

        with strips.kept(name, job, progress):
            return _run(name, task, job, progress)
    if checkpoint_folder(job):
        from . import checkpoint

        with checkpoint.kept(name, job, progress) as job:
            return _run(name, task, job, progress)
    return _run(name, task, job, progress)


def _run(name, task, job, progress):
    with repeating.of(name, job):
        return _shared(name, task, job, progress)


def _shared(name, task, job, progress):
    if not ranks.is_launched():
        return task(job, progress)
    outputs = {}
    if name not in TRAININGS + MAPS and ranks.count() > 1:
        progress.note("This job is done by the first process; the others wait.")
    if ranks.is_first():
        outputs = task(job, progress)
    elif name in TRAININGS:
        task(_without_outputs(job), progress)
    elif name in MAPS:
        _help_map(task, job, progress)
    ranks.barrier()
    return outputs


def _without_outputs(job):
    return replace(job, **{part.name: "" for part in declared(job) if part.is_output})


def _help_map(task, job, progress):
    """Do a share of the strips of a map; what is opened for it is thrown away."""
    from .strips import own_folder

    folder = own_folder()
    places = {part.name: getattr(job, part.name) for part in declared(job) if part.is_output}
    own = {name: os.path.join(folder, os.path.basename(p)) for name, p in places.items() if p}
    try:
        os.makedirs(folder, exist_ok=True)
        task(replace(job, **own), progress)
    except ranks.NothingLeft:
        return
    finally:
        shutil.rmtree(folder, ignore_errors=True)
