"""Fine-tune a classifier on labeled images: where it starts, how long, how fast."""

import os
from dataclasses import dataclass

import numpy as np
import torch

from ..jobs.errors import JobError
from ..jobs.model_card import CLASSIFICATION, class_names
from . import model_file, networks
from .device import affordable
from .folds import hold_out
from .metrics.classification import fit_temperature
from .normalization import SPREAD, measure, to_network_range
from .recalibration import recalibrate
from .training import Images, predict, train

BUNDLED = os.path.join(
    os.path.dirname(__file__),
    "..",
    "..",
    "resources",
    "models",
    "mobilenet_v2_imagenet.safetensors",
)
_WATCHED_SHARE = 0.1
_CALIBRATION_IMAGES = 256


@dataclass
class Start:
    """Where fine-tuning starts.

    Attributes
    ----------
    name : str
        Network.
    backbone : torch.nn.Module or None
        Pretrained, or None to start from nothing.
    spread : float
        Standard deviation of a band in the network's range.
    patch : int
        Patch of the model it comes from; 0 if it does not say.
    head : dict
        Weight row and bias of the head by class name, of a model that is trained on.
    license, citation : str
    """

    name: str
    backbone: torch.nn.Module = None
    spread: float = 1.0
    patch: int = 0
    head: dict = None
    license: str = ""
    citation: str = ""


def choose_start(job):
    """Read or download the weights that a job starts from.

    Raises
    ------
    JobError
        If they cannot be had, with what to choose instead.
    """
    spread = SPREAD.get(job.network, 1.0)
    if job.start_from == "scratch":
        return Start(job.network, spread=spread)
    if job.start_from == "imagenet":
        return Start(*_download(job.network), license="see torchvision")
    path = BUNDLED if job.start_from == "bundled" else job.base_model
    card, network = model_file.load(path, CLASSIFICATION)
    if card.network == networks.GRAPH:
        raise JobError(
            f'Model "{os.path.basename(path)}" came as ONNX: it classifies, but is not trained on.',
            "Start from bundled weights, or import the weights as a state dict.",
        )
    head = None
    if job.start_from == "model":
        rows = zip(network.head[1].weight.detach(), network.head[1].bias.detach(), strict=True)
        head = dict(zip(class_names(card), rows, strict=True))
    spread = card.arguments.get("spread", spread)
    patch = card.patch if job.start_from == "model" else 0
    return Start(card.network, network.backbone, spread, patch, head, card.license, card.citation)


def _download(name):
    try:
        return networks.imagenet_backbone(name)
    except (OSError, RuntimeError) as error:
        raise JobError(
            f"The ImageNet weights of {name} could not be downloaded.",
            "Check the internet connection, or choose mobilenet_v2 and start from the bundled weights.",
            trace=str(error),
        ) from error


@dataclass
class Fit:
    """A fitted network with the numbers that go into its card."""

    network: torch.nn.Module
    numbers: dict
    temperature: float
    history: list
    best_epoch: int
    learning_rate: float
    steps: int


def fit_classifier(start, samples, indices, groups, recipe, dropout, device, progress, watch=True):
    """Fit a classifier to some of the samples.

    A tenth of the images (whole groups) is watched: it chooses the epoch and the temperature, and
    is neither trained on nor reported.

    Parameters
    ----------
    start : Start
    samples : Samples
    indices : numpy.ndarray of int
        Samples to fit.
    groups : numpy.ndarray of int, shape (N,), or None
    recipe : Recipe
    dropout : float
    device : torch.device
    progress : Progress
    watch : bool
        False fits all of them and keeps the last epoch.

    Returns
    -------
    Fit
    """
    torch.manual_seed(recipe.seed)
    learned, watched = _inner_split(samples, indices, groups, recipe.seed, watch)
    training = Images(samples.values, samples.labels, learned)
    watching = Images(samples.values, samples.labels, watched)
    numbers = measure(samples.values, learned, recipe.spread)
    network = make_network(start, samples, dropout)
    if recipe.head_only:
        networks.freeze(network.backbone)
    elif start.backbone is not None:
        recalibrate(network.backbone, _some(training, numbers, recipe.seed))
    fitted = train(network, training, watching, numbers, recipe, device, progress)
    temperature = 1.0
    if len(watching):
        logits = predict(fitted.network, watching, numbers, device, progress)
        temperature = fit_temperature(logits.numpy(), samples.labels[watched])
    return Fit(
        network=fitted.network,
        numbers={**numbers, "spread": recipe.spread},
        temperature=temperature,
        history=fitted.history,
        best_epoch=fitted.best_epoch,
        learning_rate=recipe.learning_rate,
        steps=fitted.steps,
    )


def _inner_split(samples, indices, groups, seed, watch):
    """Split the fitted samples into those learned from and those watched."""
    labels = samples.labels[indices]
    nothing = indices, indices[:0]
    if not watch or np.bincount(labels, minlength=len(samples.class_names)).min() < 4:
        return nothing
    try:
        inner = groups[indices] if groups is not None else None
        learned, watched = hold_out(labels, inner, _WATCHED_SHARE, seed + 1)
    except JobError:  # a class lies in one group only: then there is nothing to watch with
        return nothing
    return indices[learned], indices[watched]


def make_network(start, samples, dropout):
    """A network for the samples that starts where `start` says, leaving `start` as it is."""
    classes, bands = len(samples.class_names), len(samples.bands)
    network = networks.build_classifier(start.name, 3, classes, dropout)
    if start.backbone is not None:
        adapted = start.backbone.state_dict()
        networks.adapt_bands(network.backbone, _bands_of(start.backbone))
        network.backbone.load_state_dict(adapted)
    networks.adapt_bands(network.backbone, bands)
    _keep_known_classes(network, start, samples.class_names)
    return network


def _bands_of(backbone):
    return next(p.shape[1] for p in backbone.parameters() if p.ndim == 4)


@torch.no_grad()
def _keep_known_classes(network, start, names):
    """Classes that the base model knows by name go on from its head."""
    for row, name in enumerate(names):
        if start.head and name in start.head:
            weight, bias = start.head[name]
            network.head[1].weight[row].copy_(weight)
            network.head[1].bias[row].copy_(bias)


def _some(training, numbers, seed):
    count = affordable(_CALIBRATION_IMAGES, training.values.shape[-1])
    chosen = np.random.default_rng(seed).permutation(len(training))[:count]
    return to_network_range(training.take(chosen)[0], numbers)
