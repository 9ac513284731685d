"""Tell what a model file is, without building its network."""

import os

from ...jobs.lists import MOST_CLASSES, first_of
from ...jobs.model_card import GENERATION, SEISMIC, SERIES, UPSCALING, class_names, read_card
from ...jobs.model_weights import read_weights
from ..forecast_model_report import write_forecast_model_report
from ..generation.model_page import write_generator_page
from ..model_report import check_content, write_model_report
from ..upscaling.model_page import write_upscaler_page

_PAGES = {
    SEISMIC: write_forecast_model_report,
    SERIES: write_forecast_model_report,
    GENERATION: write_generator_page,
    UPSCALING: write_upscaler_page,
}


def run(job, progress):
    """Read a model's card, check that its weights are all there, and write a page on it.

    Returns
    -------
    dict
        TASK; CLASSES and BANDS, names separated by commas; REPORT, if one was asked for.
    """
    progress(0.0, "Reading the model")
    name = os.path.basename(job.model)
    card = read_card(job.model)
    check_content(card, name)
    weights = read_weights(job.model)
    outputs = {
        "TASK": card.task,
        "CLASSES": first_of(class_names(card), MOST_CLASSES),
        "BANDS": ", ".join(band["name"] for band in card.bands),
    }
    progress(0.5, "Writing the report")
    if job.report:
        write = _PAGES.get(card.task, write_model_report)
        write(job.report, card, weights, name)
        outputs["REPORT"] = job.report
    progress(1.0)
    return outputs
