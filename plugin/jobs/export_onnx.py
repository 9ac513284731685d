"""The job that exports a model to ONNX."""

from dataclasses import dataclass

from .declare import choice, integer, model_file, new_file
from .errors import JobError
from .model_card import CLASSIFICATION, PIXELS, read_card

CLASSES, FEATURES = "classes", "features"
_CONTENTS = (
    (CLASSES, "Probability of every class, for every pixel of a tile"),
    (FEATURES, "Features of a tile (image classifiers only), to find similar places"),
)


@dataclass(frozen=True)
class ExportOnnx:
    """Export a model to ONNX, with the metadata that the Deepness plugin reads."""

    model: str = model_file(
        "Model", help="A model made by Train pixel classifier or Train image classifier."
    )
    content: str = choice(
        "Gives",
        CLASSES,
        _CONTENTS,
        help="What the exported network gives. An image classifier gives the same probabilities "
        "for every pixel of its tile.",
    )
    tile_size: int = integer(
        "Tile size",
        0,
        unit="pixels",
        minimum=0,
        maximum=8192,
        advanced=True,
        unset=True,
        help="Side of the tiles that the network takes. 0: automatic. An image classifier takes "
        "the size that it was trained on.",
    )
    output: str = new_file("ONNX file", "onnx", help="The network with its metadata.")

    def check(self):
        check_exportable(read_card(self.model), self.content)


def check_exportable(card, content):
    """Refuse a model that cannot be exported, or does not give what is wanted.

    Raises
    ------
    JobError
    """
    if card.task not in (PIXELS, CLASSIFICATION):
        raise JobError(
            f"The model is for {card.task}, which cannot be exported.",
            "Choose a model of Train pixel classifier or Train image classifier.",
        )
    if content == FEATURES and card.task != CLASSIFICATION:
        raise JobError(
            "A pixel classifier gives classes, not features of a tile.", "Set CONTENT to classes."
        )
