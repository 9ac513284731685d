"""Nested values as bytes and back: tensors, arrays, numbers and texts, nothing that can run.

The bytes are those of a safetensors file. Its tensors hold the numbers, and a text in its header
says how they were nested:

>>> known = {"step": 3, "losses": [0.5, 0.25], "weights": {"bias": torch.ones(2)}}
>>> from_bytes(to_bytes(known))
{'step': 3, 'losses': [0.5, 0.25], 'weights': {'bias': tensor([1., 1.])}}
"""

import json

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

_KEY = "tree"
_HEADER = 8  # bytes of its length, at the start of the file
_DAMAGES = (
    SafetensorError, ArithmeticError, AttributeError, LookupError, RuntimeError, StopIteration,
    TypeError,
)  # fmt: skip
_PLAIN = (bool, int, float, str, type(None))


def to_bytes(tree):
    """Turn nested values into bytes.

    Parameters
    ----------
    tree : object
        Dicts, lists, tuples, tensors, arrays, numbers, texts, truth values, None.

    Raises
    ------
    TypeError
        If it holds anything else.
    """
    tensors = {}
    said = json.dumps(_said(tree, tensors))
    return save(tensors, metadata={_KEY: said})


def from_bytes(data):
    """The nested values that `to_bytes` turned into bytes.

    Raises
    ------
    ValueError
        If the bytes are damaged, or others.
    """
    try:
        tensors = load(data)
        length = int.from_bytes(data[:_HEADER], "little")
        header = json.loads(data[_HEADER : _HEADER + length])
        return _made(json.loads(header["__metadata__"][_KEY]), tensors)
    except _DAMAGES as error:
        raise ValueError(f"these bytes hold no values: {error}") from error


def _said(tree, tensors):
    """What JSON can say of a tree; its tensors go into `tensors`."""
    if isinstance(tree, np.generic):
        tree = tree.item()
    if isinstance(tree, _PLAIN):
        return tree
    if isinstance(tree, (list, tuple)):
        kind = "list" if isinstance(tree, list) else "tuple"
        return {kind: [_said(part, tensors) for part in tree]}
    if isinstance(tree, dict):
        pairs = tree.items()
        return {"dict": [[_said(key, tensors), _said(part, tensors)] for key, part in pairs]}
    if isinstance(tree, np.ndarray):
        return {"array": _stored(torch.from_numpy(np.ascontiguousarray(tree)), tensors),
                "shape": list(tree.shape)}  # fmt: skip
    if isinstance(tree, torch.Tensor):
        return {"tensor": _stored(tree, tensors), "last": _is_channels_last(tree)}
    raise TypeError(f"{type(tree).__name__} is no plain value")


def _stored(tensor, tensors):
    name = str(len(tensors))
    # A copy of its own: safetensors refuses tensors that share memory.
    tensors[name] = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
    return name


def _is_channels_last(tensor):
    form = torch.channels_last
    return (
        tensor.ndim == 4 and tensor.is_contiguous(memory_format=form) and not tensor.is_contiguous()
    )


def _made(said, tensors):
    if isinstance(said, _PLAIN):
        return said
    kind = next(iter(said))
    if kind in ("list", "tuple"):
        return (list if kind == "list" else tuple)(_made(part, tensors) for part in said[kind])
    if kind == "dict":
        return {_made(key, tensors): _made(part, tensors) for key, part in said[kind]}
    if kind == "array":
        return tensors[said[kind]].numpy().reshape(said["shape"])
    tensor = tensors[said[kind]]
    # Sums in another order of memory may differ in the last bit.
    return tensor.contiguous(memory_format=torch.channels_last) if said["last"] else tensor
