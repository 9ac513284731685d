"""What it takes to do a job once more, for the report: the job, its inputs, and what did it."""

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass

from ..jobs.declare import to_values
from . import facts, ranks
from .fingerprints import fingerprints

_SENTENCE = (
    "Save the lines below as job.json and run them in the folder of the plugin with python -m "
    "plugin.engine run job.json. The same inputs, seed, versions, device and number of threads give "
    "the same model and the same map, on a CPU byte for byte, as long as no time limit, and no "
    "automatic one, hurries or ends a training."
)


@dataclass(frozen=True)
class Repeat:
    """What a report says of it.

    Attributes
    ----------
    sentence : str
    facts : list of (str, str)
    job : str
        The job file.
    """

    sentence: str
    facts: list
    job: str


_now = None


@contextmanager
def of(name, job):
    """Remember the job that is being done.

    Parameters
    ----------
    name : str
        The job's name.
    job : object
    """
    global _now
    _now = name, job
    try:
        yield
    finally:
        _now = None


def repeat():
    """What a report needs to say on the job that is being done; None if there is none."""
    if _now is None:
        return None
    name, job = _now
    said = json.dumps({"do": name, "values": to_values(job)}, indent=1, default=str)
    known = [*_machine(job), *_inputs(job)]
    return Repeat(_SENTENCE, known, said)


def _machine(job):
    """What computes: device, threads, processes, versions, and the seed."""
    known = [("Seed", str(job.seed))] if hasattr(job, "seed") else []
    if "torch" in sys.modules:
        import torch

        from .device import choose_device, describe

        if hasattr(job, "device"):
            known.append(("Device", describe(choose_device(job.device))))
        known.append(("Threads", str(torch.get_num_threads())))
    if ranks.count() > 1:
        known.append(("Processes", str(ranks.count())))
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions().items())
    return [*known, ("Versions", versions)]


def _inputs(job):
    """Every file that was read, by its name, size and digest."""
    return [
        (name.upper(), _described(one)) for name, some in fingerprints(job).items() for one in some
    ]


def _described(one):
    words = [f"{one['files']:,} files" if "files" in one else "", one["path"]]
    if "bytes" in one:
        words.append(f"{one['bytes']:,} bytes")
    if "sha256" in one:
        words.append(f"SHA-256 {one['sha256']}")
    return ", ".join(filter(None, words))
