"""QGIS with Processing and the provider, once for all tests of the algorithms.

The plugin is loaded from a folder where it has its own name, whatever the checkout is called.
The engine must have been prepared: `make test` does that.
"""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from qgis_program import PROGRAM

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def plugins(tmp_path_factory):
    """A plugin folder that holds the plugin, and a profile where it is enabled."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "deep_geology").symlink_to(ROOT, target_is_directory=True)
    os.environ["QGIS_PLUGINPATH"] = str(folder)
    os.environ["QGIS_CUSTOM_CONFIG_PATH"] = str(folder / "profile")
    os.environ["XDG_CONFIG_HOME"] = str(folder / "profile")  # Qt's settings, such as the proxy
    return folder


@pytest.fixture(scope="session")
def qgis(plugins):
    """The running QGIS application, with our provider."""
    from qgis.core import QgsApplication

    application = QgsApplication([], False, str(plugins / "profile"))
    application.initQgis()
    sys.path.insert(0, str(plugins))
    from processing.core.Processing import Processing

    Processing.initialize()
    import deep_geology

    plugin = deep_geology.classFactory(None)
    plugin.initProcessing()
    yield application
    plugin.unload()


@pytest.fixture(autouse=True)
def engine(qgis):
    """The prepared engine's Python."""
    from deep_geology.plugin import environment

    python = environment.engine_python()
    if python is None:
        pytest.fail("The engine is not prepared: run `make engine`, or set DEEPGEOLOGY_HOME.")
    return python


@pytest.fixture
def project(qgis):
    """The project of the tests, emptied at the end."""
    from qgis.core import QgsLayerTreeRegistryBridge, QgsProject

    project = QgsProject.instance()
    yield project
    project.clear()
    # QGIS does not forget a group where new layers were to come, though the group is gone.
    top = QgsLayerTreeRegistryBridge.InsertionPoint(project.layerTreeRoot(), 0)
    project.layerTreeRegistryBridge().setLayerInsertionPoint(top)


@pytest.fixture
def run(qgis):
    """Run an algorithm: ``run("classifyraster", INPUT=..., ...)`` gives its outputs."""
    import processing

    def run_algorithm(name, feedback=None, context=None, **parameters):
        return processing.run("deepgeology:" + name, parameters, feedback=feedback, context=context)

    return run_algorithm


@pytest.fixture
def refused(run):
    """Run an algorithm that must refuse: gives the sentence."""
    from qgis.core import QgsProcessingException

    def run_refused(name, feedback=None, **parameters):
        with pytest.raises(QgsProcessingException) as caught:
            run(name, feedback=feedback, **parameters)
        return str(caught.value).replace("Unable to execute algorithm\n", "")

    return run_refused


@pytest.fixture
def feedback(qgis):
    """A feedback that remembers what it was told."""
    from qgis_truth import Ears

    return Ears()


@pytest.fixture(scope="session")
def landscape(qgis, tmp_path_factory):
    """Path of the two-rock raster."""
    from qgis_truth import rock_values, write_raster

    return write_raster(tmp_path_factory.mktemp("landscape") / "rocks.tif", rock_values())


@pytest.fixture(scope="session")
def chips(qgis, tmp_path_factory):
    """A folder of small images of both rocks."""
    from qgis_truth import chip_folder

    return chip_folder(tmp_path_factory.mktemp("chips") / "rocks")


@pytest.fixture(scope="session")
def model(qgis, chips, tmp_path_factory):
    """Path of a model that tells the two rocks apart."""
    import processing

    from qgis_truth import QUICK_TRAINING

    folder = tmp_path_factory.mktemp("model")
    parameters = {
        **QUICK_TRAINING,
        "INPUT": chips,
        "EPOCHS": 20,
        "MODEL": str(folder / "rocks.safetensors"),
        "REPORT": str(folder / "rocks.html"),
    }
    return processing.run("deepgeology:trainimageclassifier", parameters)["MODEL"]


@pytest.fixture(scope="session")
def pixel_model(qgis, landscape, tmp_path_factory):
    """Path of a model that maps the two rocks pixel by pixel."""
    import processing

    from qgis_truth import label_points, memory_squares

    folder = tmp_path_factory.mktemp("pixel_model")
    parameters = {
        "RASTERS": [landscape],
        "LABELS": memory_squares(label_points(24)),
        "CLASS_FIELD": "rock",
        "NETWORK": "pixel_mlp",
        "EPOCHS": 5,
        "FOLDS": 2,
        "DEVICE": "cpu",
        "MODEL": str(folder / "ground.safetensors"),
        "REPORT": str(folder / "ground.html"),
    }
    return processing.run("deepgeology:trainpixelclassifier", parameters)["MODEL"]


@pytest.fixture
def shop(engine, tmp_path, monkeypatch):
    """Fake wheels in place of the engine's; the engine's Python has the pip that they need."""
    from deep_geology.plugin import engine_packages, trial

    code = "import sys, pathlib, fake_index; fake_index.Shop(pathlib.Path(sys.argv[1]))"
    subprocess.run([engine, "-c", code, str(tmp_path)], check=True, cwd=ROOT / "test")
    monkeypatch.setattr(engine_packages, "LOCK", str(tmp_path / "requirements.lock"))
    monkeypatch.setattr(engine_packages, "SIZES", str(tmp_path / "sizes.json"))
    monkeypatch.setattr(trial, "SELF_CHECK", str(tmp_path / "self_check.py"))
    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path / "my hömé"))
    return SimpleNamespace(wheels=str(tmp_path / "wheels"))


@pytest.fixture(scope="session")
def enabled(plugins):
    """QGIS's profile, with the plugin enabled in it for qgis_process."""
    done = subprocess.run([PROGRAM, "plugins", "enable", "deep_geology"], capture_output=True)
    assert b"deep_geology" in done.stdout or done.returncode == 0, done.stderr


@pytest.fixture
def desktop(qgis, project):
    """A desktop with a message bar, a menu and a map."""
    from qgis.core import QgsApplication, QgsSettings
    from qgis.gui import QgsMapCanvas, QgsMessageBar
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QMainWindow

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
