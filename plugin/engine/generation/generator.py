"""A trained image generator: its model file, and the images that seeds stand for."""

import os
import platform

import numpy as np
import torch
from safetensors import SafetensorError

from ...jobs.colors import class_colors
from ...jobs.errors import JobError
from ...jobs.model_card import GENERATION, ModelCard, class_names, read_card
from .. import model_file
from ..device import choose_device
from ..model_report import check_content
from ..networks.image_generator import IMAGE_GENERATORS
from .noise import make

_LARGEST_SIDE, _MOST_BANDS, _MOST_CLASSES, _WIDEST = 1024, 10_000, 100_000, 512
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RuntimeError)


class Maker:
    """Makes images: a seed stands for one image, always the same.

    Parameters
    ----------
    card : ModelCard
    network : ImageGenerator
    device : torch.device
    """

    def __init__(self, card, network, device):
        self.card, self.device = card, device
        self.classes = class_names(card) or [""]
        self._network = network.eval().to(device, memory_format=torch.channels_last)

    def class_of(self, seed):
        """The class that a seed stands for if none is asked for: the classes take turns."""
        return seed % len(self.classes)

    def image(self, seed, label=None):
        """Make the image of a seed.

        Every image is computed alone, so that it does not depend on how many are made.

        Parameters
        ----------
        seed : int
        label : int, optional
            Number of its class; that of the seed if not given.

        Returns
        -------
        torch.Tensor, shape (bands, side, side)
            In -1..1, on the CPU.
        """
        label = self.class_of(seed) if label is None else label
        return make(self._network, [seed], [label])[0]

    def values(self, image):
        """Turn an image in -1..1 into the values of the training images, in their data type."""
        mean, sd = (
            np.array(self.card.normalization[name])[:, None, None] for name in ("mean", "sd")
        )
        values = image.numpy().astype(np.float64) * sd + mean
        dtype = np.dtype(self.card.dtype)
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            values = values.round().clip(limits.min, limits.max)
        return values.astype(dtype)


def make_card(job, collection, taught, width, scores):
    """Write the card of a generator.

    Parameters
    ----------
    job : TrainImageGenerator
    collection : Collection
    taught : learning.Taught
    width : int
        Of the network.
    scores : dict

    Returns
    -------
    ModelCard
    """
    samples, names = collection.samples, collection.class_names
    counts = np.bincount(collection.labels[collection.training], minlength=max(len(names), 1))
    return ModelCard(
        task=GENERATION,
        network="dcgan",
        arguments={
            "bands": len(samples.bands), "side": collection.side,
            "classes": max(len(names), 1), "width": width,
        },
        bands=samples.bands,
        dtype=samples.dtype,
        normalization=collection.numbers,
        gsd=None,
        classes=_classes(names),
        patch=collection.side,
        training={
            "images": len(collection.training),
            "held_out": len(collection.held),
            "counts": dict(zip(names, counts.tolist(), strict=False)),
            "folder": os.path.basename(os.path.normpath(job.input)),
            "minutes": job.minutes,
            "steps": taught.steps,
            "step_kept": taught.best_step,
        },
        scores=scores,
        seed=job.seed,
        versions={"python": platform.python_version(), "torch": str(torch.__version__)},
    )  # fmt: skip


def _classes(names):
    colors = class_colors(names)
    return [
        {"value": value, "name": name, "color": color}
        for value, (name, color) in enumerate(zip(names, colors, strict=True), 1)
    ]


def save_generator(path, card, network):
    """Write the model file; raises `JobError` if it cannot be written."""
    model_file.save(path, card, network)


def load_maker(path, device="auto"):
    """Load an image generator from a model file.

    Parameters
    ----------
    path : str
    device : {"auto", "cpu", "cuda", "mps"}

    Returns
    -------
    Maker

    Raises
    ------
    JobError
        If the file is damaged, newer than this program or of another task; as `choose_device`.
    """
    card = read_card(path, GENERATION)
    name = os.path.basename(path)
    if card.network not in IMAGE_GENERATORS:
        raise JobError(
            f'Model "{name}" has network "{card.network}", which this version does not know.',
            "Update the Deep Geology plugin.",
        )
    check_content(card, name)
    chosen = choose_device(device)
    try:
        weights = model_file.read_tensors(path)
        network = model_file.made_for(weights, IMAGE_GENERATORS[card.network], **_arguments(card))
        network.load_state_dict(weights)
        if not all(part.isfinite().all() for part in network.state_dict().values()):
            raise ValueError("weights that are not finite")
    except (SafetensorError, OSError, *_DAMAGE) as error:
        raise JobError(
            f'Model "{name}" is damaged.', "Train the model again, or copy it again.", str(error)
        ) from error
    return Maker(card, network, chosen)


def _arguments(card):
    """The numbers that make the network; small enough that no file can ask for all memory."""
    limits = {
        "bands": _MOST_BANDS, "side": _LARGEST_SIDE, "classes": _MOST_CLASSES, "width": _WIDEST,
    }  # fmt: skip
    known = {name: int(card.arguments[name]) for name in limits}
    if not all(0 < known[name] <= limit for name, limit in limits.items()):
        raise ValueError(f"a network of {known}")
    if len(card.bands) != known["bands"] or max(len(card.classes), 1) != known["classes"]:
        raise ValueError("the card and the network disagree on bands or classes")
    numbers = [card.normalization[name] for name in ("mean", "sd")]
    if not all(len(part) == known["bands"] and np.isfinite(part).all() for part in numbers):
        raise ValueError("the normalization does not fit the bands")
    if np.dtype(card.dtype).kind not in "uif":
        raise ValueError(f"images of type {card.dtype}")
    return known
