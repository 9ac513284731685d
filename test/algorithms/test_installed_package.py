"""The zip is installed by the plugin manager's own code into an empty profile, and works."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from make_package import make_package, version

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What was found while the zip was installed, used and uninstalled."""
    folder = tmp_path_factory.mktemp("installed")
    package = make_package(folder)
    variables = {k: v for k, v in os.environ.items() if not k.startswith("QGIS_")}
    command = [
        sys.executable,
        str(ROOT / "test" / "install_package.py"),
        package,
        folder / "profile",
    ]
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, timeout=400,
        env={**variables, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_plugin_manager_installs_starts_and_enables_the_zip(found):
    assert found["messages"][0] == "<b>Plugin installed successfully</b>"
    assert (found["errors"], found["in_profile"]) == ("", ["deep_geology"])
    assert found["started"] and found["enabled"]


def test_plugin_manager_shows_name_version_and_news(found):
    shown = found["shown"]
    assert (shown["name"], shown["version_installed"]) == ("Deep Geology", version())
    assert not shown["error"] and shown["changelog"].startswith(version())


def test_installed_tools_run_with_the_engine(found):
    assert found["tools"] > 30
    assert found["outputs"]["task"] == "image classification"
    assert found["outputs"]["bytes"] > 10_000


def test_nothing_is_left_in_the_profile_after_uninstalling(found):
    assert (found["left"], found["provider_left"]) == ([], False)
