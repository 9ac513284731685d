"""The plugin as QGIS loads it."""

from qgis.core import QgsApplication

from . import worker
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
        self._desktop = None

    def initProcessing(self):
        """Add the provider; ``qgis_process`` calls this alone, without a desktop."""
        self._provider = DeepGeologyProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self):
        """Add the provider and the options page; called by the desktop."""
        self.initProcessing()
        from .settings import Desktop

        self._desktop = Desktop(self._iface)
        self._desktop.add()

    def unload(self):
        """Take back what was added, and end the engine."""
        if self._desktop is not None:
            self._desktop.remove()
            self._desktop = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        worker.close()
