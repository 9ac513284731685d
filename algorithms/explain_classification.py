"""Explain classification, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .styling import style_heat, style_on_load


class ExplainClassification(JobAlgorithm):
    """Show what a classifier looked at."""

    job_name = "explain_classification"
    title = "Explain classification"
    about = (
        "Shows what a model looked at when it named a class: as a raster of heat, or as pictures "
        "of the images with the heat over them. Band importance tells in a table which bands the "
        "model needs, by shuffling one after the other. Works with models of Train image "
        "classifier and of Train pixel classifier. Heat on a margin, a shadow or a label is a sign "
        "that the model learned something else than meant."
    )
    keywords = ("explainable", "XAI", "Grad-CAM", "saliency", "attribution", "occlusion",
                "feature importance", "permutation")  # fmt: skip
    group_title = "Trust and explanation"
    group_id = "trust"
    example = {
        "INPUT": "survey.tif",
        "MODEL": "rocks.safetensors",
        "METHOD": "occlusion",
        "OUTPUT": "heat.tif",
        "REPORT": "explanation.html",
    }

    def style(self, job_values, results, context):
        style_on_load(context, results["OUTPUT"], style_heat)
