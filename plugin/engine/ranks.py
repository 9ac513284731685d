"""Several processes that do one job together: who is who, and what they tell one another.

They are started by ``torchrun``, on one machine or on several with a shared file system. All do
the same job in step: what hangs on the clock or on chance is said by the first (`agreed`, `once`),
a batch is split (`share`), gradients are averaged (`parallel`), and only the first tells and
writes. In a single process every function here gives back what it is given, and nothing of
``torch.distributed`` is imported.
"""

import datetime
import os

from ..jobs.errors import JobError
from .meeting import meet

_LONGEST = datetime.timedelta(days=7)  # that one may compute while the others wait
_FAR = 2**60  # numbers of chance that one process draws at most
_LAST_WORD = "last word"  # the key under which processes that end badly are counted
_LOST = ("connection closed by peer", "connection reset", "gloo", "nccl", "socket", "broken pipe")


class NothingLeft(BaseException):
    """A process that is not the first has done its part of the job; the rest is the first's."""


class _Alone:
    """One process, as in QGIS."""

    number, count, local, restarts, is_launched = 0, 1, 0, 0, False


class _Member:
    """One of the processes that torchrun has started."""

    is_launched = True

    def __init__(self, check):
        import torch
        from torch import distributed

        known = os.environ
        self.number, self.count = int(known["RANK"]), int(known["WORLD_SIZE"])
        self.local = int(known.get("LOCAL_RANK", 0))
        self.restarts = int(known.get("TORCHELASTIC_RESTART_COUNT", 0))
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        self.distributed = distributed
        self.store = meet(distributed, self.number, self.count, _LONGEST, check)
        distributed.init_process_group(
            backend, store=self.store, rank=self.number, world_size=self.count, timeout=_LONGEST
        )


_here = _Alone()


