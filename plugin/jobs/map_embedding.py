"""The job that lays images out by what a model sees in them."""

import os
from dataclasses import dataclass

from .common import batch_size, device, seed
from .declare import (
    bands,
    choice,
    extent,
    integer,
    model_file,
    new_features,
    new_file,
    new_raster,
    number,
    raster_or_images,
    rasters,
    result_number,
    text,
)
from .errors import JobError
from .explained import FURTHER_HELP, check_explained, check_further

METHODS = (
    ("pca", "Principal components: keeps distances, shows the largest differences"),
    ("tsne", "t-SNE: keeps neighbors together, shows groups; distances mean little"),
)


@dataclass(frozen=True)
class MapEmbedding:
    """Lay images out by what a model sees in them: alike lies near alike."""

    input: str = raster_or_images(
        "Raster or images", help="A folder of images or chips, or a raster that is cut in patches."
    )
    more_rasters: list = rasters("Further rasters", optional=True, help=FURTHER_HELP)
    bands: list = bands(
        "Bands",
        "input",
        help="Bands of the first raster in the model's order. Empty: those with the names of the "
        "model's bands, else all but alpha.",
    )
    extent: list = extent("Extent", help="Part of the raster that is cut. Empty: all of it.")
    model: str = model_file(
        "Model", help="A model made by Train image classifier or Train pixel classifier."
    )
    method: str = choice("Method", "pca", METHODS, help="How the features become a map.")
    class_name: str = text(
        "Class",
        help="A class of the model: the plot is colored by its probability. Empty: by the subfolder "
        "of an image, or by what the model says if there are no subfolders.",
    )
    stride: int = integer(
        "Stride",
        0,
        unit="pixels",
        minimum=0,
        maximum=4096,
        unset=True,
        help="Step between the patches of a raster, and side of a cell of the components. "
        "0: a patch.",
    )
    perplexity: float = number(
        "Perplexity",
        30.0,
        minimum=2,
        maximum=200,
        advanced=True,
        help="With t-SNE, about how many neighbors count; fewer if there are few images.",
    )
    batch_size: int = batch_size()
    device: str = device()
    seed: int = seed()
    output: str = new_features(
        "Embedding",
        geometry=("point",),
        help="A point per image or patch: where it lies on the map, else where it lies in the "
        "embedding; with its class and the coordinates in the embedding.",
    )
    components: str = new_raster(
        "Components",
        optional=True,
        help="For a raster: its first three principal components as red, green and blue.",
    )
    plot: str = new_file("Plot", "png", help="Picture of the embedding with small images.")
    explained: float = result_number("Share of the variance in the first two components")

    def check(self):
        check_explained(self.model, self.class_name)
        check_further(self.input, self.more_rasters)
        if self.components and os.path.isdir(self.input):
            raise JobError(
                "Images have no components raster: they lie side by side nowhere.",
                "Skip COMPONENTS.",
            )
