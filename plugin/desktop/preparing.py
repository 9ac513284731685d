"""Prepare the engine beside the user's work: a task of QGIS, with its progress in a message."""

import traceback

from qgis.core import Qgis, QgsApplication, QgsTask
from qgis.PyQt.QtCore import QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QProgressBar, QPushButton

from ...algorithms.translation import error_text, said, tr
from .. import environment, proxy, worker
from ..jobs import PrepareEngine
from ..jobs.errors import JobError, Stopped

_WIDTH = 160


class PreparingTask(QgsTask):
    """Makes the engine in a thread of QGIS.

    Parameters
    ----------
    backend : str
        ``"cpu"`` or ``"cuda"``.

    Signals
    -------
    told : str
        At which stage it is, such as ``"Downloading torch, 0.8 of 2.6 GB"``.
    ended : object
        None if the engine stands, else the `JobError` or `Stopped`.
    """

    told = pyqtSignal(str)
    ended = pyqtSignal(object)

    def __init__(self, backend):
        super().__init__(tr("Prepare the engine of Deep Geology"), QgsTask.Flag.CanCancel)
        self._job = PrepareEngine(backend=backend)
        self._proxy = proxy.proxy_address()  # QGIS's settings are read on the main thread
        self._error = None

    def run(self):
        """Do it; called in a thread."""
        try:
            worker.let_go()
            environment.prepare(self._job, _Listener(self), self.isCanceled, self._proxy)
        except Stopped as error:
            self._error = error
        except JobError as error:  # whole in the log: its message is one line
            self._error = error
            _log(error_text(error), Qgis.MessageLevel.Warning)
        except Exception as error:  # QGIS would keep it to itself
            self._error = _unforeseen(error)
            _log(traceback.format_exc(), Qgis.MessageLevel.Warning)
        return self._error is None

    def finished(self, result):
        """Tell how it ended; called on the main thread, also if it was canceled before it ran."""
        self.ended.emit(None if result else self._error or Stopped())


def _unforeseen(error):
    """An error that no step expects, such as a disk that is full all at once, as a sentence."""
    what = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.strerror:
        what = f'"{error.filename}": {error.strerror}' if error.filename else error.strerror
    return JobError(
        f"The engine could not be prepared: {what}.",
        "Look whether the disk is full, and try again; QGIS's log panel says more.",
    )


def _log(text, level):
    QgsApplication.messageLog().logMessage(text, "Deep Geology", level)


class _Listener:
    """Hears what `environment.prepare` says."""

    def __init__(self, task):
        self._task = task

    def progress(self, fraction, text=""):
        self._task.setProgress(100 * fraction)
        if text:
            self._task.told.emit(said(text))

    def note(self, text):
        _log(said(text), Qgis.MessageLevel.Info)

    def warning(self, text):
        _log(said(text), Qgis.MessageLevel.Warning)

    def metric(self, name, value, step):
        """Nothing is measured while preparing."""

    log = note


class Preparing:
    """A task that prepares the engine, and the message that shows it.

    Parameters
    ----------
    bar : QgsMessageBar
    ended : callable
        ``ended(error)`` is called at the end; None if the engine stands.
    backend : str
        What the engine is made for: ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, bar, ended, backend):
        self._bar, self._ended = bar, ended
        self._task = PreparingTask(backend)
        self._message, self._progress = self._make_message()
        self._task.told.connect(self._message.setText)
        self._task.progressChanged.connect(lambda value: self._progress.setValue(round(value)))
        self._task.ended.connect(self._end_soon)

    def begin(self):
        """Begin in the background."""
        self._bar.pushWidget(self._message)
        QgsApplication.taskManager().addTask(self._task)

    def cancel(self):
        """Stop; what was downloaded is kept for the next time."""
        self._task.cancel()

    def _make_message(self):
        message = self._bar.createMessage(tr("Preparing the engine"), tr("Beginning"))
        progress = QProgressBar(message)
        progress.setRange(0, 100)
        progress.setMaximumWidth(_WIDTH)
        cancel = QPushButton(tr("Cancel"), message)
        cancel.clicked.connect(self.cancel)
        for widget in (progress, cancel):
            message.layout().addWidget(widget)
        message.destroyed.connect(self._forget)
        return message, progress

    def _forget(self):
        """The user closed the message; the work goes on in QGIS's list of tasks."""
        if self._message is None:
            return  # the work has ended, and QGIS may have deleted its task
        self._task.told.disconnect()
        self._task.progressChanged.disconnect()
        self._message = None

    def _end_soon(self, error):
        """End once QGIS has said "Task failed", as it does of a cancel, so that this is on top."""
        QTimer.singleShot(0, lambda: self._end(error))

    def _end(self, error):
        message, self._message = self._message, None
        if message is not None:
            self._bar.popWidget(message)
        self._ended(error)
