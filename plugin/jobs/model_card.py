"""The card of a model file, read with the standard library.

A model is one ``.safetensors`` file: eight bytes of header length (little-endian), a JSON
header, then the weights. The card is the JSON text ``header["__metadata__"]["deep_geology"]``.
Nothing in the file can run code.
"""

import json
import math
import os
from dataclasses import asdict, dataclass, field, fields

from .errors import JobError

FORMAT = 1
KEY = "deep_geology"
_LONGEST_HEADER = 16_000_000  # a hundred times that of the largest network
# Formats of weights whose files are no safetensors: of PyTorch, and of a network in ONNX.
_OF_OTHERS = (".pth", ".pt", ".ckpt", ".bin", ".onnx")
CLASSIFICATION = "image classification"
PIXELS = "pixel classification"
DETECTION = "object detection"
SEISMIC = "seismic forecast"
SERIES = "grid forecast"
UPSCALING = "upscaling"
GENERATION = "image generation"


@dataclass(frozen=True)
class ModelCard:
    """What a model file says of itself.

    Attributes
    ----------
    format : int
        Version of this card's form.
    task : str
        What the model is for, such as ``"image classification"``.
    network, arguments : str, dict
        Name in the engine's list of networks, and what it was made with.
    bands : list of dict
        ``{"name", "unit"}`` of every band, in order.
    dtype : str
        Data type of the training images, such as ``"uint8"``.
    normalization : dict
        ``{"mean": [...], "sd": [...]}``: a band goes in as ``(value - mean) / sd``.
    gsd : float or None
        Ground sample distance of the training images in meters, if known.
    classes : list of dict
        ``{"value", "name", "color"}`` of every class in the network's order; values from 1.
    patch : int
        Side in pixels of the square the network sees.
    chip : int
        Side in pixels of the images as they were before resizing to `patch`; 0 if they varied.
    crop : float
        Share of an image's shorter side that the network sees.
    halo : int
        Pixels around a pixel that its result depends on.
    stride : int
        Windows whose corners are multiples of it give the same result for the same pixel.
    temperature : float
        What the logits are divided by, so that probabilities are calibrated.
    trust : dict
        Where the model may be trusted: the threshold of the dissimilarity and how it was taken.
    training, scores : dict
        Summary of the training data, and the scores with how they were validated.
    license, citation : str
        Of the weights.
    seed : int
    versions : dict
        Of the libraries that made the file.
    """

    task: str
    network: str
    arguments: dict = field(default_factory=dict)
    bands: list = field(default_factory=list)
    dtype: str = "uint8"
    normalization: dict = field(default_factory=dict)
    gsd: float = None
    classes: list = field(default_factory=list)
    patch: int = 0
    chip: int = 0
    crop: float = 1.0
    halo: int = 0
    stride: int = 1
    temperature: float = 1.0
    trust: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)
    license: str = ""
    citation: str = ""
    seed: int = 0
    versions: dict = field(default_factory=dict)
    format: int = FORMAT

    def to_text(self):
        """The card as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_card(path, task=""):
    """Read the card of a model file without reading its weights.

    Parameters
    ----------
    path : str
        A model file.
    task : str
        The task that the model must be for; empty for any.

    Returns
    -------
    ModelCard

    Raises
    ------
    JobError
        If the file is no model, is damaged, is newer than this program, or is of another task.
    """
    name = os.path.basename(path)
    metadata = read_header(path).get("__metadata__")
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise JobError(
            f'"{name}" holds weights but no Deep Geology card.',
            'Choose a model that a training tool wrote. Weights of others are brought in with "Import '
            'model"; choose the model that it writes.',
        )
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    card = _card(values, name)
    if task and card.task != task:
        raise JobError(
            f'Model "{name}" is for {card.task}; this tool needs one for {task}.',
            f"Choose a model for {task}.",
        )
    return card


def read_header(path):
    """Read the JSON header of a safetensors file; see `read_card` for the errors."""
    name = os.path.basename(path)
    damaged = _not_ours(name)
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
                raise damaged
            header = json.loads(file.read(length).decode("utf-8"))
    except OSError as error:
        raise JobError(
            f'Model "{name}" cannot be read: {error.strerror}.', "Choose a file that you may read."
        ) from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise damaged from error
    if not isinstance(header, dict):
        raise damaged
    return header


def _not_ours(name):
    """What is said of a file that has no header of ours."""
    if os.path.splitext(name)[1].lower() in _OF_OTHERS:
        return JobError(
            f'"{name}" is not a model of Deep Geology, which ends in .safetensors.',
            'Weights of others are brought in with "Import model"; choose the model that it writes.',
        )
    return JobError(
        f'"{name}" is not a model file, or it is damaged.',
        "Choose a .safetensors file that a training tool wrote, or copy it again.",
    )


def _card(values, name):
    form = values.get("format") if isinstance(values, dict) else None
    if _number(form) > FORMAT:
        raise JobError(
            f'Model "{name}" has format {form}; this version reads up to {FORMAT}.',
            "Update the Deep Geology plugin.",
        )
    if type(form) is not int:
        raise JobError(
            f'The card of model "{name}" is damaged.', "Train the model again, or copy it again."
        )
    known = {part.name: part for part in fields(ModelCard)}
    values = {key: value for key, value in values.items() if key in known}
    for key, value in values.items():
        if not _fits(value, known[key]):
            raise JobError(
                f'The card of model "{name}" is damaged: "{key}" holds {str(value)[:60]!r}.',
                "Train the model again, or copy it again; if a newer version of the plugin made "
                "it, update the plugin.",
            )
    missing = {"task", "network"} - set(values)
    if missing:
        raise JobError(
            f'The card of model "{name}" is damaged: {", ".join(sorted(missing))} is missing.',
            "Train the model again, or copy it again.",
        )
    return ModelCard(**values)


def _number(form):
    """The number of a format, which a later version may write as 2, "2" or "2.1"; else 0."""
    try:
        return float(form) if isinstance(form, (int, float, str)) else 0.0
    except OverflowError:
        return math.inf
    except ValueError:
        return 0.0


def _fits(value, part):
    if part.type in (float, "float"):
        return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
    return isinstance(value, part.type) and not (part.type is int and isinstance(value, bool))


def class_names(card):
    """The names of a model's classes, in the network's order."""
    return names_of(card.classes)


def names_of(entries):
    """The names of a card's classes or bands; empty where a damaged card has none."""
    return [str(one.get("name") or "") if isinstance(one, dict) else "" for one in entries]
