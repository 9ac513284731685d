"""What the demo found: how many new images and units are named right, and a picture.

python demo/outcome.py FOLDER
"""

import sys
from pathlib import Path

from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsMapRendererCustomPainterJob,
    QgsMapSettings,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QRect, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage, QPainter

gdal.UseExceptions()
SAMPLES = Path(__file__).resolve().parent.parent / "resources" / "samples" / "prairie"
MARGIN, LEGEND = 24, 56


def count_right_images(path):
    """Images whose class is the word that their file name starts with."""
    rows = list(QgsVectorLayer(str(path), "images").getFeatures())
    right = [row for row in rows if Path(row["path"]).name.startswith(f"{row['class']}_")]
    return len(right), len(rows)


def count_right_units(path):
    """Units whose class is the one that was observed."""
    rows = list(QgsVectorLayer(str(path), "units").getFeatures())
    return sum(row["class"] == row["observed"] for row in rows), len(rows)


def class_entries(path):
    """Name and color of every class, as the raster file has them."""
    dataset = gdal.Open(str(path))  # a band does not outlive its dataset
    band = dataset.GetRasterBand(1)
    colors = band.GetColorTable()
    names = band.GetCategoryNames() or []
    return [
        (name, QColor(*colors.GetColorEntry(value))) for value, name in enumerate(names) if value
    ]


def aerial_layer():
    return QgsRasterLayer(str(SAMPLES / "image.tif"), "image")


def class_layer(path):
    """The class raster in its own colors, half transparent."""
    layer = QgsRasterLayer(str(path), "classes")
    entries = enumerate(class_entries(path), start=1)
    classes = [
        QgsPalettedRasterRenderer.Class(value, color, name) for value, (name, color) in entries
    ]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
    layer.setOpacity(0.6)
    return layer


def outlines(path, color):
    """Polygons as outlines."""
    layer = QgsVectorLayer(str(path), "outlines")
    style = {"style": "no", "outline_color": color, "outline_width": "0.5"}
    layer.renderer().setSymbol(QgsFillSymbol.createSimple(style))
    return layer


def draw_map(painter, layers, place):
    """Draw layers, the first on top, into a rectangle of the picture."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:26914"))
    settings.setExtent(aerial_layer().extent())
    settings.setOutputSize(place.size())
    image = QImage(place.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    inner = QPainter(image)
    job = QgsMapRendererCustomPainterJob(settings, inner)
    job.renderSynchronously()
    inner.end()
    painter.drawImage(place, image)


def draw_legend(painter, entries, left, top):
    """Draw a colored box and a name for every class, from left to right."""
    painter.setFont(QFont("DejaVu Sans", 13))
    for name, color in entries:
        painter.fillRect(QRect(left, top, 28, 20), color)
        width = painter.fontMetrics().horizontalAdvance(name)
        painter.drawText(left + 38, top + 16, name)
        left += 38 + width + 36


def draw_picture(folder):
    """Labels on the aerial image on the left, classes and units on the right."""
    extent = aerial_layer().extent()
    width = 640
    size = QSize(width, round(width * extent.height() / extent.width()))
    whole = QSize(2 * size.width() + 3 * MARGIN, size.height() + MARGIN + LEGEND)
    picture = QImage(whole, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    painter = QPainter(picture)
    labels = outlines(SAMPLES / "labels.geojson", "yellow")
    units = outlines(folder / "prairie_units.gpkg", "white")
    classes = folder / "prairie_classes.tif"
    left = QRect(MARGIN, MARGIN, size.width(), size.height())
    right = left.translated(size.width() + MARGIN, 0)
    draw_map(painter, [labels, aerial_layer()], left)
    draw_map(painter, [units, class_layer(classes), aerial_layer()], right)
    draw_legend(painter, class_entries(classes), right.left(), right.bottom() + 18)
    painter.end()
    path = folder / "prairie.png"
    if not picture.save(str(path)):
        raise OSError(f"{path} cannot be written.")


def main(folder):
    application = QgsApplication([], False)
    application.initQgis()
    print("\nOutcome")
    print(
        "  {} of {} new images are named right.".format(
            *count_right_images(folder / "new_images.gpkg")
        )
    )
    print(
        "  {} of {} units are named as observed.".format(
            *count_right_units(folder / "prairie_units.gpkg")
        )
    )
    draw_picture(folder)
    application.exitQgis()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
