"""The Processing provider: Deep Geology in the toolbox."""

import os

from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..algorithms import ALGORITHMS
from ..algorithms.destinations import TABLE_FORMATS, VECTOR_FORMATS
from ..algorithms.ready_model import ReadyModel

RESOURCES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "resources")
ICONS = os.path.join(RESOURCES, "icons")
# The ready-made models, with the tool whose icon each has.
READY_MODELS = {
    "landforms.model3": "classify_pixels", "land_cover.model3": "classify_pixels",
    "prospectivity.model3": "classify_pixels", "scenes.model3": "classify_raster",
    "objects.model3": "detect_objects", "seismicity.model3": "forecast_seismic_grid",
    "csep_forecast.model3": "export_csep_forecast", "series.model3": "forecast_grid",
    "finer_raster.model3": "upscale_raster", "own_upscaler.model3": "train_upscaler",
    "finer_map.model3": "upscale_raster",
}  # fmt: skip
# Whose algorithms the ready-made models use.
_NEEDED = ("deepgeology", "native", "gdal")


class DeepGeologyProvider(QgsProcessingProvider):
    """Lists the algorithms and the ready-made models; needs no desktop."""

    def __init__(self):
        super().__init__()
        # A model is complete only when the algorithms of its steps are there, our own too.
        QgsApplication.processingRegistry().providerAdded.connect(self._complete)

    def unload(self):
        registry = QgsApplication.processingRegistry()
        if registry is not None:  # else QGIS is ending, and the registry with it
            registry.providerAdded.disconnect(self._complete)

    def _complete(self, name):
        if name in _NEEDED:
            self.refreshAlgorithms()

    def id(self):
        return "deepgeology"

    def name(self):
        return "Deep Geology"

    def longName(self):
        return "Deep Geology (deep learning for geologists)"

    def icon(self):
        return QIcon(self.svgIconPath())

    def svgIconPath(self):
        return os.path.join(ICONS, "provider.svg")

    def loadAlgorithms(self):
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
        for name, tool in READY_MODELS.items():
            model = ReadyModel(name, tool)
            if model.is_complete():  # not as long as an algorithm of a step is missing
                self.addAlgorithm(model)

    def supportedOutputRasterLayerExtensions(self):
        return ["tif"]

    def defaultRasterFileExtension(self):
        return "tif"

    def supportedOutputVectorLayerExtensions(self):
        return list(VECTOR_FORMATS)

    def supportedOutputTableExtensions(self):
        return list(TABLE_FORMATS)

    def supportsNonFileBasedOutput(self):
        return True
