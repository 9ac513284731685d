"""Install a zip as the plugin manager of QGIS does, use it, and uninstall it; without a screen.

    python test/install_package.py ZIP PROFILE

Runs in QGIS's Python with an empty profile. What the desktop would show goes to a stand-in.
The last line is JSON: what was found on the way.
"""

import ctypes
import json
import os
import sys
from pathlib import Path
from unittest.mock import MagicMock

NAME = "deep_geology"


def start(profile):
    """QGIS with an empty profile and Processing, and a stand-in for its window."""
    os.environ["QGIS_CUSTOM_CONFIG_PATH"] = profile
    from qgis.core import Qgis, QgsApplication

    # In newer QGIS the settings of the plugin manager come with the desktop's library.
    ctypes.CDLL(f"libqgis_app.so.{Qgis.QGIS_VERSION.split('-')[0]}")
    application = QgsApplication([], True, profile)
    application.initQgis()
    import qgis.utils

    folder = Path(QgsApplication.qgisSettingsDirPath()) / "python" / "plugins"
    folder.mkdir(parents=True)
    qgis.utils.plugin_paths = [str(folder)]
    qgis.utils.home_plugin_path = qgis.utils.HOME_PLUGIN_PATH = str(folder)
    qgis.utils.iface = _window()
    sys.path[:0] = [str(folder), os.path.join(QgsApplication.pkgDataPath(), "python")]
    from processing.core.Processing import Processing

    Processing.initialize()
    return application, folder


def _window():
    from qgis.gui import QgsMapCanvas
    from qgis.PyQt.QtWidgets import QMainWindow

    window, canvas, iface = QMainWindow(), QgsMapCanvas(), MagicMock()
    iface.mainWindow = lambda: window
    iface.mapCanvas = lambda: canvas
    return iface


def main(package, profile):
    application, folder = start(profile)
    import pyplugin_installer
    import qgis.utils
    from qgis.core import QgsApplication, QgsSettings
    from qgis.PyQt.QtWidgets import QMessageBox

    QMessageBox.exec = QMessageBox.exec_ = lambda box: sys.exit(f"QGIS asks: {box.text()}")
    manager, told = pyplugin_installer.instance(), qgis.utils.iface.pluginManagerInterface()
    manager.installFromZipFile(package)
    registry = QgsApplication.processingRegistry()
    found = {
        "messages": [call.args[0] for call in told.pushMessage.call_args_list],
        "errors": str(qgis.utils.iface.messageBar().pushMessage.call_args_list or ""),
        "in_profile": sorted(path.name for path in folder.iterdir()),
        "started": NAME in qgis.utils.active_plugins,
        "enabled": QgsSettings().value(f"/PythonPlugins/{NAME}", False, bool),
        "shown": _shown(told),
        "tools": len(registry.providerById("deepgeology").algorithms()),
        "outputs": run(folder / NAME, profile),
    }
    manager.uninstallPlugin(NAME, quiet=True)
    found["left"] = sorted(path.name for path in folder.iterdir())
    found["provider_left"] = registry.providerById("deepgeology") is not None
    print(json.dumps(found))
    application.exitQgis()


def _shown(told):
    """What the manager's window is told of our plugin."""
    plugins = [call.args[0] for call in told.addPluginMetadata.call_args_list]
    ours = [plugin for plugin in plugins if plugin["id"] == NAME]
    return {key: ours[-1][key] for key in ("name", "version_installed", "error", "changelog")}


def run(plugin, profile):
    """Upscale the sample and describe the bundled model with the installed tools."""
    import processing

    model = plugin / "resources" / "models" / "sentinel2_land_cover.safetensors"
    described = processing.run(
        "deepgeology:describemodel", {"MODEL": str(model), "REPORT": "TEMPORARY_OUTPUT"}
    )
    finer = os.path.join(profile, "finer.tif")
    sample = plugin / "resources" / "samples" / "prairie" / "image.tif"
    asked = {"INPUT": str(sample), "FACTOR": "2", "METHOD": "classical", "OUTPUT": finer}
    processing.run("deepgeology:upscaleraster", asked)
    return {"task": described["TASK"], "bytes": os.path.getsize(finer)}


if __name__ == "__main__":
    main(*sys.argv[1:])
