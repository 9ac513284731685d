"""What is kept of a training while it lasts, so that it can go on after an interruption.

A job may train several times: for every fold, for every stage, for the model that ships. Each is a
stage with a file of its own in the folder ``<model>.checkpoint``, written beside and renamed. A
job that goes on passes through its finished stages without training and continues the one
at hand where it stood: weights, optimizer, averages, chance and time. The folder goes when the
model is there.
"""

import glob
import json
import os
import shutil
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import replace

from ..jobs.checkpoints import (
    CHECKPOINT,
    JOB_FILE,
    checkpoint_folder,
    earlier,
    how_to_go_on,
    kept_aside,
    no_checkpoint,
    other_values,
    refuse_others,
)
from ..jobs.declare import to_values
from ..jobs.places import written_whole
from . import facts, ranks
from .course import Course
from .fingerprints import fingerprints, same_inputs
from .stage import DamagedCheckpointError, Stage, damaged

__all__ = ["Course", "kept", "stage"]


class _Nothing:
    """No job is being done whose trainings are kept, as in a plain call of a function."""

    def stage(self, parts):
        return Stage("", parts)


class _Kept:
    """The trainings of a job that is being done."""

    def __init__(self, folder, said, progress):
        self.folder, self.wrote = folder, False
        self._said, self._progress, self._count = said, progress, 0

    def stage(self, parts):
        self._count += 1
        place = os.path.join(self.folder, f"{self._count}.safetensors")
        return Stage(place, parts, self.tell, self._warn, self._said["mark"])

    def _warn(self, error):
        self._progress.warning(
            f'The checkpoint "{self.folder}" cannot be written: {error.strerror or error}. The '
            "training goes on without it."
        )

    def tell(self):
        """Write what the job is, and how long it has taken."""
        self._said["spent"] = time.monotonic() - self._progress.started
        self.wrote = True
        with written_whole(os.path.join(self.folder, JOB_FILE), encoding="utf-8") as file:
            json.dump(self._said, file, indent=1)


_now = _Nothing()


def stage(**parts):
    """Begin the next training of the job that is being done.

    Parameters
    ----------
    **parts
        What changes as it learns, see `Stage`.
    """
    return _now.stage(parts)


@contextmanager
def kept(name, job, progress):
    """Keep the trainings of a job while it is done.

    Parameters
    ----------
    name : str
        The job's name.
    job : object
        The job; others than trainings pass through.
    progress : Progress
        Its clock is set back by the time that was spent before.

    Yields
    ------
    object
        The job; one that goes on has its first `start_from` again.

    Raises
    ------
    JobError
        If it cannot go on: there is no checkpoint, or it is that of other values.
    """
    global _now
    folder = checkpoint_folder(job)
    if not folder:
        yield job
        return
    job, said = _begin(name, job, folder, progress)
    _now = _Kept(folder, said, progress)
    try:
        yield job
    except DamagedCheckpointError:
        raise  # nobody can go on from it
    except BaseException:
        if _now.wrote or os.path.exists(os.path.join(folder, JOB_FILE)):
            progress.note(how_to_go_on(folder))
        with suppress(OSError):
            os.rmdir(folder)  # an empty one
        raise
    else:
        if ranks.is_first():
            for left in (folder, earlier(folder)):
                shutil.rmtree(left, ignore_errors=True)
    finally:
        _now = _Nothing()


def _begin(name, job, folder, progress):
    """The job as it is done, and what its checkpoints will say of it."""
    said = {"do": name, "values": to_values(job), "inputs": fingerprints(job)}
    # As it is read again: JSON knows no tuples.
    said = json.loads(json.dumps({**said, "versions": facts.versions(), "mark": uuid.uuid4().hex}))
    asked = job.start_from == CHECKPOINT
    found = ranks.once(lambda: _found(folder, asked))
    if asked and found is None:
        raise no_checkpoint(folder)
    differ = ranks.agreed(_differences(found, said, asked) if found else [])
    if asked:
        refuse_others(folder, differ)
    if asked or (found and not differ and ranks.is_restarted()):
        progress.started -= found["spent"]
        progress.note(f'The training goes on from "{folder}".')
        _warn_of_versions(found, said, progress)
        said["values"]["start_from"] = found["values"]["start_from"]
        said["mark"] = found["mark"]
        return replace(job, start_from=found["values"]["start_from"]), said
    if ranks.is_first():
        _put_aside(folder, progress)
    ranks.barrier()
    return job, said


def _put_aside(folder, progress):
    """Keep what an earlier training has learned until this one has its model."""
    if os.path.exists(os.path.join(folder, JOB_FILE)):
        shutil.rmtree(earlier(folder), ignore_errors=True)
        os.rename(folder, earlier(folder))
        progress.note(kept_aside(folder))
    shutil.rmtree(folder, ignore_errors=True)


def _found(folder, asked):
    """What the checkpoints in a folder say of their job; None if there are none that one needs."""
    path = os.path.join(folder, JOB_FILE)
    stages = glob.glob(os.path.join(glob.escape(folder), "[0-9]*.safetensors"))
    if not (os.path.exists(path) and stages):
        return None
    for left in glob.glob(os.path.join(glob.escape(folder), "*.part")):
        os.remove(left)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        found["spent"] = float(found["spent"])
        return {key: found[key] for key in ("do", "values", "inputs", "versions", "spent", "mark")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        if not asked:
            return None
        raise damaged(path, error) from error


def _differences(found, said, asked):
    """Names of the values that the checkpoint's job and this one do not share."""
    if found["do"] != said["do"]:
        return ["algorithm"]
    free = {"model", "report", "predictions", *said["inputs"], *found["inputs"]}
    free |= {"start_from"} if asked else set()
    names = other_values(found["values"], said["values"], free)
    return names + same_inputs(found["inputs"], said["inputs"])


def _warn_of_versions(found, said, progress):
    if found["versions"] != said["versions"]:
        progress.warning(
            "The training was begun with other versions of the libraries: it goes on, but not to "
            "the last bit as it would have there."
        )
