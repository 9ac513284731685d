"""The job that shows what a classifier looked at."""

import os
from dataclasses import dataclass

from .common import batch_size, device, seed
from .declare import (
    attribute,
    bands,
    choice,
    extent,
    features,
    integer,
    model_file,
    new_features,
    new_file,
    new_folder,
    new_raster,
    raster_or_images,
    rasters,
    result_text,
    text,
)
from .errors import JobError
from .explained import FURTHER_HELP, check_explained, check_further

METHODS = (
    ("gradcam", "Grad-CAM: where the last layers find what speaks for the class (fast)"),
    ("occlusion", "Occlusion: how much the probability falls when a part is hidden (slow)"),
    ("integrated_gradients", "Integrated gradients: what every pixel adds (fine, speckled)"),
    ("band_importance", "Band importance: what is lost when a band is shuffled (a table)"),
)


@dataclass(frozen=True)
class ExplainClassification:
    """Show what a classifier looked at when it named a class."""

    input: str = raster_or_images(
        "Raster or images",
        help="A raster, an image, or a folder of images: what the model is asked about.",
    )
    more_rasters: list = rasters("Further rasters", optional=True, help=FURTHER_HELP)
    bands: list = bands(
        "Bands",
        "input",
        help="Bands of the first raster in the model's order. Empty: those with the names of the "
        "model's bands, else all but alpha.",
    )
    extent: list = extent("Extent", help="Part of the raster to explain. Empty: all of it.")
    model: str = model_file(
        "Model", help="A model made by Train image classifier or Train pixel classifier."
    )
    class_name: str = text(
        "Class",
        help="The class to explain. Empty: whatever the model says at each place. Of Method: band "
        "importance then only the places of this class count.",
    )
    method: str = choice("Method", "gradcam", METHODS, help="How the model is asked.")
    labels: str = features(
        "Labels",
        geometry=("point", "polygon"),
        optional=True,
        help="With Method: band importance on a raster, places whose class is known: then the loss "
        "of accuracy is measured. For a folder of images the subfolders are the classes.",
    )
    class_field: str = attribute(
        "Class field",
        "labels",
        optional=True,
        help="Field of the labels that names the class. Empty: guessed from the names of the "
        "fields; the log says which was taken.",
    )
    window: int = integer(
        "Hidden window",
        0,
        unit="pixels",
        minimum=0,
        maximum=4096,
        advanced=True,
        unset=True,
        help="Side of what occlusion hides at once. 0: a sixth of the patch.",
    )
    steps: int = integer(
        "Steps",
        32,
        minimum=4,
        maximum=1000,
        advanced=True,
        help="Steps of integrated gradients; more are more exact.",
    )
    repeats: int = integer(
        "Repeats",
        5,
        minimum=1,
        maximum=100,
        advanced=True,
        help="How often each band is shuffled.",
    )
    batch_size: int = batch_size()
    device: str = device()
    seed: int = seed()
    output: str = new_raster(
        "Heat",
        optional=True,
        help="For a raster: what every pixel does for the class at its place.",
    )
    pictures: str = new_folder(
        "Pictures",
        optional=True,
        help="For images: folder to make, with the heat over every image.",
    )
    table: str = new_features(
        "Importance of the bands",
        geometry=("none",),
        optional=True,
        help="With Method: band importance, a row per band with the loss and its spread.",
    )
    report: str = new_file("Report", "html", help="One HTML page with pictures or plots.")
    top_band: str = result_text("Most important band")

    def check(self):
        check_explained(self.model, self.class_name)
        check_further(self.input, self.more_rasters)
        _check_outputs(self)
        if self.labels and not self.class_field:
            raise JobError("The labels have no class field.", "Choose it in CLASS_FIELD.")
        if self.labels and self.method != "band_importance":
            raise JobError(
                "Labels are given, which only band importance uses.",
                "Leave LABELS empty, or choose Method: band importance.",
            )
        if self.labels and os.path.isdir(self.input):
            raise JobError(
                "Labels are given for a folder of images.",
                "Leave LABELS empty, and sort the images in a subfolder per class.",
            )


def _check_outputs(job):
    of_bands = job.method == "band_importance"
    if of_bands and (job.output or job.pictures):
        name = "OUTPUT" if job.output else "PICTURES"
        found = "Band importance gives a table and no heat."
        raise JobError(found, f"Skip {name}; the result is in the report and in TABLE.")
    if job.table and not of_bands:
        raise JobError("Only band importance gives a table.", "Skip TABLE.")
    if job.output and os.path.isdir(job.input):
        found = "The heat of images is no raster: they lie nowhere."
        raise JobError(found, "Skip OUTPUT and give PICTURES a folder.")
    if job.output and job.pictures:
        found = "OUTPUT is for a raster and PICTURES for images; both are asked for."
        raise JobError(found, "Skip one of them.")