def join(check=lambda: None):
    """Meet the other processes, if torchrun has started this one; `check` may raise meanwhile."""
    global _here
    if all(name in os.environ for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR")):
        _here = _Member(check)


def leave():
    """Part from the others, at the end."""
    global _here
    if _here.is_launched:
        _here.distributed.destroy_process_group()
        _here = _Alone()


def number():
    """Number of this process, from 0."""
    return _here.number


def local():
    """Number of this process among those on its machine, or None if it is alone."""
    return _here.local if _here.is_launched else None


def count():
    """How many processes do the job."""
    return _here.count


def is_first():
    """Whether this process tells and writes."""
    return _here.number == 0


def is_launched():
    """Whether torchrun has started this process, and may start it again."""
    return _here.is_launched


def is_restarted():
    """Whether the job was begun before: by torchrun, or by Slurm, which calls that a requeue."""
    requeued = os.environ.get("SLURM_RESTART_COUNT", "0")
    return _here.is_launched and (_here.restarts > 0 or requeued not in ("", "0"))


def agreed(value):
    """What the first process says, in all of them.

    Parameters
    ----------
    value : object
        Plain, see `trees`.

    Raises
    ------
    JobError
        If another process has ended meanwhile.
    """
    if _here.count == 1:
        return value
    import torch

    from .trees import from_bytes, to_bytes

    data = to_bytes(value) if is_first() else b""
    size = torch.tensor([len(data)])
    _all(_here.distributed.broadcast, size, 0)
    held = torch.empty(int(size), dtype=torch.uint8)
    if is_first():
        held = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    _all(_here.distributed.broadcast, held, 0)
    return from_bytes(held.numpy().tobytes())


def once(work, kind=None):
    """Let the first process do some work, and give its result to all.

    Parameters
    ----------
    work : callable
        Without arguments; its result is plain, see `trees`.
    kind : type, optional
        A dataclass of plain values, if that is the result.
    """
    if _here.count == 1:
        return work()
    result = work() if is_first() else None
    if kind is None:
        return agreed(result)
    return kind(**agreed(vars(result) if is_first() else None))


def barrier():
    """Wait until all processes have come here."""
    total(0.0)


def total(value):
    """The sum of a number over all processes."""
    if _here.count == 1:
        return value
    import torch

    held = torch.tensor([float(value)], dtype=torch.float64)
    _all(_here.distributed.all_reduce, held)
    return float(held)


def mean(value):
    """The mean of a number over all processes, such as a loss of parts of a batch."""
    return value if _here.count == 1 else total(value) / _here.count


def weight(own):
    """What to multiply the mean loss of this process's part of a batch by.

    The mean over the processes is then the mean over the whole batch.

    Parameters
    ----------
    own : float or torch.Tensor
        Sum of the weights in this part, such as the number of its images.
    """
    if _here.count == 1:
        return 1.0
    whole = total(float(own))
    return float(own) * _here.count / whole if whole else 1.0


def share(items):
    """This process's part of a batch: neighbors, as many as any other, or one less.

    A batch that is too small to give two to each stays whole, and all processes do the same:
    batch normalization needs a spread.
    """
    if _here.count == 1 or len(items) < 2 * _here.count:
        return items
    start, stop = (len(items) * (_here.number + k) // _here.count for k in (0, 1))
    return items[start:stop]


def part(size):
    """How many of `size` patches drawn by chance each process draws, at least one."""
    return max(1, round(size / _here.count))


def own_seed(seed):
    """A seed for chance that is another one in every process."""
    return seed + 7919 * _here.number


def own_chance(*generators):
    """Let chance be another one in every process but the first.

    Parameters
    ----------
    *generators : torch.Generator or numpy.random.Generator
        Torch's own is changed as well.
    """
    if is_first():
        return
    import torch

    torch.manual_seed(own_seed(torch.initial_seed() % 2**31))
    for generator in generators:
        if isinstance(generator, torch.Generator):
            generator.manual_seed(own_seed(generator.initial_seed() % 2**31))
        else:
            generator.bit_generator.advance(_FAR * (_here.number + _here.count * _here.restarts))


def parallel(network, unused=False, buffers=True):
    """A network whose gradients are averaged over all processes as they are computed.

    Parameters
    ----------
    network : torch.nn.Module
        What is called in training; its weights become those of the first process.
    unused : bool
        Whether some steps may not touch all of its weights.
    buffers : bool
        Whether the statistics of normalization are the first process's.

    Returns
    -------
    torch.nn.Module
        The network itself in a single process.
    """
    if _here.count == 1:
        return network
    from torch.nn.parallel import DistributedDataParallel

    return DistributedDataParallel(
        network, find_unused_parameters=unused, broadcast_buffers=buffers
    )


def plain(network):
    """The network itself that `parallel` was given."""
    return network if _here.count == 1 else network.module


def synchronize(network):
    """Give all processes the first one's weights and statistics."""
    if _here.count > 1:
        network.load_state_dict(agreed(network.state_dict()))


def has_last_word():
    """Whether this process is the first to end badly: it says why, the others are silent."""
    if not _here.is_launched:
        return True
    try:
        return _here.store.add(_LAST_WORD, 1) == 1
    except RuntimeError:
        return is_first()


def check_others():
    """Raise if another process has ended badly, for who waits for files and not for a process.

    Raises
    ------
    JobError
    """
    try:
        has_failed = _here.count > 1 and _here.store.check([_LAST_WORD])
    except RuntimeError as error:
        raise lost(error) from error
    if has_failed:
        raise lost("it said its last word")


def is_lost(error):
    """Whether an error means that another process has ended."""
    said = str(error).lower()
    return _here.count > 1 and isinstance(error, RuntimeError) and any(w in said for w in _LOST)


def lost(error):
    """The sentence on a process that has ended."""
    return JobError(
        "Another process of this job has ended, and this one cannot go on alone.",
        "Run it again: it goes on from the last finished strip, and a training from its last "
        "checkpoint with start_from checkpoint; torchrun --max-restarts does so by itself.",
        trace=str(error),
    )


def _all(collective, *arguments):
    try:
        collective(*arguments)
    except RuntimeError as error:
        raise lost(error) from error
