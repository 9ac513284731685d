"""Take the pictures of the docs in the real QGIS desktop, as a user would work there.

Run by `make pictures`: QGIS starts under Xvfb with this script as ``--code``. It opens the toolbox
and every dialog, fills them with the shipped samples, runs a training with its Run button, cancels
another one, classifies a raster, and saves what is on the screen in docs/pictures. The last line in
docs/pictures/log.txt says "done"; anything that went wrong is written there.
"""

import os
import shutil
import sys
import time
import traceback
from pathlib import Path

import processing
from qgis.core import Qgis, QgsApplication, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QDockWidget
from qgis.utils import iface

ROOT = Path(os.environ["DEEP_GEOLOGY_ROOT"])
PICTURES = Path(os.environ["DEEP_GEOLOGY_PICTURES"])
WORK = Path(os.environ["DEEP_GEOLOGY_WORK"])
SAMPLES = WORK / "samples"
BUNDLED = "sentinel2_land_cover.safetensors"
LOG = WORK / "log.txt"

CHIPS, MODEL = WORK / "chips", WORK / "prairie.safetensors"
CLASSES, CONFIDENCE = WORK / "classes.tif", WORK / "confidence.tif"
TRAINING = {
    "INPUT": str(CHIPS),
    "EPOCHS": 3,
    "MODEL": str(MODEL),
    "REPORT": str(WORK / "prairie.html"),
}


def log(text):
    with open(LOG, "a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def shoot(widget, name):
    QApplication.processEvents()
    widget.grab().save(str(PICTURES / f"{name}.png"))
    log(f"picture {name}")


def steps():
    """One sentence after another; each yields the seconds to wait before the next."""
    window = iface.mainWindow()
    window.resize(1360, 860)
    window.move(0, 0)
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


def open_dialog(name, parameters):
    dialog = processing.createAlgorithmDialog(f"deepgeology:{name}", parameters)
    dialog.resize(900, 680)
    dialog.show()
    return dialog


def run_dialog(name, parameters, midway=False):
    dialog = open_dialog(name, parameters)
    yield 2
    shoot(dialog, f"dialog_{name}")
    dialog.runButton().click()
    began, shown = time.monotonic(), not midway
    while dialog.cancelButton().isEnabled() or not dialog.runButton().isEnabled():
        if not shown and time.monotonic() - began > 15:
            shown = True
            shoot(dialog, f"running_{name}")
        if time.monotonic() - began > 900:
            raise RuntimeError(f"{name} did not end")
        yield 0.5
    yield 2
    shoot(dialog, f"log_{name}")
    shown = [layer.name() for layer in iface.mapCanvas().layers()]
    log(f"{name}: {dialog.results() or 'NO RESULTS'}; on the map: {shown}")
    dialog.close()


def cancel_dialog(name, parameters):
    """Press Cancel in the middle of a run; it must be over within two seconds."""
    dialog = open_dialog(name, parameters)
    yield 2
    dialog.runButton().click()
    yield 25
    began = time.monotonic()
    dialog.cancelButton().click()
    while not dialog.runButton().isEnabled():
        yield 0.1
    seconds = time.monotonic() - began
    log(f"{name}: cancelled in {seconds:.1f} s{'' if seconds <= 2 else ' TOO LATE'}")
    log(f"{name}: model written after cancel: {os.path.exists(parameters['MODEL'])}")
    shoot(dialog, f"cancelled_{name}")
    dialog.close()


def show_only(names, image):
    root = QgsProject.instance().layerTreeRoot()
    for node in root.findLayers():
        node.setItemVisibilityChecked(node.name().lower() in names)
        node.setExpanded(node.name().lower() == names[0])
    canvas = iface.mapCanvas()
    iface.layerTreeCanvasBridge().setCanvasLayers()
    canvas.setExtent(image.extent())
    canvas.refreshAllLayers()
    log(f"on the map: {[layer.name() for layer in canvas.layers()]}")


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


def play(sequence):
    try:
        seconds = next(sequence)
    except StopIteration:
        finish("done")
        return
    except Exception:
        finish(traceback.format_exc())
        return
    QTimer.singleShot(int(seconds * 1000), lambda: play(sequence))


def finish(text):
    log(text)
    QgsProject.instance().setDirty(False)
    QTimer.singleShot(500, lambda: os._exit(0 if text == "done" else 1))


log(f"QGIS {Qgis.QGIS_VERSION}, Python {sys.version.split()[0]}")
log(f"provider: {QgsApplication.processingRegistry().providerById('deepgeology')}")
QTimer.singleShot(4000, lambda: play(steps()))
