"""Which tools take a model."""

from qgis.core import QgsApplication

from ..plugin.jobs import JOBS
from ..plugin.jobs.declare import declared, processing_name


def tools_for(card):
    """The algorithms whose parameter MODEL takes models of a card's task.

    Parameters
    ----------
    card : ModelCard

    Returns
    -------
    list of QgsProcessingAlgorithm
        In the order of the toolbox, without those that take any model.
    """
    registry = QgsApplication.processingRegistry()
    found = [
        registry.algorithmById("deepgeology:" + processing_name(name))
        for name, job in JOBS.items()
        if any(_takes(part, card.task) for part in declared(job))
    ]
    return [algorithm for algorithm in found if algorithm is not None]


def _takes(part, task):
    return part.kind == "model_file" and part.name == "model" and part.task == task
