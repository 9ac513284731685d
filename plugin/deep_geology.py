"""The plugin as QGIS loads it."""

from qgis.core import QgsApplication

from . import library_folder, worker
from .provider import DeepGeologyProvider


class DeepGeology:
    """Brings the provider to Processing, and the options page to the desktop.

    Parameters
    ----------
    iface : QgisInterface or None
        The desktop; None in ``qgis_process``.
    """

    def __init__(self, iface):
        self._iface = iface
        self._provider = None
        self._desktop = ()

    def initProcessing(self):
        """Add the provider; ``qgis_process`` calls this alone, without a desktop."""
        library_folder.take_into_use()
        self._provider = DeepGeologyProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self):
        """Add the provider and the options page; called by the desktop."""
        self.initProcessing()
        from .desktop import DesktopModels, Explainer, Welcome
        from .settings import ICON, OptionsPages

        parts = OptionsPages(self._iface), DesktopModels(self._iface), Explainer(self._iface)
        self._desktop = (*parts, Welcome(self._iface, ICON))
        for part in self._desktop:
            part.add()

    def unload(self):
        """Take back what was added, and end the engine."""
        for part in self._desktop:
            part.remove()
        self._desktop = ()
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        worker.close()
