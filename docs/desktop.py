"""What a visit to the QGIS desktop does: open dialogs, run and cancel them, look at the map.

The steps of a visit are a generator; each step yields the seconds to wait before the next.
"""

import os
import sys
import time
import traceback
from pathlib import Path

import processing
from qgis.core import Qgis, QgsApplication, QgsProject
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtGui import QPainter, QPixmap
from qgis.PyQt.QtWidgets import QApplication, QDockWidget
from qgis.utils import iface

ROOT = Path(os.environ["DEEP_GEOLOGY_ROOT"])
PICTURES = Path(os.environ["DEEP_GEOLOGY_PICTURES"])
WORK = Path(os.environ["DEEP_GEOLOGY_WORK"])
LOG = WORK / "log.txt"
LONGEST_RUN_SECONDS, LARGEST_BYTES = 1200, 900_000


def log(text):
    with open(LOG, "a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def shoot(widget, name):
    QApplication.processEvents()
    keep(widget.grab(), name)


def keep(picture, name):
    """Save a picture, smaller if the file would be large."""
    place = str(PICTURES / f"{name}.png")
    picture.save(place)
    while os.path.getsize(place) > LARGEST_BYTES:
        width = picture.width() * 9 // 10
        picture = picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
        picture.save(place)
    log(f"picture {name}")


def main_window():
    window = iface.mainWindow()
    window.resize(1360, 860)
    window.move(0, 0)
    return window


def open_dialog(name, parameters):
    dialog = processing.createAlgorithmDialog(f"deepgeology:{name}", parameters)
    dialog.resize(900, 680)
    dialog.show()
    return dialog


def run_dialog(name, parameters, midway=False, picture=""):
    """Open a dialog, press Run and wait; pictures of the dialog and of its log at the end.

    The pictures are named after the tool, or as asked for.
    """
    picture = picture or name
    dialog = open_dialog(name, parameters)
    yield 2
    shoot(dialog, f"dialog_{picture}")
    dialog.runButton().click()
    began, shown = time.monotonic(), not midway
    while dialog.cancelButton().isEnabled() or not dialog.runButton().isEnabled():
        if not shown and time.monotonic() - began > 15:
            shown = True
            shoot(dialog, f"running_{picture}")
        if time.monotonic() - began > LONGEST_RUN_SECONDS:
            raise RuntimeError(f"{name} did not end")
        yield 0.5
    yield 2
    shoot(dialog, f"log_{picture}")
    layers = [layer.name() for layer in iface.mapCanvas().layers()]
    seconds = f"{time.monotonic() - began:.0f} s"
    log(f"{name}: {dialog.results() or 'NO RESULTS'} in {seconds}; on the map: {layers}")
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


def titles(layer):
    """What a layer goes by: QGIS names it after the tool's output, or after the file."""
    return {layer.name().lower(), Path(layer.source().split("|")[0]).stem.lower()}


def named(name):
    """The layer that goes by a name."""
    layers = QgsProject.instance().mapLayers().values()
    return next(layer for layer in layers if name in titles(layer))


def show_only(names, layer):
    """Show some layers of the tree, the first of them unfolded, over the extent of one."""
    root = QgsProject.instance().layerTreeRoot()
    for node in root.findLayers():
        node.setItemVisibilityChecked(bool(titles(node.layer()) & set(names)))
        # A new layer's node says that it is unfolded, although the panel shows it folded.
        node.setExpanded(False)
        node.setExpanded(names[0] in titles(node.layer()))
    canvas = iface.mapCanvas()
    iface.layerTreeCanvasBridge().setCanvasLayers()
    transform = canvas.mapSettings().layerExtentToOutputExtent(layer, layer.extent())
    canvas.setExtent(transform)
    canvas.refreshAllLayers()
    log(f"on the map: {[layer.name() for layer in canvas.layers()]}")


def look(window, names, layer, picture):
    """A picture of some layers, without the panels that a reader does not need."""
    yield 1
    for panel in window.findChildren(QDockWidget):
        if panel.objectName() in ("Browser", "ResultsViewer"):
            panel.hide()
    show_only(names, layer)
    yield 4
    shoot(window, picture)


def keep_beside(parts, name):
    """Save the middles of two pictures of the map, one beside the other."""
    width = min(part.height() * 9 // 10 for part in parts)
    picture = QPixmap(2 * width + 12, parts[0].height())
    picture.fill()
    painter = QPainter(picture)
    for number, part in enumerate(parts):
        left = (part.width() - width) // 2
        painter.drawPixmap(number * (width + 12), 0, part, left, 0, width, part.height())
    painter.end()
    keep(picture, name)


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


def visit(steps):
    """Play the steps once QGIS has settled; the last line of the log says "done"."""
    log(f"QGIS {Qgis.QGIS_VERSION}, Python {sys.version.split()[0]}")
    log(f"provider: {QgsApplication.processingRegistry().providerById('deepgeology')}")
    watch_for_questions()
    QTimer.singleShot(4000, lambda: begin(steps))


def begin(steps):
    """Take the greeting away, which the pictures are not about, and play."""
    iface.messageBar().clearWidgets()
    play(steps())


def watch_for_questions():
    """Log and close what QGIS asks in a window that nobody is there to answer."""
    dialog = QApplication.activeModalWidget()
    if dialog is not None and dialog.objectName() != "QgsOptionsBase":
        log(f"QUESTION {dialog.objectName()}: {dialog.windowTitle()}")
        dialog.grab().save(str(WORK / "question.png"))
        dialog.close()
    QTimer.singleShot(10_000, watch_for_questions)
