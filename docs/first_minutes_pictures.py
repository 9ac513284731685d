"""The first minutes in the real QGIS desktop: welcome, Try it, and models as files.

Run as `docs/take_pictures.sh FOLDER first_minutes_pictures`. The welcome is that of a computer without
an engine: it is asked for in an empty folder, and cancelled; then the prepared engine is used.
"""

import os
import sys
import time

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtWidgets import QDockWidget, QPushButton
from qgis.utils import iface, plugins

sys.path.insert(0, os.path.join(os.environ["DEEP_GEOLOGY_ROOT"], "docs"))
from desktop import WORK, log, main_window, open_dialog, shoot, visit

PREPARED = os.environ.get("DEEPGEOLOGY_HOME", "")
LONGEST_TRY_SECONDS = 1500


def steps():
    """One sentence after another; each yields the seconds to wait before the next."""
    window = main_window()
    welcome = plugins["deep_geology"]._desktop[-1]
    iface.messageBar().clearWidgets()
    yield from greet_without_engine(window, welcome)
    yield from look_at_models(window)
    yield from try_it(window, welcome)


def press(text):
    """Press the button of the message that is shown."""
    buttons = iface.messageBar().currentItem().findChildren(QPushButton)
    next(button for button in buttons if button.text() == text).click()


def greet_without_engine(window, welcome):
    os.environ["DEEPGEOLOGY_HOME"] = str(WORK / "empty home")
    welcome.greet()
    yield 1
    shoot(window, "welcome")
    press("Prepare engine")
    yield 15
    shoot(window, "preparing")
    log(f"preparing: {iface.messageBar().currentItem().text()}")
    began = time.monotonic()
    press("Cancel")
    while welcome._preparing is not None and time.monotonic() - began < 30:
        yield 0.1
    log(f"preparing: cancelled in {time.monotonic() - began:.1f} s")
    yield 1
    shoot(window, "prepare_cancelled")
    iface.messageBar().clearWidgets()
    os.environ["DEEPGEOLOGY_HOME"] = PREPARED
    if not PREPARED:
        del os.environ["DEEPGEOLOGY_HOME"]


def look_at_models(window):
    """A model dropped onto QGIS, the library in the browser and in a dialog."""
    from deep_geology.plugin.jobs import model_library

    path = model_library.path_of("sentinel2_land_cover")
    handler = plugins["deep_geology"]._desktop[1]._drops
    log(f"dropped: {handler.handleFileDrop(path)}")
    browser = window.findChild(QDockWidget, "Browser")
    model = iface.browserModel()
    shelf = next(
        model.index(row, 0)
        for row in range(model.rowCount())
        if model.data(model.index(row, 0)) == "Deep Geology models"
    )
    model.fetchMore(shelf)
    yield 3
    log(
        f"in the browser: {[model.data(model.index(k, 0, shelf)) for k in range(model.rowCount(shelf))]}"
    )
    browser.show()
    shoot(window, "model_dropped")
    iface.messageBar().clearWidgets()
    dialog = open_dialog("classifyraster", {})
    yield 2
    combo = dialog.mainWidget().wrappers["MODEL"]._combo
    combo.showPopup()
    yield 1
    shoot(combo.view(), "model_library")
    combo.hidePopup()
    combo.setCurrentIndex(0)
    yield 1
    shoot(dialog, "model_chosen")
    dialog.close()


def try_it(window, welcome):
    """The sample project, from the welcome's button to the last layer."""
    QgsProject.instance().setDirty(False)
    log(f"engine: {QgsApplication.processingRegistry().providerById('deepgeology').isActive()}")
    began, pictured = time.monotonic(), set()
    welcome.try_it()
    while welcome._try_it.is_at_work:
        item = iface.messageBar().currentItem()
        text = item.text() if item is not None else ""
        if text[:6] not in pictured:
            pictured.add(text[:6])
            log(text)
        if len(pictured) == 3 and "try_running" not in pictured:
            pictured.add("try_running")
            yield 3
            shoot(window, "try_running")
        if time.monotonic() - began > LONGEST_TRY_SECONDS:
            raise RuntimeError("the try did not end")
        yield 0.5
    QgsProject.instance().setDirty(False)
    yield 4
    shoot(window, "try_done")
    log(f"tried in {time.monotonic() - began:.0f} s: {iface.messageBar().currentItem().text()}")
    root = QgsProject.instance().layerTreeRoot()
    for group in root.findGroups():
        log(f"{group.name()}: {[node.name() for node in group.findLayers()]}")
    show_group(root, "Seismicity")
    yield 5
    shoot(window, "try_seismicity")
    QgsProject.instance().setDirty(False)


def show_group(root, name):
    """The layers of one group alone, the map over them."""
    for group in root.findGroups():
        group.setItemVisibilityChecked(group.name() == name)
    layer = root.findGroup(name).findLayers()[0].layer()
    canvas = iface.mapCanvas()
    canvas.setExtent(canvas.mapSettings().layerExtentToOutputExtent(layer, layer.extent()))
    canvas.refreshAllLayers()


visit(steps)
