"""Where a network runs: device, threads, batch size and running out of memory."""

import os
from functools import partial

import torch

from ..jobs.errors import JobError
from . import memory, ranks

_USUAL_SIDE = 160
_USUAL_MEMORY = 2**30


def choose_device(wish="auto"):
    """Choose the device that a job wishes for.

    Parameters
    ----------
    wish : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    torch.device

    Raises
    ------
    JobError
        If the wished device is not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": _has_mps()}
    if wish == "auto":
        wish = next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[wish]:
        raise JobError(
            f'Device "{wish}" is not available on this computer.',
            "Choose Automatic or CPU, or run Prepare engine with CUDA on a computer with an NVIDIA "
            "GPU and its driver.",
        )
    if wish == "cpu":
        torch.set_num_threads(max(1, _usable_cores()))
        memory.keep()
    if wish == "cuda" and ranks.local() is not None:
        return _own_card(ranks.local(), torch.cuda.device_count())
    return torch.device(wish)


def _own_card(number, count):
    """The card of one of several processes on this machine."""
    if number >= count:
        raise JobError(
            f"More processes than GPUs were started: there are {count} on this machine.",
            f"Start torchrun with --nproc-per-node {count}, or choose the device CPU.",
        )
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


def _has_mps():
    backend = getattr(torch.backends, "mps", None)
    return backend is not None and backend.is_available()


def _usable_cores():
    """Physical cores this process may use, or what OMP_NUM_THREADS says."""
    wish = os.environ.get("OMP_NUM_THREADS", "")
    if wish.isdigit() and int(wish) > 0:
        return int(wish)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def describe(device):
    """Name a device as a person would: ``NVIDIA H100`` or ``CPU, 8 threads``."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    count = torch.get_num_threads()
    return f"CPU, {count} thread{'s' * (count != 1)}"


def half_precision(device):
    """A context of half precision where the card computes it; the CPU keeps to single."""
    # Cards before Ampere only emulate it, which is slower than single precision.
    half = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(device.type, torch.bfloat16, enabled=half)


def computes_bfloat16():
    """Whether the processor itself multiplies numbers of bfloat16; else it would be slower."""
    known = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


def sent(values, device):
    """Copy a tensor to a device: to a GPU from memory that stays in place, without waiting."""
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def fetched(values):
    """Begin to copy results from the GPU, without waiting for it.

    Parameters
    ----------
    values : torch.Tensor, shape (N, ...)

    Returns
    -------
    list of callable
        For every n a function that waits for ``values[n]`` and gives it as a float32 array.
    """
    held = torch.empty(values.shape, dtype=torch.float32, pin_memory=True)
    held.copy_(values, non_blocking=True)
    copied = torch.cuda.Event()
    copied.record()

    def wait(number):
        copied.synchronize()
        return held[number].numpy()

    return [partial(wait, number) for number in range(len(values))]


def affordable(count, side):
    """How many images fit where `count` of 160 pixels do: fewer of a larger side, at least 4."""
    return max(4, int(count * min(1.0, (_USUAL_SIDE / side) ** 2)))


def is_out_of_memory(error):
    """Whether an error means that memory ran out; the CPU's allocator raises a plain error."""
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or "can't allocate memory" in str(error) or "not enough memory" in str(error)


def release():
    """Give memory back that torch keeps on the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def spare_memory(device):
    """Bytes that a step of a network may take: a good part of what is free, but never all.

    On the CPU at most a gigabyte, so that the engine stays small beside QGIS.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    return min(_free_memory() // 4, _USUAL_MEMORY)


def _free_memory():
    """Bytes that Linux says are available; elsewhere what a usual computer has to spare."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            known = dict(line.split(":") for line in file)
        return 1024 * int(known["MemAvailable"].split()[0])
    except (OSError, ValueError, KeyError):
        return 4 * _USUAL_MEMORY
