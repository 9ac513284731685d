"""Make a model of the weights or the ONNX network of another program."""

import os

from ...jobs.import_model import AUTOMATIC
from ...jobs.lists import MOST_CLASSES, first_of
from ...jobs.model_card import CLASSIFICATION, class_names
from .. import model_file
from ..importing.describing import describe, try_out
from ..importing.onnx_models import read_onnx
from ..importing.recognizing import recognize
from ..importing.weight_files import read_weights


def run(job, progress):
    """Read the weights, see which network they are of, and write both as a model.

    Returns
    -------
    dict
        OUTPUT, TASK; CLASSES and BANDS, names separated by commas.

    Raises
    ------
    JobError
        If the file cannot be read, or its network is not known.
    """
    progress(0.0, "Reading the file")
    made, known = _read(job, progress)
    card = describe(job, made, known)
    progress(0.7, f"Trying the network on an image of {card.patch} pixels")
    try_out(card, made.network)
    progress.check()
    _say(card, made, known, job, progress)
    progress(0.9, "Writing the model")
    model_file.save(job.output, card, made.network)
    return {
        "OUTPUT": job.output,
        "TASK": card.task,
        "CLASSES": first_of(class_names(card), MOST_CLASSES),
        "BANDS": ", ".join(band["name"] for band in card.bands),
    }


def _read(job, progress):
    """The network, and what the file says of it."""
    if job.input.lower().endswith(".onnx"):
        return read_onnx(job.input, job.patch, progress)
    weights = read_weights(job.input)
    progress(0.4, f"Looking which network has these {len(weights)} tensors")
    wanted = "" if job.network == AUTOMATIC else job.network
    return recognize(weights, wanted, os.path.basename(job.input)), {}


def _say(card, made, known, job, progress):
    kind = made.structure.get("encoder") or made.structure.get("name") if made.structure else ""
    progress.note(
        f"{made.name}{f' ({kind})' if kind else ''}: {len(card.bands)} band{'s' * (len(card.bands) > 1)}, "
        f"{'no last layer' if made.is_headless else f'{made.classes} classes'}."
    )
    shown = {
        key: ", ".join(f"{v:g}" for v in card.normalization[key][:13]) for key in ("mean", "sd")
    }
    progress.note(f"A band goes in as (value - mean) / sd: mean {shown['mean']}; sd {shown['sd']}.")
    if not (job.mean and job.sd) and not known.get("normalization"):
        progress.warning(
            "The file does not say how values are normalized: the usual numbers were taken. If the "
            "network was trained otherwise, give MEAN and SD."
        )
    if made.is_headless:
        progress.note(
            "It has no last layer: choose it in Train image classifier, with Start from: a model "
            "of mine."
        )
    if made.name == "mobilenet_v2_torchvision" and job.network == AUTOMATIC:
        progress.note(
            "Weights of MobileNetV2 do not tell their padding: torchvision's was taken. For those "
            "of TensorFlow set NETWORK to mobilenet_v2."
        )
    if made.name == "smp_unet":
        progress.note(
            "Weights of a U-Net do not tell how its decoder enlarges: to the nearest pixel was taken, "
            "which is usual. If it was built with another decoder_interpolation, import it as ONNX."
        )
    if card.task != CLASSIFICATION and not card.gsd:
        progress.note("The size of its pixels on the ground is not known: give GSD if you know it.")
