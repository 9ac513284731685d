"""Assess accuracy, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class AssessAccuracy(JobAlgorithm):
    """Compare a map with reference data."""

    job_name = "assess_accuracy"
    title = "Assess accuracy"
    about = (
        "Compares a map with places whose class is known and that took no part in making it: "
        "confusion matrix, accuracies with 95 % intervals, kappa, F1. If the places were drawn by "
        "chance, accuracies are weighted by area, and the areas of the classes are corrected for "
        "the mistakes of the map, with intervals (Olofsson et al. 2014). Otherwise the report says "
        "what cannot be claimed. A map of the probability of deposits is compared with deposits by "
        "its success-rate curve. Reference places outside the map or without data are counted and "
        "left out."
    )
    keywords = (
        "accuracy", "validation", "confusion matrix", "kappa", "area", "uncertainty",
        "success rate", "ROC", "AUC", "lithology", "mineral",
    )  # fmt: skip
    group_title = "Trust and explanation"
    group_id = "trust"
    example = {
        "CLASSIFIED": "classes.tif",
        "REFERENCE": "checked.gpkg",
        "CLASS_FIELD": "rock",
        "DESIGN": "stratified",
        "REPORT": "accuracy.html",
        "CONFUSION": "confusion.gpkg",
    }
