"""Classify images, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .styling import style_classes


class ClassifyImages(JobAlgorithm):
    """Name the class of every image in a folder."""

    job_name = "classify_images"
    title = "Classify images"
    about = (
        "Names the class of every image in a folder, or of one image, with a model made by Train "
        "image classifier. The table has a row per image: its path, its class, the confidence, "
        "and a probability per class. Images with a GPS position or with georeferencing become "
        "points on the map."
    )
    keywords = (
        "deep learning", "AI", "classification", "photograph", "thin section",
        "prediction", "lithology", "mineral", "Sentinel-2",
    )  # fmt: skip
    example = {"INPUT": "photos", "MODEL": "rocks.safetensors", "OUTPUT": "photos.gpkg"}

    def style(self, job_values, results, context):
        style_classes(context, results["OUTPUT"], job_values["model"])
