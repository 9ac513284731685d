"""Export training chips, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm
from .styling import style_own_classes


class ExportTrainingChips(JobAlgorithm):
    """Cut labeled chips out of a raster."""

    job_name = "export_training_chips"
    title = "Export training chips"
    about = (
        "Cuts square chips out of a raster around labeled points, or all over labeled polygons, "
        "and sorts them into a folder with a subfolder per class: what Train image classifier "
        "learns from. Chips keep their place on Earth, so that a validation can keep neighbors "
        "together. Labels may be in any coordinate reference system. Labels without a class, and "
        "labels outside the raster, are left out and counted in the log."
    )
    keywords = ("chip", "tile", "patch", "label", "sample", "training data",
                "deep learning", "AI")  # fmt: skip
    example = {
        "INPUT": "survey.tif",
        "LABELS": "labels.gpkg",
        "CLASS_FIELD": "rock",
        "CHIP_SIZE": 32,
        "OUTPUT": "chips",
    }

    def style(self, job_values, results, context):
        style_own_classes(context, results["FOOTPRINTS"])
