"""What it takes to do a job once more, for the report: the job, its inputs, and what did it."""

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..jobs.declare import declared, to_values
from . import facts, ranks, wording
from .fingerprints import fingerprints

_SENTENCE = (
    "Save the lines below as job.json and run them in the folder of the plugin with python -m "
    "plugin.engine run job.json. The same inputs, seed, versions, device and number of threads give "
    "the same model and the same map, on a CPU byte for byte, as long as no time limit, and no "
    "automatic one, hurries or ends a training."
)
_EXPORT = (
    "Some inputs below are layers that QGIS alone reads: export them as GeoJSON, CSV or GeoTIFF and "
    "name those files instead, or let the parameter Job file of the dialog write a job that runs "
    "elsewhere."
)
_READ_HERE = {"features": (".geojson", ".json"), "catalog": (".csv", ".geojson", ".json")}


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
_sources = {}


@contextmanager
def standing_for(sources):
    """Remember which files stand for a layer of the user's, for the reports of a job.

    Parameters
    ----------
    sources : dict of str to str
        What the user gave, by the path of the file.
    """
    global _sources
    before, _sources = _sources, {os.path.abspath(path): text for path, text in sources.items()}
    try:
        yield
    finally:
        _sources = before


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
    job = _with_own_files(job)
    values = {key: _named(value) for key, value in to_values(job).items()}
    spoken = {} if wording.language() == "en" else {"language": wording.language()}
    said = json.dumps(
        {"do": name, **spoken, "values": values}, indent=1, default=str, ensure_ascii=False
    )
    # A name that is not UTF-8 is escaped; all others stay readable.
    said = said.encode("utf-8", "backslashreplace").decode("utf-8")
    sentence = _SENTENCE if values == to_values(job) else f"{_SENTENCE} {_EXPORT}"
    return Repeat(sentence, [*_machine(job), *_inputs(job)], said)


def _with_own_files(job):
    """The job with the user's own files where the engine reads them as well as what QGIS wrote."""
    found = {}
    for part in declared(job):
        own = _named(getattr(job, part.name)) if part.kind in _READ_HERE else None
        if own and os.path.isfile(own) and own.lower().endswith(_READ_HERE[part.kind]):
            found[part.name] = own
    return replace(job, **found)


def _named(value):
    """A value of a job with the user's own words for the files that stand for layers."""
    if isinstance(value, (list, tuple)):
        return type(value)(_named(one) for one in value)
    return _sources.get(os.path.abspath(value), value) if isinstance(value, str) else value


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
    path = _named(one["path"])
    path = path if path == one["path"] else f"{path} as {os.path.basename(one['path'])}"
    words = [f"{one['files']:,} files" if "files" in one else "", path]
    if "bytes" in one:
        words.append(f"{one['bytes']:,} bytes")
    if "sha256" in one:
        words.append(f"SHA-256 {one['sha256']}")
    return "\n".join(filter(None, words))
