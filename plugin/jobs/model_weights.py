"""The table of weights in a model file's header, checked without reading a weight.

A safetensors header names every tensor with its type, shape and place in the bytes after the
header. A file that was cut off, or that lies about its shapes, shows in these numbers.
"""

import math
import os
from dataclasses import dataclass

from .errors import JobError
from .model_card import read_header

_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "U16": 16, "I16": 16, "F16": 16,
    "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip
_MOST = 2**62
_MOST_AXES = 16


@dataclass(frozen=True)
class Weights:
    """What the weights of a model file amount to.

    Attributes
    ----------
    tensors, numbers, size : int
        How many arrays, how many numbers in them, and bytes of the whole file.
    types : tuple of str
        Their data types in safetensors' words, such as ``("F16",)``.
    """

    tensors: int
    numbers: int
    size: int
    types: tuple


def read_weights(path):
    """Check that a model file holds exactly the weights that its header lists.

    Parameters
    ----------
    path : str
        A model file.

    Returns
    -------
    Weights

    Raises
    ------
    JobError
        If the file is no model, is cut off or longer than it should be, or its table does not
        fit together.
    """
    header, name = read_header(path), os.path.basename(path)
    table = {key: entry for key, entry in header.items() if key != "__metadata__"}
    spans = [_span(entry) for entry in table.values()]
    if not spans or None in spans:
        raise _damaged(name, "its list of weights does not fit together")
    size = os.path.getsize(path)
    held, listed = size - _start(path), max(stop for _, stop in spans)
    if held < listed:
        raise _damaged(name, f"it is cut off ({held:,} of {listed:,} bytes of weights are there)")
    if held > listed or not _touch(spans):
        raise _damaged(name, "its list of weights does not fit together")
    numbers = sum(math.prod(entry["shape"]) for entry in table.values())
    types = tuple(sorted({entry["dtype"] for entry in table.values()}))
    return Weights(len(table), numbers, size, types)


def _span(entry):
    """First and last byte of a tensor, or None if its entry is not what it should be."""
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        return None
    bits, shape, span = _BITS.get(entry["dtype"]), entry.get("shape"), entry.get("data_offsets")
    if bits is None or not _counts(shape) or not _counts(span) or len(span) != 2:
        return None
    if span[1] - span[0] != math.prod(shape) * bits // 8:
        return None
    return tuple(span)


def _counts(values):
    if not isinstance(values, list) or len(values) > _MOST_AXES:
        return False
    return all(type(v) is int and 0 <= v < _MOST for v in values)


def _touch(spans):
    """Tell whether the tensors lie one behind the other from byte 0, as safetensors demands."""
    ordered = sorted(spans)
    ends = [0] + [stop for _, stop in ordered[:-1]]
    return all(start == end for (start, _), end in zip(ordered, ends))


def _start(path):
    """Where the weights begin: behind the length of the header and the header."""
    with open(path, "rb") as file:
        return 8 + int.from_bytes(file.read(8), "little")


def _damaged(name, found):
    return JobError(
        f'Model "{name}" is damaged: {found}.', "Copy the file again, or train the model again."
    )
