"""Where a detector starts: bundled, downloaded or own weights, or none."""

from dataclasses import dataclass, field

import numpy as np
import torch

from ...jobs.errors import JobError
from ...jobs.model_card import DETECTION, class_names
from .. import model_file, networks
from ..fine_tuning import BUNDLED
from ..networks import detectors
from ..normalization import SPREAD, to_network_range
from ..recalibration import recalibrate

_LEAST_SCALE, _MOST_SCALE = 4.0, 64.0
_CALIBRATION_SIDE = 320


@dataclass
class Start:
    """Where training starts.

    Attributes
    ----------
    network : str
        Name in `detectors.DETECTORS`.
    spread : float
        Standard deviation of a band in the network's range.
    kind : str
        What is known already: ``"nothing"``, ``"backbone"`` or ``"detector"``.
    weights : dict of str to torch.Tensor
        By the names in the backbone's body, or in the detector's network.
    scale : float
        What the anchors begin at; 0 if that is for the boxes to say.
    patch : int
        Patch of the model it comes from; 0 if it does not say.
    class_names : list of str
        Classes that the weights know; empty if they are of no use here.
    license, citation : str
    """

    network: str
    spread: float = 1.0
    kind: str = "nothing"
    weights: dict = field(default_factory=dict)
    scale: float = 0.0
    patch: int = 0
    class_names: list = field(default_factory=list)
    license: str = ""
    citation: str = ""


def choose_start(job):
    """Read or download the weights that a job starts from.

    Raises
    ------
    JobError
        If they cannot be had, with what to choose instead.
    """
    if job.start_from == "scratch":
        return Start(job.network)
    if job.start_from == "bundled":
        card, classifier = model_file.load(BUNDLED)
        body = classifier.backbone.features.state_dict()
        return Start(
            job.network, SPREAD["mobilenet_v2"], "backbone", body,
            license=card.license, citation=card.citation,
        )  # fmt: skip
    if job.start_from == "model":
        return _own(job.base_model)
    whole = job.start_from == "coco"
    weights = _download(job.network, whole)
    kind = "detector" if whole else "backbone"
    return Start(job.network, 1.0, kind, weights, license="see torchvision")


def _own(path):
    card, detector = model_file.load(path, DETECTION)
    return Start(
        card.network, card.arguments.get("spread", 1.0), "detector",
        detector.network.state_dict(), float(detector.scale), card.patch, class_names(card), card.license, card.citation,
    )  # fmt: skip


def _download(name, whole):
    try:
        return detectors.download(name, whole)
    except (OSError, RuntimeError) as error:
        raise JobError(
            f"The {'COCO' if whole else 'ImageNet'} weights of {name} could not be downloaded.",
            "Check the internet connection, start from scratch, or choose "
            f"{detectors.SMALL} and start from the bundled weights.",
            trace=str(error),
        ) from error


def anchor_scale(boxes):
    """Size in pixels that the smallest anchors have: that of the smaller objects."""
    sizes = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
    return float(np.clip(np.percentile(sizes, 10), _LEAST_SCALE, _MOST_SCALE))


def make_detector(start, bands, names, scale):
    """A detector that starts where `start` says.

    Parameters
    ----------
    start : Start
    bands : int
    names : list of str
        The classes.
    scale : float
        Of the anchors.

    Returns
    -------
    detectors.Detector
    """
    detector = networks.build_detector(start.network, 3, len(names))
    detector.set_scale(start.scale or scale)
    if start.kind == "detector":
        own = next(v.shape[1] for k, v in start.weights.items() if v.ndim == 4)
        networks.adapt_bands(detector.backbone.body, own)
        detectors.take(detector.network, _without_strange_classes(start, names))
    elif start.kind == "backbone":
        detectors.take(detector.backbone.body, start.weights)
    networks.adapt_bands(detector.backbone.body, bands)
    detector.keeps_statistics = start.kind != "nothing"
    return detector


def _without_strange_classes(start, names):
    """Weights of other classes in the same place would teach the wrong thing."""
    if start.class_names == names:
        return start.weights
    last = ("cls_logits", "cls_score", "bbox_pred")
    return {k: v for k, v in start.weights.items() if not any(word in k for word in last)}


def prepare(detector, start, patches, numbers, chance):
    """Make a started detector ready to learn; gives the parameters that learn.

    The batch normalization of a pretrained backbone is refitted to the user's images and then
    stays as it is: batches of a few patches tell too little. The first layers of a backbone that
    sees the bands it knows stay too: they are costly, and edges are edges everywhere.
    """
    if start.kind == "backbone":
        side = min(patches.side, _CALIBRATION_SIDE)
        places = chance.permutation(len(patches.units))[:64]
        images = [patches.cut(place, chance).values[:, :side, :side] for place in places]
        batch = to_network_range(torch.from_numpy(np.stack(images)), numbers)
        with torch.no_grad():
            recalibrate(detector.backbone.body, batch)
    if start.kind == "backbone" and start.network == detectors.SMALL and len(batch[0]) in (1, 3):
        networks.freeze(detector.backbone.body[:4])
    return [part for part in detector.parameters() if part.requires_grad]
