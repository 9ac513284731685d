"""The first minutes, with the desktop played by a few lines."""

import gc
import os
import re
import time
from types import SimpleNamespace

import pytest
from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.gui import QgsMapCanvas, QgsMessageBar, QgsProcessingAlgorithmDialogBase
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent
from qgis.PyQt.QtWidgets import QMainWindow, QPushButton

from qgis_truth import wait_for


@pytest.fixture
def desktop(qgis, project):
    """A desktop with a message bar, a menu and a map."""
    window, bar, canvas, menu = QMainWindow(), QgsMessageBar(), QgsMapCanvas(), []
    window.show()
    yield SimpleNamespace(
        mainWindow=lambda: window,
        messageBar=lambda: bar,
        mapCanvas=lambda: canvas,
        addPluginToMenu=lambda name, action: menu.append(action),
        removePluginMenu=lambda name, action: menu.remove(action),
        initializationCompleted=SimpleNamespace(disconnect=lambda slot: None),
        newProject=lambda ask: True,
        menu=menu,
    )
    QgsSettings().remove("deep_geology")
    bar.clearWidgets()
    QgsApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for widget in (bar, canvas, window):
        sip.delete(widget)


@pytest.fixture
def welcome(desktop):
    from deep_geology.plugin.desktop import Welcome

    return Welcome(desktop, "")


def buttons(bar):
    return {button.text(): button for button in bar.currentItem().findChildren(QPushButton)}


def test_without_engine_the_message_says_the_size_and_prepares(
    desktop, welcome, tmp_path, monkeypatch
):
    from deep_geology.plugin.desktop import preparing

    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path))
    asked = []
    monkeypatch.setattr(preparing.PreparingTask, "run", lambda self: asked.append(1) or True)
    welcome.add()
    assert [action.text() for action in desktop.menu] == ["Try it…", "Prepare engine…"]
    bar = desktop.messageBar()
    assert re.search(r"engine once \(\d.* [MG]B to download", bar.currentItem().text())
    assert list(buttons(bar)) == ["Prepare engine", "Options…"]
    buttons(bar)["Prepare engine"].click()
    wait_for(lambda: asked == [1] and welcome._preparing is None)
    welcome.remove()
    assert desktop.menu == []


def test_button_works_after_garbage_was_collected(desktop, welcome, tmp_path, monkeypatch):
    from deep_geology.plugin.desktop import Welcome

    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path))
    holder, asked = type("Dialog", (QgsProcessingAlgorithmDialogBase,), {})(), []
    desktop.messageBar = holder.messageBar  # made by QGIS: Python holds it only where asked to
    greeter = Welcome(desktop, "")
    monkeypatch.setattr(Welcome, "prepare", lambda self: asked.append(1))
    greeter.greet()
    gc.collect()
    buttons(holder.messageBar())["Prepare engine"].click()
    wait_for(lambda: asked == [1])


def test_prepared_engine_is_greeted_once(desktop, welcome):
    QgsSettings().remove("deep_geology")
    welcome.greet()
    assert list(buttons(desktop.messageBar())) == ["Try it"]
    desktop.messageBar().clearWidgets()
    welcome.greet()
    assert desktop.messageBar().currentItem() is None


def test_preparing_is_shown_with_its_stage_and_is_cancelled_and_resumed(
    desktop, welcome, monkeypatch
):
    from deep_geology.plugin import environment
    from deep_geology.plugin.jobs.errors import Stopped

    def slow(job, listener, is_canceled, proxy):
        listener.progress(0.4, "Downloading torch: 1.0 of 2.6 GB")
        while not is_canceled():
            time.sleep(0.01)
        raise Stopped

    monkeypatch.setattr(environment, "prepare", slow)
    bar = desktop.messageBar()
    welcome.prepare()
    wait_for(lambda: "1.0 of 2.6 GB" in bar.currentItem().text())
    buttons(bar)["Cancel"].click()
    wait_for(lambda: welcome._preparing is None)
    assert "kept for the next time" in bar.currentItem().text()
    assert list(buttons(bar)) == ["Go on"]


def test_failure_is_said_with_its_remedy(desktop, welcome, monkeypatch):
    from deep_geology.plugin import environment
    from deep_geology.plugin.jobs.errors import JobError

    def fail(*_):
        raise JobError("The disk is full.", "Free 6 GB.")

    monkeypatch.setattr(environment, "prepare", fail)
    welcome.prepare()
    wait_for(lambda: welcome._preparing is None)
    assert desktop.messageBar().currentItem().text() == "The disk is full. Free 6 GB."
    assert list(buttons(desktop.messageBar())) == ["Try again", "Options…"]


@pytest.mark.soak
def test_sample_project_is_made_with_styled_layers_of_every_kind(
    desktop, welcome, engine, tmp_path, monkeypatch
):
    from deep_geology.plugin.desktop import samples

    monkeypatch.setattr(samples, "folder", lambda: str(tmp_path / "samples"))
    welcome.try_it()
    wait_for(lambda: not welcome._try_it.is_at_work, 900)
    root = QgsProject.instance().layerTreeRoot()
    found = {group.name(): [n.layer() for n in group.findLayers()] for group in root.findGroups()}
    assert {name: len(layers) for name, layers in found.items()} == {
        "Maps from labels": 2, "Seismicity": 2, "Finer rasters": 1, "Samples": 2,
    }  # fmt: skip
    assert all(layer.isValid() for layers in found.values() for layer in layers)
    assert found["Maps from labels"][0].renderer().type() == "paletted"
    assert "ready" in desktop.messageBar().currentItem().text()
    assert os.path.getsize(tmp_path / "samples" / "deep_geology_samples.qgz") > 0
    assert "Open the report on the map" in buttons(desktop.messageBar())


def test_step_that_is_refused_ends_the_try_with_its_sentence(
    desktop, welcome, engine, tmp_path, monkeypatch
):
    from deep_geology.plugin.desktop import samples

    step = samples.Step("Maps", "Mapping", "classifypixels", {"RASTERS": [], "MODEL": "none"})
    monkeypatch.setattr(samples, "folder", lambda: str(tmp_path / "samples"))
    monkeypatch.setattr(samples, "steps", lambda: (step,))
    welcome.try_it()
    wait_for(lambda: not welcome._try_it.is_at_work)
    assert "is missing" in desktop.messageBar().currentItem().text()
