"""Where the training of a pixel classifier starts."""

import os
from dataclasses import dataclass

import torch

from ...jobs.errors import JobError
from ...jobs.model_card import CLASSIFICATION, PIXELS, class_names
from .. import model_file, networks
from ..fine_tuning import BUNDLED
from ..normalization import SPREAD


@dataclass
class Start:
    """Where training starts.

    Attributes
    ----------
    name : str
        Network.
    spread : float
        Standard deviation of a band in the network's range.
    backbone : torch.nn.Module or None
        Pretrained, of an image classifier.
    model : torch.nn.Module or None
        A trained pixel classifier.
    known : list of str
        Its classes.
    numbers : dict or None
        Its normalization, which is kept, for its weights expect it.
    license, citation : str
        Of the weights.
    """

    name: str
    spread: float = 1.0
    backbone: torch.nn.Module = None
    model: torch.nn.Module = None
    known: list = None
    numbers: dict = None
    license: str = ""
    citation: str = ""

    @property
    def is_trained(self):
        """Whether it does not start from nothing."""
        return self.backbone is not None or self.model is not None


def choose_start(job, bands):
    """Read or download the weights that a job starts from.

    Parameters
    ----------
    job : TrainPixelClassifier
    bands : sequence of str
        Names of the bands that are learned from.

    Returns
    -------
    Start

    Raises
    ------
    JobError
        If they cannot be had, or the model is of another number of bands.
    """
    encoder = networks.ENCODERS.get(job.network)
    if job.start_from == "model":
        return _from_model(job.base_model, bands)
    if job.start_from == "scratch" or encoder is None:
        return Start(job.network)
    if job.start_from == "imagenet":
        name, backbone = _download(encoder)
        kept = {made: network for network, made in networks.ENCODERS.items()}
        return Start(kept[name], 1.0, backbone, license="see torchvision")
    card, network = model_file.load(BUNDLED, CLASSIFICATION)
    spread = SPREAD[encoder]
    return Start(
        job.network, spread, network.backbone, license=card.license, citation=card.citation
    )


def _from_model(path, bands):
    card, network = model_file.load(path, PIXELS)
    if card.network in networks.IMPORTED:
        raise JobError(
            f'Model "{os.path.basename(path)}" was imported: it makes maps, but is not trained on.',
            "Start from bundled weights, or from a model of Train pixel classifier.",
        )
    if len(card.bands) != len(bands):
        names = ", ".join(band["name"] for band in card.bands)
        raise JobError(
            f'Model "{os.path.basename(path)}" was trained on {len(card.bands)} bands ({names}); '
            f"there are {len(bands)} here ({', '.join(bands)}).",
            "Choose rasters and BANDS with these bands, in this order, or start from bundled "
            "weights.",
        )
    spread = card.arguments.get("spread", 1.0)
    return Start(
        card.network, spread, None, network, class_names(card), card.normalization,
        card.license, card.citation,
    )  # fmt: skip


def _download(name):
    try:
        return networks.imagenet_backbone(name)
    except (OSError, RuntimeError) as error:
        raise JobError(
            f"The ImageNet weights of {name} could not be downloaded.",
            "Check the internet connection, or choose unet_mobilenet_v2 and start from the bundled "
            "weights.",
            trace=str(error),
        ) from error


def make_network(start, bands, names, dropout):
    """A network that starts where `start` says, leaving `start` as it is.

    Parameters
    ----------
    start : Start
    bands : int
    names : list of str
        Classes; those that the model of `start` knows go on from its last layer.
    dropout : float

    Returns
    -------
    PixelNetwork
    """
    backbone = None
    if start.backbone is not None:
        backbone = networks.NETWORKS[networks.ENCODERS[start.name]]()[0]
        backbone.load_state_dict(start.backbone.state_dict())
    network = networks.build_pixel_network(start.name, bands, len(names), dropout, backbone)
    if start.model is not None:
        network.body.load_state_dict(start.model.body.state_dict())
        _keep_known_classes(network, start, names)
    return network


@torch.no_grad()
def _keep_known_classes(network, start, names):
    for row, name in enumerate(names):
        if name in start.known:
            known = start.known.index(name)
            network.head[1].weight[row].copy_(start.model.head[1].weight[known])
            network.head[1].bias[row].copy_(start.model.head[1].bias[known])
