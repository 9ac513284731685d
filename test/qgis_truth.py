# ruff: noqa: N802, N803 - QGIS gives the names of the methods of Ears
"""Small layers whose truth is known, made with QGIS and GDAL for the tests of the algorithms.

The landscape is 256 x 256 pixels of 10 m (EPSG:32717): *granite* in the west is bright and
smooth, *schist* in the east is dark and striped. The border is at easting 601280.
"""

import time

import numpy as np
from osgeo import gdal, osr
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingFeedback,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource as Source,
    QgsProcessingModelOutput,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtWidgets import QPushButton

gdal.UseExceptions()
CRS = "EPSG:32717"
WEST, NORTH, PIXEL, SIDE = 600000.0, 9600000.0, 10.0, 256
BORDER = WEST + PIXEL * SIDE / 2
CLASSES = ("granite", "schist")


def rock_values(seed=0, bands=3):
    """The landscape as uint8, shape (band, row, column)."""
    random = np.random.default_rng(seed)
    values = random.normal(0, 12, (bands, SIDE, SIDE))
    stripes = 30 * np.sign(np.sin(np.arange(SIDE) * 2 * np.pi / 8))
    values[:, :, : SIDE // 2] += 180
    values[:, :, SIDE // 2 :] += 80 + stripes[None, :, None]
    return np.clip(values, 0, 255).astype(np.uint8)


def write_raster(path, values, crs=CRS, driver="GTiff", options=(), nodata=None):
    """Write (band, row, column) as a raster of the landscape's place; gives its path."""
    memory = gdal.GetDriverByName("MEM").Create(
        "", values.shape[2], values.shape[1], values.shape[0], gdal.GDT_Byte
    )
    memory.SetGeoTransform((WEST, PIXEL, 0, NORTH, 0, -PIXEL))
    if crs:
        reference = osr.SpatialReference()
        reference.SetFromUserInput(crs)
        memory.SetProjection(reference.ExportToWkt())
    for number, band in enumerate(values, start=1):
        memory.GetRasterBand(number).WriteArray(band)
        if nodata is not None:
            memory.GetRasterBand(number).SetNoDataValue(nodata)
    gdal.GetDriverByName(driver).CreateCopy(str(path), memory, options=list(options))
    return str(path)


def read_raster(path):
    """The values of a raster, shape (band, row, column)."""
    values = gdal.Open(str(path)).ReadAsArray()
    return values if values.ndim == 3 else values[None]


def label_points(count=40, seed=1):
    """(easting, northing, class) of points at least 20 pixels from the edges and the border."""
    random = np.random.default_rng(seed)
    points = []
    for number in range(count):
        name = CLASSES[number % 2]
        column = random.uniform(24, SIDE / 2 - 24) + (number % 2) * SIDE / 2
        row = random.uniform(24, SIDE - 24)
        points.append((WEST + PIXEL * column, NORTH - PIXEL * row, name))
    return points


def memory_points(points, crs=CRS, name="labels", field="rock"):
    """A memory layer of points with a text field and a number; coordinates turned into `crs`."""
    layer = QgsVectorLayer(f"Point?crs={crs}&field={field}:string(40)&field=n:int", name, "memory")
    change = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem(CRS),
        QgsCoordinateReferenceSystem(crs),
        QgsCoordinateTransformContext(),
    )
    features = []
    for number, (easting, northing, label) in enumerate(points):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(
            QgsGeometry.fromPointXY(change.transform(QgsPointXY(easting, northing)))
        )
        feature.setAttributes([label, number])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    layer.updateExtents()
    return layer


def memory_squares(points, side=400.0, name="squares"):
    """A memory layer of squares of a side in meters around points, with the class as rock."""
    layer = QgsVectorLayer(f"Polygon?crs={CRS}&field=rock:string(40)", name, "memory")
    features = []
    for easting, northing, label in points:
        feature = QgsFeature(layer.fields())
        center = QgsGeometry.fromPointXY(QgsPointXY(easting, northing))
        feature.setGeometry(QgsGeometry.fromRect(center.boundingBox().buffered(side / 2)))
        feature.setAttributes([label])
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    layer.updateExtents()
    return layer


def save(layer, path, table=""):
    """Save a vector layer; a table is added to a GeoPackage that is there. Gives its source."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = QgsVectorFileWriter.driverForExtension(str(path).rsplit(".", 1)[1])
    options.layerName = table
    code, message = QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, str(path), QgsCoordinateTransformContext(), options
    )[:2]
    if code:
        raise OSError(message)
    return f"{path}|layername={table}" if table else str(path)


def chip_folder(folder, count=12, size=32, seed=2):
    """Write PNG chips of both rocks into a folder with a subfolder per class; gives its path."""
    random = np.random.default_rng(seed)
    values = rock_values(seed)
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for chip in range(count):
            row = random.integers(0, SIDE - size)
            column = random.integers(0, SIDE // 2 - size) + number * SIDE // 2
            part = values[:, row : row + size, column : column + size]
            source = write_raster(f"/vsimem/chip{number}.tif", part)
            gdal.Translate(str(folder / name / f"p{chip:02d}.png"), source, format="PNG")
    for aside in folder.rglob("*.aux.xml"):
        aside.unlink()
    return str(folder)


QUICK_TRAINING = {
    "NETWORK": "small_cnn",
    "START_FROM": "scratch",
    "IMAGE_SIZE": 32,
    "EPOCHS": 1,
    "DEVICE": "cpu",
}


class Ears(QgsProcessingFeedback):
    """A feedback that remembers what it was told, and may cancel when it hears a word.

    Parameters
    ----------
    cancel_on : str
        Cancels when a text holds this; empty for never.
    """

    def __init__(self, cancel_on=""):
        super().__init__(False)
        self.cancel_on, self.canceled_at = cancel_on, None
        self.info, self.warnings, self.errors, self.debug, self.texts = [], [], [], [], []
        self.steps = []
        self.progressChanged.connect(lambda step: self.steps.append((time.monotonic(), step)))

    def setProgressText(self, text):
        self._hear(self.texts, text)

    def pushInfo(self, info):
        self._hear(self.info, info)

    def pushWarning(self, warning):
        self._hear(self.warnings, warning)

    def reportError(self, error, fatalError=False):
        self._hear(self.errors, error)

    def pushDebugInfo(self, info):
        self._hear(self.debug, info)

    def _hear(self, heard, text):
        heard.append(text)
        if self.cancel_on and self.cancel_on in text and not self.isCanceled():
            self.canceled_at = time.monotonic()
            self.cancel()


def add_step(model, name, parameters, outputs=()):
    """Add an algorithm to a model; `outputs` pairs an output with its name in the model."""
    child = QgsProcessingModelChildAlgorithm("deepgeology:" + name)
    child.setChildId(name)
    for key, source in parameters.items():
        is_source = isinstance(source, Source)
        child.addParameterSources(key, [source if is_source else Source.fromStaticValue(source)])
    known = {}
    for key, shown in outputs:
        output = QgsProcessingModelOutput(shown)
        output.setChildId(name)
        output.setChildOutputName(key)
        known[shown] = output
    child.setModelOutputs(known)
    assert child.reattach()
    model.addChildAlgorithm(child)


def buttons(bar):
    """The buttons of the message that is shown, by their words."""
    found = bar.currentItem().findChildren(QPushButton)
    return {button.text(): button for button in found}


def wait_for(condition, seconds=10):
    """Let Qt work until something holds."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        QgsApplication.processEvents()
        time.sleep(0.01)
    assert condition()
