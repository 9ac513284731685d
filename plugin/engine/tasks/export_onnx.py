"""Export a model to ONNX."""

from ...jobs.export_onnx import FEATURES, check_exportable
from .. import model_file
from ..onnx_export import Exported, library, metadata, tile_of, write_onnx


def run(job, progress):
    """Export a model.

    Returns
    -------
    dict
        OUTPUT.

    Raises
    ------
    JobError
        If the model is neither a pixel nor an image classifier, or does not give what is wanted.
    """
    library()  # without it nothing else need be said
    card, network = model_file.load(job.model)
    features = job.content == FEATURES
    check_exportable(card, job.content)
    side, overlap = tile_of(card, network, job.tile_size)
    progress(0.1, f"Tiles of {side} pixels, {len(card.bands)} band{'s' * (len(card.bands) > 1)}")
    exported = Exported(card, network, features).eval()
    _say_limits(card, side, overlap, progress)
    progress.check()
    texts = metadata(card, side, overlap, features)
    write_onnx(job.output, exported, len(card.bands), side, texts)
    return {"OUTPUT": job.output}


def _say_limits(card, side, overlap, progress):
    progress.note(
        f"The network takes tiles of {side} x {side} pixels with values divided by 255, and gives "
        f"probabilities; neighbors should overlap by {overlap} %."
    )
    if card.dtype != "uint8":
        progress.warning(
            f"The model was trained on values of type {card.dtype}. Deepness reads rasters of "
            "8 bits only; other programs must divide the values by 255."
        )
    if not card.gsd:
        progress.warning(
            "The model does not know the size of its pixels on the ground: set the resolution in "
            "Deepness yourself."
        )
