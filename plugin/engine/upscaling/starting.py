"""What a training begins with: nothing, the bundled upscaler, or a model of the user's."""

import os

import torch

from ...jobs.errors import JobError
from ...jobs.model_card import UPSCALING, read_card
from ...jobs.upscaling import check_upscaler
from .. import model_file
from ..networks.upscaler import Upscaler
from .generator import bundled_path

SIZES = {"fast": (32, 6), "balanced": (48, 8), "best": (64, 16)}
SCRATCH, BUNDLED = "nothing", "the bundled upscaler"
_MOST_NAMES = 10


def make_start(job, bands, progress):
    """Make the network that learns.

    Parameters
    ----------
    job : TrainUpscaler
    bands : int
    progress : Progress
        Is told where the weights come from.

    Returns
    -------
    network : Upscaler
    start : str
        In words.

    Raises
    ------
    JobError
        If the user's model is of another factor or has other bands.
    """
    factor = int(job.factor)
    if job.start_from == "model":
        return _from_model(job.base_model, factor, bands, progress)
    if job.start_from == "bundled":
        path = bundled_path(f"upscaler_x{factor}")
        if os.path.isfile(path):
            fidelity = model_file.load(path, UPSCALING)[1].fidelity
            if SIZES[job.size] == _size(fidelity):
                progress.note("Training goes on from the upscaler that comes with the plugin.")
                return with_bands(fidelity, bands), BUNDLED
            why = f"has another size than {job.size}"
        else:
            why = f"does not exist for a factor of {factor}"
        progress.note(f"The bundled upscaler {why}: training begins from nothing.")
    torch.manual_seed(job.seed)
    return Upscaler(bands, factor, *SIZES[job.size]), SCRATCH


def learned_before(job, start):
    """What the weights that a training begins with had learned from, in words; empty if from nothing.

    Parameters
    ----------
    job : TrainUpscaler
    start : str
        See `make_start`.

    Returns
    -------
    str
    """
    if start == SCRATCH:
        return ""
    path = bundled_path(f"upscaler_x{job.factor}") if start == BUNDLED else job.base_model
    training = read_card(path, UPSCALING).training
    names = training.get("rasters") or []
    more = ", ..." if max(training.get("count") or 0, len(names)) > _MOST_NAMES else ""
    own = ", ".join(map(str, names[:_MOST_NAMES])) + more
    said = [text for text in (training.get("data"), own, training.get("before")) if text]
    return "; before that ".join(map(str, said)) or "data that its card does not name"


def _from_model(path, factor, bands, progress):
    name = os.path.basename(path)
    card, network = model_file.load(path, UPSCALING)
    check_upscaler(card, path, factor)
    fidelity = network.fidelity
    if fidelity.bands not in (1, bands):
        names = ", ".join(band["name"] for band in card.bands)
        raise JobError(
            f"The model expects {fidelity.bands} bands ({names}) but there are {bands}.",
            "Choose bands, or start from a single-band model.",
        )
    progress.note(f'Training goes on from "{name}"; its size is used.')
    return with_bands(fidelity, bands), name


def _size(network):
    return network.first.out_channels, len(network.body)


def with_bands(network, bands):
    """A network of one band as one of several: it sees their mean and adds the same to all.

    Parameters
    ----------
    network : Upscaler
        Of one band, or of `bands` already; stays as it is.
    bands : int

    Returns
    -------
    Upscaler
    """
    wider = Upscaler(bands, network.factor, *_size(network))
    if network.bands == bands:
        wider.load_state_dict(network.state_dict())
        return wider
    weights = network.state_dict()
    first = weights["first.weight"]
    weights["first.weight"] = torch.cat(
        [first[:, :1].repeat(1, bands, 1, 1) / bands, first[:, 1:]], 1
    )
    for name in ("last.weight", "last.bias"):
        weights[name] = torch.cat([weights[name]] * bands)
    wider.load_state_dict(weights)
    return wider
