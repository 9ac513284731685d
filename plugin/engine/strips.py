"""The rows of a map in strips, which several processes share and which outlive a kill.

Windows never depend on the strips, so that the map is the one of a single process, byte for
byte. Every process computes strips of its own and keeps what is to be written of each in a file
of the folder ``<output>.strips``; the first process puts them in their order into the map, in a
thread, while it computes too. Strips that are there already, of the same job with the same inputs,
are not computed again. A single process that torchrun has not started keeps nothing and writes its
results as they come.
"""

import glob
import hashlib
import json
import os
import platform
import shutil
from contextlib import closing, contextmanager, suppress
from itertools import groupby

from ..jobs.declare import declared, to_values
from ..jobs.errors import JobError
from ..jobs.places import sweep, written_whole
from . import facts, ranks
from .fingerprints import fingerprints, latest_change
from .strip_files import Store, collected
from .writing_behind import behind


class _Kept:
    """The strips of the job that is being done; they begin with its first filling."""

    def __init__(self, name, job, folder):
        self.folder, self._name, self._job = folder, name, job
        self._place, self._fills = "", 0

    def store(self, marks):
        """Where the strips of the next filling are."""
        if not self._place:
            self._begin()
        self._fills += 1
        told = _as_the_first(
            repr(marks),
            "The processes of this job would cut the raster into different windows: they do "
            "not run on the same kind of device.",
            "Choose a device that all have, or give a batch size.",
        )
        return Store(os.path.join(self._place, f"{self._fills}-{told}"))

    def _begin(self):
        """Throw strips of other values and inputs away, and say what these are of."""
        said = {"do": self._name, "values": to_values(self._job)}
        said.update(inputs=fingerprints(self._job), versions=facts.versions())
        said["changed"] = latest_change(self._job)
        told = _as_the_first(
            json.dumps(said),
            "The processes of this job do not see the same: an input is another file on one of "
            "their machines, or the libraries are others.",
            "Start them from one installation, with inputs on a file system that all share.",
        )
        self._place = os.path.join(self.folder, told)
        if ranks.is_first():
            self._sweep()
            os.makedirs(self._place, exist_ok=True)
            for name in set(os.listdir(self.folder)) - {os.path.basename(self._place)}:
                shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)
            place = os.path.join(self._place, "manifest.json")
            with written_whole(place, encoding="utf-8") as file:
                here = {"pid": os.getpid(), "host": platform.node()}
                json.dump({**said, **here}, file, indent=1)
        ranks.barrier()

    def _sweep(self):
        """Remove the half-written outputs of a first process that was killed.

        Raises
        ------
        JobError
            If one of this machine is still at work.
        """
        for manifest in glob.glob(os.path.join(glob.escape(self.folder), "*", "manifest.json")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                with open(manifest, encoding="utf-8") as file:
                    said = json.load(file)
                pid, is_here = int(said["pid"]), said.get("host") == platform.node()
                if pid == os.getpid():
                    continue
                if is_here and _is_engine(pid):
                    raise JobError(
                        f'Another job works with "{self.folder}" at this moment.',
                        "Wait until it is done, or choose another name for the output.",
                    )
                if not os.path.exists(f"/proc/{pid}"):
                    sweep(type(self._job), to_values(self._job), pid)

    def clear(self):
        """Throw all away, when the map is there."""
        for place in [self.folder, *glob.glob(glob.escape(self.folder) + ".[0-9]*")]:
            shutil.rmtree(place, ignore_errors=True)


def _is_engine(pid):
    """Whether a process of this machine is an engine; where Linux does not tell, none is."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"plugin.engine" in file.read()
    except OSError:
        return False


def _as_the_first(text, found, remedy):
    """The digest of a text, which must be that of the first process.

    Raises
    ------
    JobError
        With what was found, and the remedy, in a process where it is another one.
    """
    own = _digest(text)
    told = ranks.agreed(own)
    if told != own:
        raise JobError(found, remedy)
    return told


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_now = None


@contextmanager
def kept(name, job, progress):
    """Keep the strips of a job while it is done, if torchrun may start it again.

    Parameters
    ----------
    name : str
        The job's name.
    job : object
    progress : Progress
    """
    global _now
    outputs = [getattr(job, part.name) for part in declared(job) if part.is_output]
    place = next(filter(None, outputs), "")
    if not (ranks.is_launched() and place):
        yield
        return
    _now = _Kept(name, job, f"{place}.strips")
    try:
        yield
    except BaseException:
        if os.path.isdir(_now.folder):
            progress.note(f'Finished strips are kept in "{_now.folder}" for the next run.')
        raise
    else:
        if ranks.is_first():
            _now.clear()
    finally:
        _now = None


def own_folder():
    """A folder beside the map for what a process other than the first opens and throws away."""
    return f"{_now.folder}.{ranks.number()}"


def fill(result, count, pieces, progress, marks="", apart=True):
    """Write the pieces of a map, alone or with other processes.

    Parameters
    ----------
    result : object
        ``result.prepare(piece)`` gives what will be written, a dict of plain values;
        ``result.put(prepared)`` writes it. Pieces are put in the order of the strips.
    count : int
        Number of strips.
    pieces : callable
        ``pieces(numbers)`` computes the pieces of strips, which are numbered from 0 and are asked
        for in their order; a piece has its `strip`.
    progress : Progress
    marks : object
        What the strips hang on beside the job, such as the layout of the windows.
    apart : bool
        Whether a strip needs nothing of the one before. Else every process gets neighbors.
    """
    if _now is None:
        with (
            behind(lambda piece: result.put(result.prepare(piece)), progress.check) as write,
            closing(pieces(range(count))) as coming,
        ):
            for piece in coming:
                write(piece)
        return
    store = _now.store(marks)
    mine = [number for number in _share(count, apart) if not store.has(number)]
    if not ranks.is_first():
        _compute(result, mine, pieces, store, lambda: None)
        return
    with collected(store, count, result) as collector:
        _compute(result, mine, pieces, store, collector.check)
        collector.finish(progress, count)


def finish():
    """End the part of a process that is not the first: all its strips are there.

    Raises
    ------
    NothingLeft
    """
    if not ranks.is_first():
        raise ranks.NothingLeft()


def _share(count, apart):
    """Numbers of the strips of this process."""
    number, processes = ranks.number(), ranks.count()
    if apart:
        return range(number, count, processes)
    return range(number * count // processes, (number + 1) * count // processes)


def _compute(result, mine, pieces, store, check):
    left = set(mine)
    if not mine:
        return
    with closing(pieces(mine)) as coming:
        for number, some in groupby(coming, key=lambda piece: piece.strip):
            store.write(number, (result.prepare(piece) for piece in _checked(some, check)))
            left.discard(number)
    for number in sorted(left):  # strips in which no piece lies
        store.write(number, ())


def _checked(some, check):
    for piece in some:
        check()
        yield piece
