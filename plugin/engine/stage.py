"""One training of a job: what is kept of it in a file, and how it goes on from there."""

import os
import time
from dataclasses import fields

import numpy as np
import torch

from ..jobs.errors import JobError
from ..jobs.places import written_whole
from . import ranks
from .trees import from_bytes, to_bytes

EVERY_SECONDS = 60.0
MOST_OF_TIME = 0.05  # that writing at the ends of short epochs may take
_CHANCE = torch.Generator, np.random.Generator
_REMEDY = "Begin the training anew, with START_FROM as it was at first."


class DamagedCheckpointError(JobError):
    """A checkpoint cannot be read."""


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
    warn : callable
        Called with the error if it cannot be written; the training then goes on without.
    mark : str
        Of the job's run: two at once with one model would write into the same folder.
    """

    def __init__(self, path, parts, told=lambda: None, warn=lambda error: None, mark=""):
        self._path, self._parts, self._told, self._warn = path, parts, told, warn
        self._mark = mark
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
                raise damaged(self._path, error) from error
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
        known = {"course": _plain(course), "parts": parts, "chance": _chance(), "mark": self._mark}
        try:
            with written_whole(self._path, "wb") as file:
                file.write(to_bytes(known))
                file.flush()
                os.fsync(file.fileno())  # a machine that loses power must not leave it empty
            self._told()
        except OSError as error:
            self._path = ""
            self._warn(error)
        self._written = time.monotonic()
        self._cost = self._written - begun

    def _read(self):
        if not self._path or not os.path.exists(self._path):
            return None
        try:
            with open(self._path, "rb") as file:
                kept = from_bytes(file.read())
            mark = kept.get("mark")
        except (OSError, ValueError, AttributeError) as error:
            raise damaged(self._path, error) from error
        if mark != self._mark:
            raise JobError(
                f'The checkpoint "{self._path}" is that of another training with the same MODEL.',
                _REMEDY,
            )
        return kept


def taken(parts):
    """The states of several networks, optimizers and the like."""
    return [_taken(part) for part in parts]


def put(parts, states):
    """Bring several networks, optimizers and the like to their states."""
    for part, state in zip(parts, states, strict=True):
        _put(part, state)


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


def damaged(path, error):
    """The sentence on a checkpoint that cannot be read."""
    return DamagedCheckpointError(f'The checkpoint "{path}" is damaged.', _REMEDY, trace=str(error))
