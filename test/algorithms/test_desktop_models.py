"""Models dropped onto QGIS and shown in its browser; the desktop itself is played by a few lines."""

import os
import shutil
from types import SimpleNamespace

import pytest
from qgis.core import QgsApplication, QgsBrowserModel, QgsSettings
from qgis.gui import QgsMessageBar
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QEvent, QModelIndex
from qgis.PyQt.QtWidgets import QPushButton

from qgis_truth import wait_for


@pytest.fixture
def library(qgis, tmp_path, monkeypatch):
    """The user's folder, empty."""
    from deep_geology.plugin.jobs import model_library

    monkeypatch.setenv(model_library.FOLDER, str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def model(qgis):
    """The path of a bundled model."""
    from deep_geology.plugin.jobs.model_library import path_of

    return path_of("sentinel2_land_cover")


@pytest.fixture
def bar(qgis):
    """A message bar, as that of the desktop."""
    bar = QgsMessageBar()
    yield bar
    bar.clearWidgets()
    QgsApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    sip.delete(bar)


@pytest.fixture
def dropped(qgis):
    """A drop handler, and what it showed."""
    from deep_geology.plugin.desktop import ModelDropHandler

    shown = []
    return ModelDropHandler(lambda *found: shown.append(found)), shown


@pytest.fixture
def items(qgis):
    """The provider of the browser's entries, known to QGIS."""
    from deep_geology.plugin.desktop import ModelItemProvider

    provider = ModelItemProvider()
    QgsApplication.dataItemProviderRegistry().addProvider(provider)
    yield provider
    QgsApplication.dataItemProviderRegistry().removeProvider(provider)


def test_dropped_model_is_taken_and_shown(dropped, model):
    handler, shown = dropped
    assert handler.handleFileDrop(model)
    assert [(path, card.task) for path, card in shown] == [(model, "image classification")]


@pytest.mark.parametrize("name", ["dem.tif", "weights.safetensors", "broken.safetensors", "gone"])
def test_every_other_file_is_left_to_qgis(dropped, tmp_path, name):
    handler, shown = dropped
    header = b'{"__metadata__":{"format":"pt"}}'
    content = {"weights.safetensors": len(header).to_bytes(8, "little") + header}
    if name != "gone":
        (tmp_path / name).write_bytes(content.get(name, b"something else"))
    assert not handler.handleFileDrop(str(tmp_path / name)) and shown == []


def test_message_says_what_the_model_is_and_opens_the_tools_that_take_it(bar, model, monkeypatch):
    from deep_geology.plugin.desktop import model_message
    from deep_geology.plugin.jobs.model_card import read_card

    opened = []
    monkeypatch.setattr(model_message, "open_tool", lambda *asked: opened.append(asked))
    message = model_message.show_model(bar, model, read_card(model))
    assert message.title() == "Sentinel2 land cover"
    assert message.text() == "A model for image classification."  # what fits into a line
    assert message.toolTip().startswith(f"{message.text()} 10 classes, 3 bands")
    buttons = {button.text(): button for button in message.findChildren(QPushButton)}
    assert list(buttons) == ["Use in", "Describe model…"]
    actions = {action.text(): action for action in buttons["Use in"].menu().actions()}
    assert list(actions) == [
        "Classify images…", "Classify raster by patches…", "Classify features by raster…",
    ]  # fmt: skip
    actions["Classify raster by patches…"].trigger()
    wait_for(lambda: opened)
    assert opened == [("classifyraster", {"MODEL": model})]
    assert bar.currentItem() is None


def entry(model, name, parent=None):
    """The entry of a name in the browser, once it is there."""
    above = QModelIndex() if parent is None else parent
    if model.canFetchMore(above):
        model.fetchMore(above)

    def found():
        rows = [model.index(row, 0, above) for row in range(model.rowCount(above))]
        return [index for index in rows if model.data(index) == name]

    wait_for(found)
    return found()[0]


@pytest.fixture
def browser(qgis, items):
    """QGIS's browser with our entries."""
    browser = QgsBrowserModel()
    browser.initialize()
    yield browser
    sip.delete(browser)


def test_folder_shows_models_and_no_other_weights(browser, model, tmp_path):
    shutil.copy(model, tmp_path / "rocks.safetensors")
    (tmp_path / "weights.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    index = None
    for name in tmp_path.parts:
        index = entry(browser, name, index)
    found = entry(browser, "rocks.safetensors", index)
    assert browser.rowCount(index) == 1
    item = browser.dataItem(found)
    assert "Rocks\nimage classification\n10 classes, 3 bands" in item.toolTip()
    assert not item.icon().isNull()
    uri = item.mimeUris()[0]
    assert (uri.layerType, uri.uri) == ("custom", str(tmp_path / "rocks.safetensors"))


def test_menu_of_a_model_opens_its_tools(items, model, monkeypatch):
    from deep_geology.plugin.desktop import model_browser
    from qgis.PyQt.QtWidgets import QWidget

    opened, parent = [], QWidget()
    monkeypatch.setattr(model_browser, "open_tool", lambda *asked: opened.append(asked))
    item = items.createDataItem(model, None)
    actions = {action.text(): action for action in item.actions(parent)}
    assert list(actions)[:2] == ["Describe model…", "Use in Classify images…"]
    actions["Describe model…"].trigger()
    actions["Use in Classify raster by patches…"].trigger()
    assert opened == [("describemodel", {"MODEL": model}), ("classifyraster", {"MODEL": model})]


def test_browser_lists_the_library_by_the_names_that_parameters_show(browser, library, model):
    shutil.copy(model, library / "dark_rocks.safetensors")
    shelf = entry(browser, "Deep Geology models")
    item = browser.dataItem(entry(browser, "Dark rocks", shelf))
    assert item.path() == str(library / "dark_rocks.safetensors")
    assert entry(browser, "Sentinel2 land cover", shelf).isValid()
    assert next(action.text() for action in item.actions(None)) == "Describe model…"


def test_desktop_knows_drops_and_entries_until_the_plugin_goes(bar, model):
    from deep_geology.plugin.desktop import DesktopModels

    known = []
    desktop = SimpleNamespace(
        registerCustomDropHandler=known.append,
        unregisterCustomDropHandler=known.remove,
        messageBar=lambda: bar,
    )
    registry = QgsApplication.dataItemProviderRegistry()
    before = len(registry.providers())
    part = DesktopModels(desktop)
    part.add()
    assert len(registry.providers()) == before + 1
    assert known[0].handleFileDrop(model) and bar.currentItem().title() == "Sentinel2 land cover"
    part.remove()
    assert known == [] and len(registry.providers()) == before


def test_chosen_folder_is_kept_and_used_by_all(qgis, library, tmp_path):
    from deep_geology.plugin import library_folder
    from deep_geology.plugin.jobs import model_library

    library_folder.choose(str(tmp_path / "other"))
    assert model_library.folder() == str(tmp_path / "other")
    assert os.environ["DEEPGEOLOGY_MODELS"] == str(tmp_path / "other")
    library_folder.choose("")
    assert model_library.folder() != str(tmp_path / "other")
    QgsSettings().remove("deep_geology")
