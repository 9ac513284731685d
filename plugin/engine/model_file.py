"""Write and read model files: the network's weights with its card, and nothing that can run."""

import math
import os

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_bytes, save as to_bytes

from ..jobs.errors import JobError
from ..jobs.model_card import CLASSIFICATION, DETECTION, KEY, PIXELS, UPSCALING, read_card
from ..jobs.model_weights import read_weights
from ..jobs.places import written_whole
from . import networks

_LARGEST_VALUE, _LARGEST_SIDE = 65_535, 100_000
_EXTRA = "extras."
# The largest arguments that an upscaler's network may have.
_UPSCALER = {"bands": 32, "factor": 8, "width": 512, "blocks": 128}
# By task: the networks that there are, and what makes one of them.
_NETWORKS = {
    CLASSIFICATION: ({*networks.NETWORKS, networks.GRAPH}, networks.build_classifier),
    PIXELS: ({*networks.PIXEL_NETWORKS, *networks.IMPORTED}, networks.build_pixel_network),
    DETECTION: (networks.DETECTORS, networks.build_detector),
    UPSCALING: (networks.UPSCALERS, networks.build_upscaler),
}
_DAMAGE = (ValueError, TypeError, AttributeError, ArithmeticError, LookupError)
_MOST_NUMBERS, _NUMBER = 10**9, 4  # of a network; bytes of one
_MOST_EXTRAS = 2**30  # bytes


def save(path, card, network, extras=None):
    """Write a model file beside its final place, then move it there.

    Parameters
    ----------
    path : str
    card : ModelCard
    network : torch.nn.Module
    extras : dict of str to torch.Tensor, optional
        What the model needs beside the network's weights; `load_with_extras` gives it back.

    Raises
    ------
    JobError
        If the file cannot be written.
    """
    tensors = {**network.state_dict()}
    tensors.update({_EXTRA + name: value for name, value in (extras or {}).items()})
    weights = {name: value.contiguous().cpu() for name, value in tensors.items()}
    try:
        with written_whole(path, "wb") as file:
            file.write(to_bytes(weights, metadata={KEY: card.to_text()}))
    except (OSError, SafetensorError) as error:
        why = getattr(error, "strerror", None) or error
        raise JobError(
            f'Model "{path}" cannot be written: {why}.',
            "Choose a folder you may write to, on a disk with free space.",
        ) from error


def load(path, task=""):
    """Read a model file without its extras: the card and the network of `load_with_extras`."""
    return load_with_extras(path, task)[:2]


def load_with_extras(path, task=""):
    """Read a model file.

    Parameters
    ----------
    path : str
    task : str
        The task that the model must be for; empty for any.

    Returns
    -------
    card : ModelCard
    network : torch.nn.Module
        In evaluation mode, on the CPU, in single precision.
    extras : dict of str to torch.Tensor
        As they were saved, all of them finite; empty if there are none.

    Raises
    ------
    JobError
        If the file is damaged, newer than this program, of another task, or does not hold the
        weights that its card promises.
    """
    card = read_card(path, task)
    name = os.path.basename(path)
    remedy = "Train the model again, or copy it again."
    known, build = _NETWORKS.get(card.task, _NETWORKS[CLASSIFICATION])
    if card.network not in known:
        raise JobError(
            f'Model "{name}" has network "{card.network}", which this version does not know.',
            "Update the Deep Geology plugin.",
        )
    try:
        _check_card(card)
        arguments = _arguments(card)
        promised = _numbers_of(build, card.network, **arguments)
        weights, extras = _sorted(read_tensors(path, _room(promised)))
        weights = {key: _single(value) for key, value in weights.items()}
        _refuse_fewer(weights, promised)
        network = build(card.network, **arguments)
        network.load_state_dict(weights, assign=card.network == networks.GRAPH)
        _check_numbers(card, {**network.state_dict(), **extras})
    except (SafetensorError, OSError, RuntimeError, *_DAMAGE) as error:
        raise JobError(f'Model "{name}" is damaged.', remedy, trace=str(error)) from error
    return card, network.eval(), extras


def made_for(tensors, build, *arguments, **named):
    """Build a network for tensors; one that is larger than they are is refused before it is made.

    Raises
    ------
    ValueError
    """
    _refuse_fewer(tensors, _numbers_of(build, *arguments, **named))
    return build(*arguments, **named)


