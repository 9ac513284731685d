"""Suggest labels, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .suggestion_style import style_suggestions


class SuggestLabels(JobAlgorithm):
    """Find the places where a new label teaches most."""

    job_name = "suggest_labels"
    title = "Suggest labels"
    about = (
        "Looks through a map for the places where a new label would teach the model most: where it "
        "is undecided or has never seen such ground, and all of them different from each other and "
        "from what is labeled already. The most instructive place comes first. Visit them in the "
        "field or on the image, label them, and train again."
    )
    keywords = (
        "active learning", "sampling", "field work", "uncertainty", "training data",
        "lithology", "mineral",
    )  # fmt: skip
    group_title = "Trust and explanation"
    group_id = "trust"
    example = {
        "RASTERS": ["survey.tif", "dem.tif"],
        "MODEL": "geology.safetensors",
        "LABELS": "labels.gpkg",
        "COUNT": 20,
        "OUTPUT": "to_visit.gpkg",
    }

    def style(self, job_values, results, context):
        style_suggestions(context, results["OUTPUT"])
