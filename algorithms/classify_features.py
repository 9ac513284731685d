"""Classify features, as a Processing algorithm."""

from . import sinks
from .job_algorithm import JobAlgorithm
from .styling import style_classes
from .values import feature_source


class ClassifyFeatures(JobAlgorithm):
    """Name the class of the raster at every feature."""

    job_name = "classify_features"
    title = "Classify features by raster"
    about = (
        "Cuts a patch out of a raster around the middle of every mapped feature, names its class "
        "with a model made by Train image classifier, and adds the class, the confidence and a "
        "probability per class to the features. Larger polygons are covered with patches. "
        "Features where the raster has no data are kept, with no class."
    )
    keywords = (
        "deep learning", "AI", "classification", "outcrop", "polygon", "point",
        "prediction", "lithology",
    )  # fmt: skip
    example = {
        "INPUT": "outcrops.gpkg",
        "RASTER": "survey.tif",
        "MODEL": "rocks.safetensors",
        "OUTPUT": "classified.gpkg",
    }

    def write_layer(self, part, features, output, parameters, context):
        asked = next(p for p in self.parts() if p.name == "input")
        source = feature_source(self, parameters, context, asked)
        return sinks.write_joined(output, features, source)

    def style(self, job_values, results, context):
        style_classes(context, results["OUTPUT"], job_values["model"])
