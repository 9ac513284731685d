"""Take the pictures of the docs in the real QGIS desktop, as a user would work there.

Run by `make pictures`: QGIS starts under Xvfb with this script as ``--code``. It opens the toolbox
and every dialog, fills them with the shipped samples, runs a training with its Run button, cancels
another one, classifies a raster, and saves what is on the screen in docs/pictures. The last line in
docs/pictures/log.txt says "done"; anything that went wrong is written there.
"""

import os
import shutil
import sys

from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QDockWidget
from qgis.utils import iface

sys.path.insert(0, os.path.join(os.environ["DEEP_GEOLOGY_ROOT"], "docs"))
from desktop import (
    ROOT,
    WORK,
    cancel_dialog,
    main_window,
    open_dialog,
    run_dialog,
    shoot,
    show_only,
    visit,
)

SAMPLES = WORK / "samples"
BUNDLED = "sentinel2_land_cover.safetensors"

CHIPS, MODEL = WORK / "chips", WORK / "prairie.safetensors"
CLASSES, CONFIDENCE = WORK / "classes.tif", WORK / "confidence.tif"
TRAINING = {
    "INPUT": str(CHIPS),
    "EPOCHS": 3,
    "MODEL": str(MODEL),
    "REPORT": str(WORK / "prairie.html"),
}


def steps():
    """One sentence after another; each yields the seconds to wait before the next."""
    window = main_window()
    copy_samples()
    image, labels, units = load_samples()
    yield 3
    toolbox = show_toolbox(window)
    yield 2
    shoot(window, "toolbox")
    toolbox.hide()
    yield from run_dialog(
        "exporttrainingchips",
        {
            "INPUT": image,
            "LABELS": labels,
            "CLASS_FIELD": "class",
            "CHIP_SIZE": 16,
            "OUTPUT": str(CHIPS),
        },
    )
    yield from cancel_dialog("trainimageclassifier", {**TRAINING, "EPOCHS": 500})
    yield from run_dialog("trainimageclassifier", TRAINING, midway=True)
    raster = {"INPUT": image, "MODEL": str(MODEL), "STRIDE": 4}
    yield from run_dialog(
        "classifyraster", {**raster, "OUTPUT": str(CLASSES), "CONFIDENCE": str(CONFIDENCE)}
    )
    yield 3
    show_only(("classes", "image"), image)
    yield 3
    shoot(window, "map_classes")
    show_only(("confidence", "image"), image)
    yield 3
    shoot(window, "map_confidence")
    yield from run_dialog(
        "classifyfeatures",
        {"INPUT": units, "RASTER": image, "MODEL": str(MODEL), "OUTPUT": str(WORK / "units.gpkg")},
    )
    yield 2
    show_only(("units", "image"), image)
    yield 3
    shoot(window, "map_features")
    yield from run_dialog(
        "classifyimages",
        {
            "INPUT": str(SAMPLES / "land_cover_new"),
            "MODEL": str(WORK / BUNDLED),
            "OUTPUT": str(WORK / "images.gpkg"),
        },
    )
    yield from run_dialog(
        "describemodel", {"MODEL": str(MODEL), "REPORT": str(WORK / "model.html")}
    )
    for name in ("prepareengine", "downloadengine"):
        dialog = open_dialog(name, {})
        yield 2
        shoot(dialog, f"dialog_{name}")
        dialog.close()
    yield from options_page(window)


def copy_samples():
    """Copies in the user's folder, so that the pictures show no checkout."""
    shutil.copytree(ROOT / "resources" / "samples", SAMPLES, dirs_exist_ok=True)
    shutil.copy(ROOT / "resources" / "models" / BUNDLED, WORK / BUNDLED)


def load_samples():
    image = QgsRasterLayer(str(SAMPLES / "prairie" / "image.tif"), "Image")
    labels = QgsVectorLayer(str(SAMPLES / "prairie" / "labels.geojson"), "Labels")
    units = QgsVectorLayer(str(SAMPLES / "prairie" / "units.geojson"), "Mapped units")
    QgsProject.instance().addMapLayers([image, units, labels])
    iface.setActiveLayer(image)
    iface.zoomToActiveLayer()
    return image, labels, units


def show_toolbox(window):
    toolbox = window.findChild(QDockWidget, "ProcessingToolbox")
    toolbox.show()
    toolbox.raise_()
    toolbox.searchBox.setText("deep geology") if hasattr(toolbox, "searchBox") else None
    return toolbox


def options_page(window):
    """The options dialog is modal: a timer looks at it and closes it."""

    def look():
        dialog = QApplication.activeModalWidget()
        if dialog is not None:
            shoot(dialog, "options")
            dialog.reject()

    QTimer.singleShot(4000, look)
    iface.showOptionsDialog(window, "deepGeologyOptions")
    yield 1


visit(steps)
