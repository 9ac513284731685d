"""Classify raster, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .styling import style_class_raster, style_confidence, style_on_load


class ClassifyRaster(JobAlgorithm):
    """Slide an image classifier over a raster."""

    job_name = "classify_raster"
    title = "Classify raster by patches"
    about = (
        "Slides a model made by Train image classifier over a raster, and writes the class of "
        "the patch around every cell. A cell is as large as the stride: a map of large units, "
        "not of single pixels. Class names and colors are in the file, so that it looks the same "
        "in every program. Cells without data stay empty."
    )
    keywords = (
        "deep learning", "AI", "classification", "land cover", "sliding window",
        "prediction", "lithology", "Sentinel-2",
    )  # fmt: skip
    example = {
        "INPUT": "survey.tif",
        "MODEL": "rocks.safetensors",
        "OUTPUT": "classes.tif",
        "CONFIDENCE": "confidence.tif",
    }

    def style(self, job_values, results, context):
        style_on_load(context, results["OUTPUT"], style_class_raster)
        style_on_load(context, results["CONFIDENCE"], style_confidence)
