"""Files of weights: safetensors, or a state dict that PyTorch wrote. Nothing in them is run."""

import math
import os
import zipfile
from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_bytes

from ...jobs.errors import JobError
from ...jobs.model_weights import read_weights as check_table
from .guarding import BROKEN
from .records import Described, RecordError, read_records

_LARGEST = 4_000_000_000  # several times the largest network that is known here
_LARGEST_RECORDS = 64_000_000
_DEEPEST = 4
_MOST_SHARED = 4
_KINDS = {
    "Float": torch.float32, "Double": torch.float64, "Half": torch.float16,
    "BFloat16": torch.bfloat16, "Long": torch.int64, "Int": torch.int32, "Short": torch.int16,
    "Char": torch.int8, "Byte": torch.uint8, "Bool": torch.bool,
}  # fmt: skip
# Where programs keep the weights inside of what they save.
_PLACES = ("state_dict", "model_state_dict", "model", "net", "network", "teacher", "student")
_REMEDY = (
    "Open it in the program that made it and save the state dict alone, best as .safetensors: "
    'safetensors.torch.save_file(network.state_dict(), "weights.safetensors").'
)
_OLD = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9"


def read_weights(path):
    """Read the tensors of a file by name.

    Parameters
    ----------
    path : str
        A ``.safetensors`` file, or one of ``torch.save``.

    Returns
    -------
    dict of str to torch.Tensor
        On the CPU; real numbers in single precision.

    Raises
    ------
    JobError
        If the file is neither, is damaged, or holds more than plain weights.
    """
    name = os.path.basename(path)
    try:
        if os.path.getsize(path) > _LARGEST:
            raise RecordError("it is larger than 4 GB")
        found = _of_zip(path) if zipfile.is_zipfile(path) else _of_safetensors(path)
    except (zipfile.BadZipFile, SafetensorError, OSError, *BROKEN) as error:
        raise JobError(f'"{name}" cannot be read: {_reason(error, path)}.', _REMEDY) from error
    if not found:
        raise JobError(f'"{name}" holds no weights.', _REMEDY)
    return {
        key: value.float() if value.is_floating_point() else value for key, value in found.items()
    }


def _reason(error, path):
    if isinstance(error, RecordError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or "the disk gave no answer"
    with open(path, "rb") as file:
        start = file.read(len(_OLD))
    if start == _OLD:
        return "PyTorch before version 1.6 wrote it, in a form that can run programs"
    return "it is damaged, or neither .safetensors nor a file of torch.save"


def _of_safetensors(path):
    with open(path, "rb") as file:  # not mapped: on Windows a mapped file cannot be replaced
        try:
            check_table(path)
        except JobError as error:
            raise ValueError(error.found) from error
        return from_bytes(file.read())


def _of_zip(path):
    with zipfile.ZipFile(path) as archive:
        inside = _Archive(archive, os.path.getsize(path))
        described = _find(read_records(inside.read("data.pkl", _LARGEST_RECORDS)))
        found = {key: inside.tensor(value) for key, value in described.items()}
    if sum(value.numel() for value in found.values()) > _MOST_SHARED * inside.numbers:
        raise RecordError("many of its tensors share their numbers")
    return found


def _find(value, depth=0):
    """The dictionary of tensors, at most some levels deep."""
    if isinstance(value, dict):
        tensors = {str(key): one for key, one in value.items() if isinstance(one, Described)}
        if tensors:
            return tensors
        places = [key for key in _PLACES if key in value]
        for key in places if depth < _DEEPEST else ():
            found = _find(value[key], depth + 1)
            if found:
                return found
    return {}


@dataclass
class _Archive:
    """The files in the zip; each storage is read once, and tensors are views of it."""

    archive: zipfile.ZipFile
    size: int
    numbers: int = 0

    def __post_init__(self):
        names = self.archive.namelist()
        records = [name for name in names if name.endswith("data.pkl")]
        if len(records) != 1:
            raise RecordError("it is a zip file, but not one of torch.save")
        self._folder = records[0][: -len("data.pkl")]
        self._read = {}
        order = self._folder + "byteorder"
        if order in names and self.read("byteorder", 100) != b"little":
            raise RecordError("its numbers are in the order of another kind of computer")

    def read(self, name, most):
        """A file of the archive; stored as it is, so it cannot be larger than the archive."""
        known = self.archive.getinfo(self._folder + name)
        if known.compress_type != zipfile.ZIP_STORED or known.file_size > most:
            raise RecordError("it is packed in a way that torch.save does not use")
        return self.archive.read(known)

    def tensor(self, described):
        """The tensor, checked to lie inside of its storage."""
        storage, count = described.storage, math.prod(described.size)
        if count == 0:
            return torch.zeros(described.size)
        steps = zip(described.size, described.stride, strict=True)
        last = described.offset + sum((side - 1) * step for side, step in steps)
        values = self._storage(storage)
        if last >= len(values) or count > len(values):
            raise RecordError("a tensor is larger than its numbers")
        return torch.as_strided(values, described.size, described.stride, described.offset)

    def _storage(self, storage):
        if storage.key not in self._read:
            kind = _KINDS.get(storage.kind)
            if kind is None:
                raise RecordError(f"it holds numbers of type {storage.kind[:40]}")
            data = self.read("data/" + storage.key, self.size)
            self.size -= len(data)  # files that overlap in the archive cannot fill the memory
            self.numbers += storage.count
            if len(data) != storage.count * kind.itemsize:
                raise RecordError("it is cut off")
            self._read[storage.key] = torch.frombuffer(bytearray(data), dtype=kind)
        return self._read[storage.key]
