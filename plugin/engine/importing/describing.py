"""The card of an imported model: what the user said, what the file says, what is usual."""

import torch

from ...jobs.colors import class_colors
from ...jobs.errors import JobError
from ...jobs.import_model import AUTOMATIC
from ...jobs.lists import numbers, words
from ...jobs.model_card import CLASSIFICATION, ModelCard
from ..facts import versions

# torchvision's networks take values from 0 to 1 that are standardized by these.
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_COLORS = ("red", "green", "blue")
_SENTINEL2 = (
    "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12",
)  # fmt: skip
_REFLECTANCE = 10_000.0  # TorchGeo divides Sentinel-2's whole numbers by it
HEADLESS = "no last layer: train from this model"


def describe(job, made, known):
    """Make the card.

    Parameters
    ----------
    job : ImportModel
    made : Recognized
    known : dict
        What the file itself says: ``classes``, ``bands``, ``normalization``, ``gsd``, ``patch``,
        ``license``, ``citation``; each may be missing.

    Returns
    -------
    ModelCard

    Raises
    ------
    JobError
        If a list of the user has not as many entries as the network has bands or classes.
    """
    names = _classes(job, made, known)
    bands = _bands(job, made, known)
    arguments = {"bands": made.bands, "classes": made.classes, "spread": _spread(made)}
    if made.structure is not None:
        arguments["structure"] = made.structure
    if made.is_headless:
        arguments["headless"] = True
    colors = class_colors(names)
    return ModelCard(
        task=made.task,
        network=made.name,
        arguments=arguments,
        bands=[{"name": name, "unit": ""} for name in bands],
        dtype=_dtype(job, made),
        normalization=_normalization(job, made, known),
        gsd=job.gsd or known.get("gsd"),
        classes=[
            {"value": place, "name": name, "color": color}
            for place, (name, color) in enumerate(zip(names, colors, strict=True), 1)
        ],
        patch=job.patch or known.get("patch") or (224 if made.task == CLASSIFICATION else 512),
        training={"source": "imported weights"},
        license=job.license or known.get("license", ""),
        citation=job.citation or known.get("citation", ""),
        versions=versions(),
    )


def _classes(job, made, known):
    """The names; of a network with one output, what it is not comes first."""
    given = words(job.class_names, "CLASS_NAMES")
    if made.is_headless:
        return [HEADLESS]
    told = known.get("classes") or []
    given, told = (
        ["background", *names] if len(names) == 1 and made.classes == 2 else names
        for names in (given, told)
    )
    told = told if len(told) == made.classes else [f"class {k + 1}" for k in range(made.classes)]
    return _as_many(given, made.classes, "CLASS_NAMES", "classes") or told


def _bands(job, made, known):
    given = words(job.band_names, "BAND_NAMES")
    usual = {3: _COLORS, len(_SENTINEL2): _SENTINEL2}.get(made.bands)
    told = known.get("bands") or usual or [f"band {k + 1}" for k in range(made.bands)]
    told = told if len(told) == made.bands else [f"band {k + 1}" for k in range(made.bands)]
    return _as_many(given, made.bands, "BAND_NAMES", "bands") or list(told)


def _as_many(given, count, name, what):
    if given and len(given) != count:
        raise JobError(
            f"{name} has {len(given)} entries; the network has {count} {what}.",
            f"Give {count}, separated by commas, or leave {name} empty.",
        )
    return given


def _normalization(job, made, known):
    usual = known.get("normalization") or _usual(made)
    usual = {k: v * made.bands if len(v) == 1 else v for k, v in usual.items()}
    if len(usual["mean"]) != made.bands:
        usual = _usual(made)
    told = {"mean": numbers(job.mean, "MEAN"), "sd": numbers(job.sd, "SD")}
    for key, values in told.items():
        if len(values) == 1:
            told[key] = values * made.bands
        told[key] = _as_many(told[key], made.bands, key.upper(), "bands") or usual[key]
    return told


def _usual(made):
    """What networks of this kind were trained with, as a rule."""
    if made.name == "mobilenet_v2":
        return {"mean": [127.5] * made.bands, "sd": [127.5] * made.bands}
    if made.bands == len(_SENTINEL2):
        return {"mean": [0.0] * made.bands, "sd": [_REFLECTANCE] * made.bands}
    if made.bands == len(_COLORS):
        mean, sd = ([255 * value for value in part] for part in _IMAGENET)
        return {"mean": mean, "sd": sd}
    return {"mean": [0.0] * made.bands, "sd": [255.0] * made.bands}


def _spread(made):
    return 0.5 if made.name == "mobilenet_v2" else 1.0


def _dtype(job, made):
    if job.dtype != AUTOMATIC:
        return job.dtype
    return "uint16" if made.bands == len(_SENTINEL2) else "uint8"


@torch.no_grad()
def try_out(card, network):
    """Let the network see an empty image, so that what does not work is not kept.

    Returns
    -------
    torch.Tensor, shape (1, classes) or (1, classes, row, column)

    Raises
    ------
    JobError
        If it fails, or gives another number of classes.
    """
    try:
        made = network(torch.zeros(1, len(card.bands), card.patch, card.patch))
    except (RuntimeError, ValueError, IndexError) as error:
        raise JobError(
            f"The network does not take images of {card.patch} pixels.",
            "Set PATCH to the side of the images that it was trained on.",
            trace=str(error),
        ) from error
    return made