def _numbers_of(build, *arguments, **named):
    """How many numbers the weights of a network are, found without memory for them."""
    with torch.device("meta"):
        plan = build(*arguments, **named)
    return sum(value.numel() for value in plan.state_dict().values())


def _room(promised):
    """The bytes that the file of a network of so many numbers may have."""
    return _NUMBER * min(promised, _MOST_NUMBERS) + _MOST_EXTRAS


def _refuse_fewer(tensors, promised):
    """Refuse a network of more numbers than the tensors hold."""
    if promised > sum(value.numel() for value in tensors.values()):
        raise ValueError(f"{promised:,} weights are promised")


def read_tensors(path, most=math.inf):
    """The tensors of a file, by name; see `load_with_extras` for the errors.

    A file that is not as large as the tensors in its header, or larger than `most` bytes, is
    refused before they are read. They are read into memory and not mapped: a file that is cut
    short while it is mapped ends the process, and on Windows a mapped file cannot be replaced.
    """
    size = read_weights(path).size
    if size > most:
        raise ValueError(f"{size:,} bytes, where its network takes less than {most:,}")
    with open(path, "rb") as file:
        return from_bytes(file.read())


def _sorted(tensors):
    """The network's weights, and the extras under the names that they were saved by."""
    weights, extras = {}, {}
    for name, value in tensors.items():
        if name.startswith(_EXTRA):
            extras[name[len(_EXTRA) :]] = value
        else:
            weights[name] = value
    return weights, extras


def _arguments(card):
    """The numbers that make the network; small enough that no file can ask for all memory."""
    if card.task == UPSCALING:
        return _upscaler_arguments(card)
    bands, classes = int(card.arguments["bands"]), int(card.arguments["classes"])
    if not (0 < bands <= 10_000 and 0 < classes <= 100_000):
        raise ValueError(f"{bands} bands and {classes} classes")
    if len(card.bands) != bands or len(card.classes) != classes:
        raise ValueError("the card and the network disagree on bands or classes")
    numbers = card.normalization
    if not len(numbers["mean"]) == len(numbers["sd"]) == bands or min(numbers["sd"]) <= 0:
        raise ValueError("the normalization does not fit the bands")
    if card.network in networks.IMPORTED:
        return {"bands": bands, "classes": classes, "structure": card.arguments["structure"]}
    return {"bands": bands, "classes": classes}


def _upscaler_arguments(card):
    """As `_arguments`, of a network that knows no classes and no numbers of its own."""
    known = {name: most for name, most in _UPSCALER.items() if name in card.arguments}
    arguments = {name: int(card.arguments[name]) for name in known}
    if not all(0 < value <= known[name] for name, value in arguments.items()):
        raise ValueError(f"the network's arguments are {card.arguments}")
    if len(card.bands) not in (0, arguments.get("bands", 1)):
        raise ValueError("the card and the network disagree on bands")
    if "detail" in card.arguments:
        arguments["detail"] = bool(card.arguments["detail"])
    return arguments


def _check_card(card):
    """Refuse what no training writes: it would end in a wrong map or deep in a library."""
    values = [entry["value"] for entry in card.classes]
    texts = [entry["name"] for entry in card.bands]
    texts += [entry[key] for entry in card.classes for key in ("name", "color")]
    numbers = [*card.normalization.get("mean", ()), *card.normalization.get("sd", ())]
    sound = (
        all(type(value) is int and 0 < value <= _LARGEST_VALUE for value in values)
        and len(set(values)) == len(values)
        and all(isinstance(text, str) for text in texts)
        and all(math.isfinite(number) for number in numbers)
        and (0 < card.patch <= _LARGEST_SIDE or card.task == UPSCALING)
        and 0 <= card.chip <= _LARGEST_SIDE
        and 0 < card.crop <= 1
        and np.dtype(card.dtype).kind in "uif"
    )
    if not sound:
        raise ValueError("the card holds what no training writes")


def _check_numbers(card, tensors):
    """Refuse numbers that can only come from damage: they would make every pixel nodata."""
    if not (math.isfinite(card.temperature) and card.temperature > 0):
        raise ValueError(f"the temperature is {card.temperature}")
    for name, value in tensors.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise ValueError(f"{name} holds values that are not finite")


def _single(value):
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value
