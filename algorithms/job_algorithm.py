"""The one parent of all algorithms: the dialog comes from the job, the engine does it."""

import os
import shutil
import tempfile

from qgis.core import QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingUtils
from qgis.PyQt.QtGui import QIcon

from ..plugin import environment, worker
from ..plugin.jobs import JOBS, model_library
from ..plugin.jobs.checkpoints import beside, how_to_go_on
from ..plugin.jobs.declare import declared, from_values, processing_name
from ..plugin.jobs.errors import JobError, Stopped
from . import recent_models, sinks
from .checks import checked_inputs
from .destinations import new_places
from .explaining import explain
from .features import read_collection
from .handover import hand_over, raster_sources
from .help_text import console_example, help_picture, short_help
from .job_file import NAME as JOB_FILE, asked_job_file, job_file_parameter, write_job_file
from .layer_groups import group_on_load
from .layer_output import LayerOutput, try_out_layers
from .listener import FeedbackListener
from .next_tools import NEXT
from .origins import layer_names, naming_layers, origins
from .parameters import make_output, make_parameters
from .temporary_models import warn_of_temporary
from .translation import error_text, language, said, tr
from .values import as_qgis_checks, read_places

# What finds every tool.
EVERY_TOOL = ("machine learning",)
HOMEPAGE = "https://github.com/deep-geology/deep-geology"
ICONS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "resources", "icons")
NO_ENGINE = (
    "The engine is not prepared.",
    'Run "Prepare engine" (Processing Toolbox > Deep Geology > Engine and models) once.',
)


