"""The Processing provider: Deep Geology in the toolbox."""

import os

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..algorithms import ALGORITHMS
from ..algorithms.destinations import TABLE_FORMATS, VECTOR_FORMATS

ICONS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "resources", "icons")


class DeepGeologyProvider(QgsProcessingProvider):
    """Lists the algorithms; needs no desktop."""

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
