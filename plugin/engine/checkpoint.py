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
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from itertools import islice

import numpy as np
import torch

from ..jobs.checkpoints import CHECKPOINT, checkpoint_folder
from ..jobs.declare import to_values
from ..jobs.errors import JobError
from ..jobs.places import written_whole
from . import facts, ranks
from .fingerprints import fingerprints, same_inputs
from .trees import from_bytes, to_bytes

EVERY_SECONDS = 60.0
MOST_OF_TIME = 0.05  # that writing at the ends of short epochs may take
_JOB = "job.json"
_CHANCE = torch.Generator, np.random.Generator
_DAMAGED = "Begin the training anew, with START_FROM as it was at first."


@dataclass
class Course:
    """Where a training in epochs stands.

    Attributes
    ----------
    epoch : int
        The one at work, from 1.
    batch : int
        Batches of it that are done.
    losses : list of float
        Of these.
    history : list of dict
    best : tuple of (float, dict) or None
        The score to beat and its weights.
    best_epoch : int
    rate : float
        Of learning, in the last step.
    order : object
        In which the epoch sees its images, where that is drawn before.
    over : bool
    """

    epoch: int = 1
    batch: int = 0
    losses: list = field(default_factory=list)
    history: list = field(default_factory=list)
    best: tuple = None
    best_epoch: int = 0
    rate: float = 0.0
    order: object = None
    over: bool = False

    def rest(self, batches):
        """The batches of the epoch that are not yet done."""
        return islice(batches, self.batch, None)

    def count(self, loss):
        """Count a batch with its loss, the mean over all processes."""
        self.batch += 1
        self.losses.append(ranks.mean(loss))

    def next_epoch(self):
        """Begin the next one."""
        self.epoch, self.batch, self.losses, self.order = self.epoch + 1, 0, [], None


class Stage:
    """One training of a job.

    Parameters
    ----------
    path : str
        Where it is kept; empty to keep nothing.
    parts : dict
        By name what changes as it learns: networks, optimizers, clocks, generators of chance.
    told : callable
        Called after every writing.
    """

    def __init__(self, path, parts, told=lambda: None):
        self._path, self._parts, self._told = path, parts, told
        self._written, self._cost = time.monotonic(), 0.0

    def resume(self, course):
        """Bring the parts to where they were kept.

        Parameters
        ----------
        course : Course
            Where a training begins; becomes where this one stands, if anything was kept.

        Returns
        -------
        Course
            The same.
        """
        kept = ranks.once(self._read)
        if kept is not None:
            try:
                self._put(kept, course)
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                raise _damaged(self._path, error) from error
        ranks.own_chance(*(part for part in self._parts.values() if isinstance(part, _CHANCE)))
        return course

    def _put(self, kept, course):
        for name, part in self._parts.items():
            if name in kept["parts"]:
                _put(part, kept["parts"][name])
        _put_chance(kept["chance"])
        for part in fields(course):
            setattr(course, part.name, kept["course"][part.name])

    def keep(self, course, epoch_ends=False):
        """Write where the training stands, if a minute has passed or an epoch ends."""
        passed = time.monotonic() - self._written
        due = passed >= EVERY_SECONDS or course.over
        due = due or (epoch_ends and passed * MOST_OF_TIME >= self._cost)
        if not (due and self._path and ranks.is_first()):
            return
        begun = time.monotonic()
        # What is over only gives its result: the rest would fill the disk, fold after fold.
        parts = {} if course.over else {name: _taken(part) for name, part in self._parts.items()}
        known = {"course": _plain(course), "parts": parts, "chance": _chance()}
        with written_whole(self._path, "wb") as file:
            file.write(to_bytes(known))
        self._told()
        self._written = time.monotonic()
        self._cost = self._written - begun

    def _read(self):
        if not self._path or not os.path.exists(self._path):
            return None
        try:
            with open(self._path, "rb") as file:
                return from_bytes(file.read())
        except (OSError, ValueError) as error:
            raise _damaged(self._path, error) from error


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
        return Stage(os.path.join(self.folder, f"{self._count}.safetensors"), parts, self.tell)

    def tell(self):
        """Write what the job is, and how long it has taken."""
        self._said["spent"] = time.monotonic() - self._progress.started
        self.wrote = True
        with written_whole(os.path.join(self.folder, _JOB), encoding="utf-8") as file:
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
    except BaseException:
        if _now.wrote or os.path.exists(os.path.join(folder, _JOB)):
            progress.note(
                f'What was learned so far is kept in "{folder}". To go on, run it again with the same '
                "values, the same MODEL and START_FROM checkpoint."
            )
        raise
    else:
        if ranks.is_first():
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        _now = _Nothing()


