"""Networks in ONNX, with the metadata that the QGIS plugin Deepness reads.

The exported network takes tiles (N, band, row, column) as Deepness gives them, values divided
by 255, and does all else itself: back to the values of the files, normalization, the
network, calibrated probabilities. So no program can normalize differently from us.
"""

import io
import json
import math
import warnings

import torch
from torch import nn

from ..jobs.errors import JobError
from ..jobs.model_card import CLASSIFICATION, class_names
from ..jobs.places import written_whole
from .layout import up
from .normalization import to_network_range

_OPSET = 17
_TILE, _MOST_OVERLAP = 512, 0.4
_DIVISOR = 255.0
INPUT, OUTPUT = "image", "result"


class Exported(nn.Module):
    """A model from tiles to what is wanted of them.

    Parameters
    ----------
    card : ModelCard
    network : torch.nn.Module
        An image or a pixel classifier.
    features : bool
        Whether an image classifier gives features (N, D), not probabilities.
    """

    def __init__(self, card, network, features=False):
        super().__init__()
        self.network, self._numbers = network, card.normalization
        self._temperature = card.temperature
        self._of_images, self._features = card.task == CLASSIFICATION, features

    def forward(self, tiles):
        images = to_network_range(tiles * _DIVISOR, self._numbers)
        if self._features:
            return self.network.backbone(images)
        chances = torch.softmax(self.network(images) / self._temperature, 1)
        if self._of_images:
            return chances[:, :, None, None].expand(-1, -1, *tiles.shape[-2:])
        return chances


def tile_of(card, network, wanted=0):
    """Side of a tile and the share of it that neighbors overlap.

    Parameters
    ----------
    card : ModelCard
    network : torch.nn.Module
    wanted : int
        Side in pixels; 0 for automatic.

    Returns
    -------
    side : int
    overlap : int
        Percent: what a pixel depends on lies in its tile.

    Raises
    ------
    JobError
        If the model does not take tiles of the wanted side.
    """
    if card.task == CLASSIFICATION:
        if wanted not in (0, card.patch):
            raise JobError(
                f"The model takes images of {card.patch} pixels; TILE_SIZE is {wanted}.",
                f"Set TILE_SIZE to 0 or {card.patch}.",
            )
        return card.patch, 0
    shared = card.patch // 4 if network.sees_all else 2 * network.receptive_radius
    least = card.patch if network.sees_all else max(_TILE, math.ceil(shared / _MOST_OVERLAP))
    side = up(wanted or least, network.stride)
    if wanted and side != wanted:
        raise JobError(
            f"TILE_SIZE is {wanted}, which is not a multiple of {network.stride}, the step of the "
            "network.",
            f"Set TILE_SIZE to {side}.",
        )
    if shared >= side:
        raise JobError(
            f"TILE_SIZE is {side}, but a pixel depends on {shared // 2} pixels on every side.",
            f"Set TILE_SIZE to at least {up(2 * shared, network.stride)}.",
        )
    return side, math.ceil(100 * shared / side)


def metadata(card, side, overlap, features=False):
    """What Deepness reads, a JSON text by key."""
    known = {
        "model_type": "Recognition" if features else "Segmentor",
        "class_names": {str(place): name for place, name in enumerate(class_names(card))},
        "tile_size": side,
        "tiles_size": side,
        "tiles_overlap": overlap,
        # The network does these itself.
        "standardization_mean": [0.0] * len(card.bands),
        "standardization_std": [1.0] * len(card.bands),
        # Every pixel gets its most probable class, however small the area.
        "seg_thresh": 0.0,
        "seg_small_segment": 0,
        "bands": [band["name"] for band in card.bands],
        "license": card.license,
        "citation": card.citation,
    }
    if card.gsd:
        known["resolution"] = round(100 * card.gsd * _shrunk(card), 6)  # centimeters
    return {key: json.dumps(value, ensure_ascii=False) for key, value in known.items()}


def _shrunk(card):
    """Pixels of the training images along a pixel that the network sees."""
    if card.task != CLASSIFICATION or not card.chip:
        return 1.0
    return card.chip * card.crop / card.patch


def write_onnx(path, exported, bands, side, texts):
    """Write a network in ONNX; nothing is at `path` before the file is whole.

    Parameters
    ----------
    path : str
    exported : Exported
    bands, side : int
        Of a tile; the number of tiles is left open.
    texts : dict of str
        The metadata.

    Raises
    ------
    JobError
        If it cannot be written, or the engine lacks the library.
    """
    onnx = library()
    tiles, written = torch.zeros(1, bands, side, side), io.BytesIO()
    exported = exported.eval()
    with torch.no_grad():
        shape = exported(tiles).shape
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own age, and of fixed sides
        torch.onnx.export(
            exported,
            (tiles,),
            written,
            dynamo=False,
            opset_version=_OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: "batch"}, OUTPUT: {0: "batch"}},
        )
    model = onnx.load_model_from_string(written.getvalue())
    # The exporter leaves sides open that are not: Deepness wants to see that they are the same.
    for size, told in zip(
        shape[1:], model.graph.output[0].type.tensor_type.shape.dim[1:], strict=True
    ):
        told.dim_value = size
    onnx.helper.set_model_props(model, texts)
    model.producer_name = "Deep Geology"
    onnx.checker.check_model(model)
    try:
        with written_whole(path, "wb") as file:
            file.write(model.SerializeToString())
    except OSError as error:
        raise JobError(
            f'"{path}" cannot be written: {error.strerror}.',
            "Choose a folder you may write to, on a disk with free space.",
        ) from error


def library():
    """The library that writes the files.

    Raises
    ------
    JobError
        If the engine lacks it.
    """
    try:
        import onnx
    except ImportError as error:
        raise JobError(
            "The engine has no library for ONNX.", 'Run "Prepare engine" again.'
        ) from error
    return onnx
