"""One step of *Try it*: a tool at work in a task of QGIS, and its layers on the map."""

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsProject,
)
from qgis.PyQt.QtCore import QTimer

from ...algorithms.layer_groups import run_group
from ...algorithms.translation import tr
from ...algorithms.versions import SILENT


class RunningStep:
    """One step, at work in a task of QGIS.

    Parameters
    ----------
    step : samples.Step
    ended : callable
        ``ended(error)`` is called with a sentence, or an empty one.
    """

    def __init__(self, step, ended):
        self._step, self._ended = step, ended
        self.feedback, self._context = _Ears(), QgsProcessingContext()
        self._context.setProject(QgsProject.instance())
        self._task = None

    def begin(self):
        """Begin in the background."""
        registry = QgsApplication.processingRegistry()
        algorithm = registry.createAlgorithmById("deepgeology:" + self._step.name)
        self._algorithm = algorithm
        parameters = dict(self._step.parameters)
        for name in self._step.layers:
            target = QgsProcessingOutputLayerDefinition(parameters[name], QgsProject.instance())
            target.destinationName = algorithm.parameterDefinition(name).description()
            parameters[name] = target
        values = (algorithm, parameters, self._context, self.feedback)
        self._task = QgsProcessingAlgRunnerTask(*values, *SILENT)
        if self._task.isCanceled():  # its values were refused, and QGIS would never say so
            QTimer.singleShot(0, lambda: self._executed(False, {}))
            return
        self._task.executed.connect(self._executed)
        QgsApplication.taskManager().addTask(self._task)

    def _executed(self, successful, results):
        error = "" if successful else self.feedback.error or tr("The step failed.")
        made = self._context.layersToLoadOnCompletion()
        if self.feedback.isCanceled():
            made = {}  # it came to its end all the same, and the project may be another one
        try:
            for layer_id, details in made.items():
                self._load(layer_id, details)
        finally:  # whatever a layer does, the next step comes, once QGIS is done with this one
            QTimer.singleShot(0, lambda: self._ended(error))

    def _load(self, layer_id, details):
        """Bring a layer onto the map, in its group, with its style."""
        layer = QgsProcessingUtils.mapLayerFromString(layer_id, self._context)
        if layer is None:
            return
        details.forceName = True  # else that of its file, where QGIS's options say so
        details.setOutputLayerName(layer)
        owned = self._context.temporaryLayerStore().takeMapLayer(layer) or layer
        QgsProject.instance().addMapLayer(owned, False)
        root = QgsProject.instance().layerTreeRoot()
        before_samples = len(root.children()) - 1
        run_group(root, tr(self._step.group), before_samples).addLayer(owned)
        if details.postProcessor() is not None:
            styling = QgsProcessingContext()  # without a project: the run makes no group of its own
            details.postProcessor().postProcessLayer(owned, styling, self.feedback)


class _Ears(QgsProcessingFeedback):
    """Remembers the last error."""

    error = ""

    def reportError(self, error, fatalError=False):  # noqa: N802, N803 - QGIS gives the names
        self.error = error.strip()
