"""*Try it*: a project on the samples, in which tools run while the user looks on."""

import os

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsDatumTransform,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtWidgets import QProgressBar, QPushButton

from ...algorithms.box_style import outline_classes
from ...algorithms.translation import tr
from ..jobs.colors import class_colors
from . import samples
from .one_line import create_message
from .running_step import RunningStep
from .sights import add_reports, add_sights, unfold

_SAMPLE_GROUP = "Samples"
_PROJECT = "deep_geology_samples.qgz"
_WIDTH = 160


class TryIt:
    """Runs the steps of the samples one after the other, in QGIS's tasks.

    Parameters
    ----------
    iface : QgisInterface

    Attributes
    ----------
    is_at_work : bool
    """

    def __init__(self, iface):
        self._iface, self.is_at_work = iface, False
        self._bar = iface.messageBar()
        self._folder, self._steps, self._waiting, self._running = "", (), [], None
        self._total = 0
        self._kept = []  # steps that have ended: QGIS's tasks still refer to what they hold
        self._message = self._progress = None
        self._is_canceled, self._is_left = False, False

    def begin(self):
        """Make the project, and begin with the first step; nothing if the user keeps his own."""
        if not self._iface.newProject(True):  # QGIS asks about changes that are not saved
            return
        self._folder = samples.new_folder()
        try:
            samples.copy_samples(self._folder)
        except OSError as error:
            text = tr('The samples cannot be copied: {}. Look whether you can write to "{}".')
            self._warn(text.format(error.strerror, self._folder))
            return
        self._add_samples()
        QgsProject.instance().cleared.connect(self._leave)
        self._steps = samples.steps(self._folder)
        self._waiting = list(self._steps)
        self._total, self.is_at_work = len(self._waiting), True
        self._show_message()
        self._next()

    def cancel(self):
        """Stop; what is done stays."""
        self._waiting, self._is_canceled = [], True
        if self._running is not None:
            self._running.feedback.cancel()

    def _leave(self):
        """The user goes on to another project, to which nothing is added."""
        self._is_left = True
        self.cancel()

    def _place(self, *names):
        return os.path.join(self._folder, *names)

    def _add_samples(self):
        """The samples as layers, and the map over the aerial image."""
        project = QgsProject.instance()
        project.setTitle("Deep Geology")
        image = QgsRasterLayer(self._place("prairie", "image.tif"), tr("Aerial image"))
        labels = QgsVectorLayer(self._place("prairie", "labels.geojson"), tr("Labels"), "ogr")
        if labels.isValid():
            _show_classes(labels)
        _ask_no_question(project, image.crs())
        project.setCrs(image.crs())
        group = project.layerTreeRoot().addGroup(tr(_SAMPLE_GROUP))
        for layer in (image, labels):
            project.addMapLayer(layer, False)
            group.insertLayer(0, layer)
        self._iface.mapCanvas().setExtent(image.extent())
        self._iface.mapCanvas().refresh()

    def _next(self):
        if not self._waiting:
            self._end(tr("Ready, with maps in North Dakota and Japan: choose where to go."))
            return
        done = self._total - len(self._waiting)
        step = self._waiting.pop(0)
        text = tr("Step {} of {}: {}").format(done + 1, self._total, tr(step.title))
        if self._message is not None:
            self._message.setText(text)
        self._running = RunningStep(step, self._step_ended)
        self._kept.append(self._running)
        self._running.feedback.progressChanged.connect(
            lambda percent: self._show_progress((done + percent / 100) / self._total)
        )
        self._running.begin()

    def _step_ended(self, error):
        if self._is_left:
            self._end(tr("Try it has ended: nothing is added to the project that you went on to."))
        elif self._is_canceled:
            self._end(tr("Canceled. What was done so far stays."))
        elif error:
            self._waiting = []
            self._end("")
            self._warn(error)
        else:
            self._next()

    def _end(self, text):
        """Keep the project, if it is ours and not kept elsewhere, and say where everything is."""
        project = QgsProject.instance()
        project.cleared.disconnect(self._leave)
        self.is_at_work, self._running = False, None
        if self._message is not None:
            self._bar.popWidget(self._message)
        is_ours = not (self._is_left or project.fileName())
        if is_ours and not project.write(self._place(_PROJECT)):
            self._warn(tr("The sample project cannot be saved: {}").format(project.error()))
            text = ""  # it would say that all is well
        if text:
            message = create_message(self._bar, "Deep Geology", text)
            if not self._is_left:
                self._add_what_was_made(message)
            self._bar.pushWidget(message)

    def _add_what_was_made(self, message):
        """Buttons to the layers and to the reports; the layers that came first are unfolded."""
        root = QgsProject.instance().layerTreeRoot()
        named = dict.fromkeys(tr(step.group) for step in self._steps)
        groups = [name for name in named if root.findGroup(name)]
        for number, name in enumerate(groups):
            unfold(root.findGroup(name), number == 0)
        add_sights(message, self._iface.mapCanvas(), groups)
        reports = {tr(s.title): s.parameters.get("REPORT", "") for s in self._steps}
        add_reports(message, reports)

    def _warn(self, text):
        message = create_message(self._bar, "Deep Geology", text)
        self._bar.pushWidget(message, Qgis.MessageLevel.Warning)

    def _show_message(self):
        self._message = self._bar.createMessage(tr("Try it"), "")
        self._progress = QProgressBar(self._message)
        self._progress.setRange(0, 100)
        self._progress.setMaximumWidth(_WIDTH)
        cancel = QPushButton(tr("Cancel"), self._message)
        cancel.clicked.connect(self.cancel)
        for widget in (self._progress, cancel):
            self._message.layout().addWidget(widget)
        self._message.destroyed.connect(self._forget_message)
        self._bar.pushWidget(self._message)

    def _show_progress(self, share):
        if self._progress is not None:
            self._progress.setValue(round(100 * share))

    def _forget_message(self):
        self._message = self._progress = None


def _show_classes(labels):
    """The colors of the labels' classes are those that their model gives to its map."""
    names = sorted(labels.uniqueValues(labels.fields().lookupField("class")))
    outline_classes(labels, dict(zip(names, class_colors(names))))


def _ask_no_question(project, crs):
    """Between the samples' reference systems the usual transformation will do."""
    geographic, known = QgsCoordinateReferenceSystem("EPSG:4326"), project.transformContext()
    for source, target in ((crs, geographic), (geographic, crs)):
        ways = [one.proj for one in QgsDatumTransform.operations(source, target) if one.isAvailable]
        if ways:  # the most exact that needs no grid which is not there
            known.addCoordinateOperation(source, target, ways[0], True)
    project.setTransformContext(known)
