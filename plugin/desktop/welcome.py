"""The first minutes: a message that prepares the engine, and one that offers a try."""

import os
import platform

from qgis.core import Qgis, QgsSettings
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction, QPushButton

from ...algorithms.translation import error_text, tr
from .. import engine_packages, environment, premises
from ..jobs.errors import JobError, Stopped
from ..telling import size_text
from .dialogs import closing, open_tool
from .one_line import create_message
from .preparing import Preparing
from .try_it import TryIt

_KEY = "deep_geology/welcomed"
_QUIET = "deep_geology/no_offer_to_prepare"
_MENU = "Deep Geology"


class Welcome:
    """Greets the user, prepares the engine on a click, and shows what the tools do.

    Parameters
    ----------
    iface : QgisInterface
    icon : str
        Path of the plugin's icon.
    """

    def __init__(self, iface, icon):
        self._iface, self._icon = iface, icon
        self._bar = iface.messageBar()  # held: see `closing`
        self._actions, self._preparing, self._try_it = [], None, None
        self._tries_after = False

    def add(self):
        """Add the menu, and greet once the desktop stands."""
        for text, act in ((tr("Try it…"), self.try_it), (tr("Prepare engine…"), _open_prepare)):
            action = QAction(QIcon(self._icon), text, self._iface.mainWindow())
            action.triggered.connect(act)
            self._iface.addPluginToMenu(_MENU, action)
            self._actions.append(action)
        if self._iface.mainWindow().isVisible():
            self.greet()
        else:
            self._iface.initializationCompleted.connect(self.greet)

    def remove(self):
        """Take back what `add` added, and end what still runs."""
        for action in self._actions:
            self._iface.removePluginMenu(_MENU, action)
        self._actions = []
        for work in filter(None, (self._preparing, self._try_it)):
            work.cancel()
        try:
            self._iface.initializationCompleted.disconnect(self.greet)
        except TypeError:
            return  # it was never connected: the desktop stood already

    def greet(self):
        """Offer to prepare the engine; once it stands, offer a try, one time only."""
        if environment.engine_python() is None:
            if not QgsSettings().value(_QUIET, False, type=bool):
                self._offer_engine()
        elif not QgsSettings().value(_KEY, False, type=bool):
            self._offer_try(tr("Welcome. The engine is prepared."))

    def prepare(self):
        """Prepare the engine in the background, for the graphics card where there is one."""
        if self._preparing is None:
            self._preparing = Preparing(self._bar, self._prepared, premises.best_backend())
            self._preparing.begin()

    def try_it(self):
        """Show every kind of tool on samples; the engine is prepared first if it is missing."""
        if environment.engine_python() is None:
            self._tries_after = True
            self.prepare()
        elif self._try_it is None or not self._try_it.is_at_work:
            self._try_it = TryIt(self._iface)
            self._try_it.begin()

    def _prepared(self, error):
        self._preparing = None
        tries, self._tries_after = self._tries_after, False
        if isinstance(error, Stopped):
            text = tr("Canceled. What was downloaded is kept for the next time.")
            self._say(text, ((tr("Go on"), self.prepare),))
        elif isinstance(error, JobError):
            buttons = ((tr("Try again"), self.prepare), (tr("Options…"), _open_prepare))
            self._say(error_text(error), buttons, Qgis.MessageLevel.Warning)
        elif tries:
            self.try_it()
        else:
            self._offer_try(tr("The engine is prepared."))

    def _offer_engine(self):
        # One line beside three buttons: QGIS cuts what is longer.
        backend = premises.best_backend()
        text = tr("Prepare the engine (PyTorch) once: {} to download, {} on disk.")
        if backend == "cuda":
            text = tr("Prepare the engine (PyTorch, NVIDIA) once: {} to download, {} on disk.")
        text = text.format(download_size(backend), disk_size(backend))
        buttons = (
            (tr("Prepare engine"), self.prepare),
            (tr("Options…"), _open_prepare),
            (tr("Not again"), lambda: QgsSettings().setValue(_QUIET, True)),
        )
        self._say(text, buttons)

    def _offer_try(self, text):
        QgsSettings().setValue(_KEY, True)
        more = tr("See the tools at work.")
        self._say(f"{text} {more}", ((tr("Try it"), self.try_it),))

    def _say(self, text, buttons, level=Qgis.MessageLevel.Info):
        """Show a message with buttons, each of which closes it."""
        message = create_message(self._bar, "Deep Geology", text)
        for words, act in buttons:
            button = QPushButton(words, message)
            button.clicked.connect(closing(self._bar, message, act))
            message.layout().addWidget(button)
        self._bar.pushWidget(message, level)
        return message


def download_size(backend):
    """What is left to download for an engine of a backend on this computer, as a text."""
    packages = _packages(backend)
    kept = {engine_packages.wheel_package(name) for name in _kept_downloads()}
    return size_text(sum(p.download for p in packages if (p.name, p.version) not in kept))


def disk_size(backend):
    """What an engine of a backend takes on the disk of this computer, as a text."""
    return size_text(sum(package.installed for package in _packages(backend)))


def _packages(backend):
    computer = engine_packages.this_computer(platform.python_version())
    return engine_packages.downloads_for(computer, backend)


def _kept_downloads():
    """Names of the files that an earlier, canceled preparation has left."""
    try:
        return os.listdir(os.path.join(environment.home(), "downloads"))
    except OSError:
        return []


def _open_prepare():
    open_tool("prepareengine")
