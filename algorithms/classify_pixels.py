"""Classify pixels, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .styling import (
    style_class_raster,
    style_confidence,
    style_on_load,
    style_probabilities,
    style_trust,
)


class ClassifyPixels(JobAlgorithm):
    """Make a map with a pixel classifier."""

    job_name = "classify_pixels"
    title = "Classify pixels"
    about = (
        "Makes a map with a model made by Train pixel classifier: a class for every pixel of a "
        "stack of rasters, of any size. The map does not depend on the windows it is computed in, "
        "unless you choose a smaller overlap. Besides the classes it gives the confidence, the "
        "probability of every class, and where the map may be trusted: how unlike the ground of "
        "the training a pixel is (area of applicability, Meyer & Pebesma 2021). Where it lights "
        "up, the model is guessing, however confident it is. Pixels without data in any band "
        "stay empty."
    )
    keywords = (
        "deep learning", "AI", "segmentation", "classification", "geological map",
        "land cover", "prediction", "area of applicability", "uncertainty", "landslide",
        "lithology", "mineral", "fault", "DEM", "hillshade", "Sentinel-2",
    )  # fmt: skip
    group_title = "Maps from labels"
    group_id = "maps"
    example = {
        "RASTERS": ["survey.tif", "dem.tif"],
        "MODEL": "geology.safetensors",
        "OUTPUT": "map.tif",
        "CONFIDENCE": "confidence.tif",
        "TRUST": "trust.tif",
    }

    def style(self, job_values, results, context):
        style_on_load(context, results["OUTPUT"], style_class_raster)
        style_on_load(context, results["CONFIDENCE"], style_confidence)
        style_on_load(context, results["PROBABILITIES"], style_probabilities)
        style_trust(context, results["TRUST"], job_values["model"])
