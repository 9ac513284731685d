"""*Try it*, with the desktop played by a few lines: nothing of the user's is lost."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from qgis.core import QgsPointXY, QgsProject, QgsSettings

from qgis_truth import buttons, wait_for

ROOT = Path(__file__).resolve().parents[2]
CATALOG = str(ROOT / "resources" / "samples" / "japan" / "earthquakes.csv")
IMAGE = str(ROOT / "resources" / "samples" / "prairie" / "image.tif")
PROJECT = "deep_geology_samples.qgz"
REFUSED = ("classifypixels", {"RASTERS": [], "MODEL": "none"})


def catalog_check(folder):
    """A step of some seconds that makes a layer."""
    outputs = {"OUTPUT": str(folder / "events.gpkg"), "REPORT": str(folder / "events.html")}
    return "checkcatalog", {"CATALOG": CATALOG, **outputs}, ("OUTPUT",)


@pytest.fixture
def tries(tmp_path, monkeypatch):
    """A folder for sample projects, and what sets the steps that are run in them."""
    from deep_geology.plugin.desktop import samples

    monkeypatch.setattr(samples, "home", lambda: str(tmp_path))

    def set_steps(*steps):
        named = [samples.Step("Maps", "Mapping", *step) for step in steps]
        monkeypatch.setattr(samples, "steps", lambda folder: named)

    return SimpleNamespace(first=tmp_path / "sample project", set_steps=set_steps)


@pytest.mark.soak
def test_sample_project_is_made_with_styled_layers_of_every_kind(desktop, welcome, engine, tries):
    welcome.try_it()
    wait_for(lambda: not welcome._try_it.is_at_work, 900)
    root = QgsProject.instance().layerTreeRoot()
    found = {group.name(): [n.layer() for n in group.findLayers()] for group in root.findGroups()}
    assert {name: len(layers) for name, layers in found.items()} == {
        "Maps from labels": 2, "Seismicity": 2, "Finer rasters": 1, "Samples": 2,
    }  # fmt: skip
    assert all(layer.isValid() for layers in found.values() for layer in layers)
    assert [[layer.name() for layer in found[name]] for name in list(found)[:3]] == [
        ["Classes", "Trust"], ["Checked events", "Forecast"], ["Upscaled raster"],
    ]  # fmt: skip
    shown, labels = found["Maps from labels"][0].renderer(), found["Samples"][0].renderer()
    assert shown.type() == "paletted"
    assert {entry.label: entry.color.name() for entry in shown.classes()} == {
        entry.value(): entry.symbol().symbolLayer(1).strokeColor().name()
        for entry in labels.categories()
    }
    assert "Ready" in desktop.messageBar().currentItem().text()
    assert os.path.getsize(tries.first / PROJECT) > 0
    assert [len(entries(desktop, name)) for name in ("Go to", "Reports")] == [3, 4]


def entries(desktop, button):
    """What a button of the message offers, by its words."""
    return {a.text(): a for a in buttons(desktop.messageBar())[button].menu().actions()}


def test_end_of_a_try_leads_to_every_group_of_layers_and_to_every_report(
    desktop, welcome, engine, project, tries, tmp_path, monkeypatch
):
    from deep_geology.plugin.desktop import samples, sights

    opened = []
    monkeypatch.setattr(
        sights.QDesktopServices, "openUrl", lambda url: opened.append(url.fileName())
    )
    finer = {
        "INPUT": IMAGE,
        "FACTOR": "2",
        "METHOD": "classical",
        "OUTPUT": str(tmp_path / "f.tif"),
    }
    steps = [
        samples.Step("Finer rasters", "Making it finer", "upscaleraster", finer, ("OUTPUT",)),
        samples.Step("Seismicity", "Checking", *catalog_check(tmp_path)),
    ]
    monkeypatch.setattr(samples, "steps", lambda folder: steps)
    QgsSettings().setValue("Processing/Configuration/PREFER_FILENAME_AS_LAYER_NAME", True)
    welcome.try_it()
    wait_for(lambda: not welcome._try_it.is_at_work, 120)
    root = project.layerTreeRoot()
    groups = {group.name(): group for group in root.findGroups()}
    names = [layer.name() for layer in root.layerOrder()]
    assert list(groups) == ["Finer rasters", "Seismicity", "Samples"]
    assert names == ["Upscaled raster", "Checked events", "Labels", "Aerial image"]
    unfolded = [node.isExpanded() for node in root.findLayers()]
    assert groups["Finer rasters"].isExpanded() and not groups["Seismicity"].isExpanded()
    assert unfolded[:2] == [True, False]
    entries(desktop, "Go to")["Seismicity"].trigger()
    shown = desktop.mapCanvas().extent()
    assert groups["Seismicity"].isExpanded() and shown.contains(QgsPointXY(140, 38))
    assert project.crs().authid() == "EPSG:4326"
    visible = {name: group.itemVisibilityChecked() for name, group in groups.items()}
    assert visible == {"Finer rasters": False, "Seismicity": True, "Samples": True}
    assert list(entries(desktop, "Reports")) == ["Checking", "Folder with all files"]
    for entry in entries(desktop, "Reports").values():
        entry.trigger()
    assert opened == ["events.html", tmp_path.name]


def test_step_that_is_refused_ends_the_try_with_its_sentence(desktop, welcome, engine, tries):
    tries.set_steps(REFUSED)
    welcome.try_it()
    wait_for(lambda: not welcome._try_it.is_at_work)
    assert "is missing" in desktop.messageBar().currentItem().text()


@pytest.mark.parametrize("turn", ["makes a new project", "opens a project"])
def test_user_who_turns_to_another_project_finds_nothing_added_to_it(
    desktop, welcome, engine, project, tries, tmp_path, turn
):
    project.write(str(tmp_path / "own.qgz"))
    project.clear()
    tries.set_steps(catalog_check(tmp_path))
    welcome.try_it()
    assert welcome._try_it.is_at_work and len(project.mapLayers()) == 2
    if turn == "opens a project":
        project.read(str(tmp_path / "own.qgz"))
    else:
        project.clear()
    opened = project.fileName()
    wait_for(lambda: not welcome._try_it.is_at_work, 60)
    assert project.mapLayers() == {} and project.fileName() == opened
    assert project.layerTreeRoot().children() == []
    assert not (tries.first / PROJECT).exists()
    assert "nothing is added" in desktop.messageBar().currentItem().text()
    assert buttons(desktop.messageBar()) == {}  # no report was made


def test_layer_that_was_made_after_all_is_not_added_to_another_project(
    welcome, engine, project, tries, tmp_path, monkeypatch
):
    from deep_geology.plugin.desktop import try_it

    made = []

    class Slow(try_it.RunningStep):
        def _executed(self, successful, results):
            made.append(successful)
            project.clear()  # the user was as fast as the tool
            super()._executed(successful, results)

    monkeypatch.setattr(try_it, "RunningStep", Slow)
    tries.set_steps(catalog_check(tmp_path))
    welcome.try_it()
    wait_for(lambda: not welcome._try_it.is_at_work, 60)
    assert made == [True]
    assert project.mapLayers() == {}


def test_project_that_was_kept_elsewhere_during_a_try_stays_there(
    welcome, engine, project, tries, tmp_path
):
    tries.set_steps(REFUSED)
    welcome.try_it()
    project.write(str(tmp_path / "own.qgz"))
    wait_for(lambda: not welcome._try_it.is_at_work)
    assert project.fileName() == str(tmp_path / "own.qgz")
    assert not (tries.first / PROJECT).exists()


def test_nothing_begins_if_the_user_keeps_his_unsaved_project(desktop, welcome, project, tries):
    asked = []
    desktop.newProject = lambda ask: asked.append(ask)  # None, as "Cancel" is
    project.setTitle("Mine")
    welcome.try_it()
    assert asked == [True]
    assert project.title() == "Mine" and project.mapLayers() == {}
    assert not welcome._try_it.is_at_work and not tries.first.exists()


def test_second_try_leaves_labels_and_project_of_the_first_as_they_are(
    welcome, engine, project, tries, tmp_path
):
    tries.set_steps()
    welcome.try_it()
    (tries.first / "prairie" / "labels.geojson").write_text("mine")
    (tries.first / PROJECT).write_text("mine")
    project.clear()
    welcome.try_it()
    assert (tries.first / "prairie" / "labels.geojson").read_text() == "mine"
    assert (tries.first / PROJECT).read_text() == "mine"
    second = tmp_path / "sample project 2"
    assert project.fileName() == str(second / PROJECT)
    assert len((second / "prairie" / "labels.geojson").read_text()) > 1000


def test_copy_that_fails_is_said_with_its_cause_and_leaves_no_folder(
    desktop, welcome, tries, monkeypatch
):
    from deep_geology.plugin.desktop import samples

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(samples.shutil, "copy", fail)
    welcome.try_it()
    assert "No space left on device" in desktop.messageBar().currentItem().text()
    assert not tries.first.exists()


def test_project_that_cannot_be_saved_is_said(desktop, welcome, project, tries, monkeypatch):
    from deep_geology.plugin.desktop import try_it

    tries.set_steps()
    monkeypatch.setattr(try_it, "_PROJECT", os.path.join("no", "such", "folder.qgz"))
    welcome.try_it()
    texts = [item.text() for item in desktop.messageBar().items()]
    assert ["cannot be saved" in text for text in texts] == [True]