class JobAlgorithm(QgsProcessingAlgorithm):
    """A job as a Processing algorithm.

    A child names its job and says what it does; it overrides `run_job` if the engine does not
    do the job, `write_layer` and `style` for what is special about its outputs.

    Attributes
    ----------
    job_name : str
        Name in `plugin.jobs.JOBS`; icon, id and help follow from it.
    title, about, keywords : str, str, tuple of str
        Shown in the toolbox and found by its search.
    example : dict
        Parameters of the console example in the help.
    group_title, group_id : str
    needs_engine : bool
    """

    job_name = ""
    title = ""
    about = ""
    keywords = ()
    example = {}
    group_title = "Image classification"
    group_id = "imageclassification"
    needs_engine = True

    @property
    def job(self):
        """The job's dataclass."""
        return JOBS[self.job_name]

    def name(self):
        return processing_name(self.job_name)

    def displayName(self):
        return tr(self.title)

    def group(self):
        return tr(self.group_title)

    def groupId(self):
        return self.group_id

    def tags(self):
        keywords = (*self.keywords, *EVERY_TOOL)
        return list(dict.fromkeys((*map(tr, keywords), *keywords)))

    def shortDescription(self):
        return tr(self.job.__doc__.strip())

    def shortHelpString(self):
        example = console_example(self.name(), self.example)
        shown = self.following(), help_picture(self.job_name)
        return short_help(self.job, tr(self.about), example, *shown)

    def following(self):
        """Titles of the tools that a user may want next."""
        from . import ALGORITHMS  # which imports this file

        titles = {one.job_name: one.title for one in ALGORITHMS}
        return [titles[name] for name in NEXT.get(self.job_name, ()) if name in titles]

    def helpUrl(self):
        return f"{HOMEPAGE}#{self.name()}"

    def icon(self):
        return QIcon(self.svgIconPath())

    def svgIconPath(self):
        return os.path.join(ICONS, self.job_name + ".svg")

    def createInstance(self):
        return type(self)()

    def initAlgorithm(self, configuration=None):
        for part in declared(self.job):
            for parameter in make_parameters(part):
                self.addParameter(parameter, createOutput=not part.is_report)
            if part.is_result or part.is_report:
                self.addOutput(make_output(part, self.displayName()))
        if self.needs_engine:
            self.addParameter(job_file_parameter())

    def canExecute(self):
        if self.needs_engine and environment.engine_python() is None:
            return False, " ".join(tr(sentence) for sentence in NO_ENGINE)
        return True, ""

    def checkParameterValues(self, parameters, context):
        try:
            checked_inputs(self, parameters, context)
        except JobError as error:
            return False, error_text(error)
        return super().checkParameterValues(as_qgis_checks(self.job, parameters), context)

    def prepareAlgorithm(self, parameters, context, feedback):
        try:
            self._inputs = checked_inputs(self, parameters, context, feedback.pushInfo)
            self._rasters = raster_sources(self, parameters, context)
        except JobError as error:
            raise self._exception(error, feedback) from error
        return True

    def processAlgorithm(self, parameters, context, feedback):
        folder = tempfile.mkdtemp(dir=QgsProcessingUtils.tempFolder())
        try:
            return self._process(parameters, context, feedback, folder)
        except JobError as error:
            raise self._exception(error, feedback) from error
        except Stopped as error:
            told = [tr("Canceled; no output was written."), self._kept(parameters)]
            raise QgsProcessingException(" ".join(filter(None, told))) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _kept(self, parameters):
        """How to go on with a training that was canceled; empty if nothing is kept of it."""
        model = read_places(self, parameters).get("model")
        return how_to_go_on(beside(model)) if model and os.path.isdir(beside(model)) else ""

    def run_job(self, job_values, feedback):
        """Do the job; a child whose job is not the engine's overrides this.

        Parameters
        ----------
        job_values : dict
            Plain, checked value by field name.
        feedback : QgsProcessingFeedback

        Returns
        -------
        dict
            Output by name in upper case.

        Raises
        ------
        JobError, Stopped
        """
        if environment.engine_python() is None:
            raise JobError(*NO_ENGINE)
        named = naming_layers(self._layer_names)
        listener = FeedbackListener(feedback, named=named)
        try:
            return worker.run(
                self.job_name, job_values, listener, feedback.isCanceled,
                language=language(), sources=self._sources,
            )  # fmt: skip
        except JobError as error:  # its trace was told to the listener
            raise JobError(named(error.found), named(error.remedy)) from error
        finally:
            listener.flush()

    def write_layer(self, part, collection, output, parameters, context):
        """Bring the features that the engine wrote into a sink; gives the layer's id."""
        return sinks.write_new(output, collection, part.geometry[0])

    def style(self, job_values, results, context):
        """Set styles with `styling.style_on_load`; called when all outputs are written."""

    def parts(self):
        """What the job declares."""
        return declared(self.job)

    def _process(self, parameters, context, feedback, folder):
        run = (parameters, context, feedback)
        job_file = asked_job_file(self, parameters, context) if self.needs_engine else ""
        if job_file:
            write_job_file(job_file, self, run, (self._inputs, self._rasters), folder)
            return {JOB_FILE: job_file}
        files = hand_over(self, run, self._inputs, self._rasters, folder)
        given = (self, parameters, context, self._rasters, files)
        self._sources, self._layer_names = origins(*given), layer_names(*given)
        places = new_places(self, parameters, context, folder)
        whole = {name: os.path.abspath(path) for name, path in places.items()}
        job_values = {**self._inputs, **files, **whole}
        from_values(self.job, job_values)
        try_out_layers(self, parameters, context, places)
        outputs = self.run_job(job_values, feedback)
        results = {
            part.name.upper(): self._result(part, parameters, context, places, outputs)
            for part in self.parts()
            if not part.is_input
        }
        self.style(job_values, results, context)
        group_on_load(context, results, self.displayName())
        warn_of_temporary(results, feedback)
        return results

    def _result(self, part, parameters, context, places, outputs):
        """The value of an output; None for an optional one that was not asked for."""
        if part.is_result:
            return outputs.get(part.name.upper())
        path = places.get(part.name)
        if part.kind == "new_features" and path:
            output = LayerOutput(self, part, parameters, context)
            return self.write_layer(part, read_collection(path), output, parameters, context)
        if path and path.endswith(model_library.ENDING):
            recent_models.remember(path)
        return path

    def _exception(self, error, feedback):
        """What QGIS shows for a `JobError`, and where it is explained; its trace goes to the log."""
        if error.trace:
            feedback.pushDebugInfo(error.trace)
        explain(self.id(), error, said(error.found), feedback)
        return QgsProcessingException(error_text(error))
