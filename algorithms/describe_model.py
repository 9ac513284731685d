"""Describe model, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class DescribeModel(JobAlgorithm):
    """Tell what a model file is."""

    job_name = "describe_model"
    title = "Describe model"
    about = (
        "Tells what a model was trained on, which bands it needs and in what order, its classes, "
        "and how well it did on images that it had not learned from. The report can be kept "
        "beside the model."
    )
    keywords = ("model card", "metadata", "safetensors", "classes", "bands", "accuracy")
    group_title = "Engine and models"
    group_id = "engine"
    example = {"MODEL": "rocks.safetensors", "REPORT": "rocks_model.html"}