def _begin(name, job, folder, progress):
    """The job as it is done, and what its checkpoints will say of it."""
    said = {"do": name, "values": to_values(job), "inputs": fingerprints(job)}
    # As it is read again: JSON knows no tuples.
    said = json.loads(json.dumps({**said, "versions": facts.versions()}))
    found = ranks.once(lambda: _found(folder))
    asked = job.start_from == CHECKPOINT
    if asked and found is None:
        raise JobError(
            f'There is no checkpoint "{folder}".',
            "Give MODEL the name that it had in the training that was interrupted, or choose another "
            "START_FROM.",
        )
    differ = ranks.agreed(_differences(found, said, asked) if found else [])
    if asked and differ:
        raise JobError(
            f'The checkpoint "{folder}" is that of a training with another '
            f"{' and another '.join(part.upper() for part in differ)}.",
            "Give the same values and inputs as at first, or choose another START_FROM.",
        )
    if asked or (found and not differ and ranks.is_restarted()):
        progress.started -= found["spent"]
        progress.note(f'The training goes on from "{folder}".')
        _warn_of_versions(found, said, progress)
        said["values"]["start_from"] = found["values"]["start_from"]
        return replace(job, start_from=found["values"]["start_from"]), said
    if ranks.is_first():
        shutil.rmtree(folder, ignore_errors=True)
    ranks.barrier()
    return job, said


def _found(folder):
    """What the checkpoints in a folder say of their job, or None."""
    path = os.path.join(folder, _JOB)
    if not os.path.exists(path):
        return None
    for left in glob.glob(os.path.join(glob.escape(folder), "*.part")):
        os.remove(left)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        found["spent"] = float(found["spent"])
        return {key: found[key] for key in ("do", "values", "inputs", "versions", "spent")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def _differences(found, said, asked):
    """Names of the values that the checkpoint's job and this one do not share."""
    if found["do"] != said["do"]:
        return ["algorithm"]
    free = {"model", "report", "predictions", *said["inputs"], *found["inputs"]}
    free |= {"start_from"} if asked else set()
    before, now = found["values"], said["values"]
    names = [name for name in now if name not in free and before.get(name) != now[name]]
    return names + same_inputs(found["inputs"], said["inputs"])


def _warn_of_versions(found, said, progress):
    if found["versions"] != said["versions"]:
        progress.warning(
            "The training was begun with other versions of the libraries: it goes on, but not to "
            "the last bit as it would have there."
        )


def _taken(part):
    """The state of what learns."""
    if isinstance(part, torch.Generator):
        return part.get_state()
    if isinstance(part, np.random.Generator):
        return part.bit_generator.state
    return part.state_dict()


def _put(part, state):
    if isinstance(part, torch.Generator):
        part.set_state(state)
    elif isinstance(part, np.random.Generator):
        part.bit_generator.state = state
    else:
        part.load_state_dict(state)


def _chance():
    """The state of torch's own chance, on the processor and the card."""
    on_card = torch.cuda.is_available() and torch.cuda.is_initialized()
    return {
        "cpu": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if on_card else [],
    }


def _put_chance(state):
    torch.set_rng_state(state["cpu"])
    if state["cuda"] and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])


def _plain(course):
    return {part.name: getattr(course, part.name) for part in fields(course)}


def _damaged(path, error):
    return JobError(f'The checkpoint "{path}" is damaged.', _DAMAGED, trace=str(error))
