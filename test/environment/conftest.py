"""A fake index instead of the package index, and a folder of the engine for every test."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from fake_index import Index, Listener, Shop
from plugin import engine_packages, environment, installing, interpreter, trial
from plugin.jobs import PrepareEngine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A fresh environment to copy: making one takes seconds."""
    base, folder = interpreter.base_python().path, tmp_path_factory.mktemp("template") / "engine"
    subprocess.run([base, "-I", "-m", "venv", str(folder)], check=True)
    return base, folder


@pytest.fixture
def shop(tmp_path, monkeypatch, template):
    """Fake wheels, which the plugin takes for its lock; a home with spaces and other letters."""
    shop = Shop(tmp_path / "shop")
    monkeypatch.setattr(engine_packages, "LOCK", str(shop.lock))
    monkeypatch.setattr(engine_packages, "SIZES", str(shop.sizes))
    monkeypatch.setattr(trial, "SELF_CHECK", str(shop.self_check))
    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path / "Größe 地质 home"))
    make_really = installing.make_environment

    def copy_or_make(base, folder, workshop):
        if base == template[0] and not os.path.exists(folder):
            shutil.copytree(template[1], folder, symlinks=True)
        else:
            make_really(base, folder, workshop)

    monkeypatch.setattr(installing, "make_environment", copy_or_make)
    return shop


@pytest.fixture
def index(shop, monkeypatch):
    """The server of the fake wheels; pip is told of it as users tell it of a mirror."""
    index = Index(shop.wheels)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.setenv("PIP_RETRIES", "0")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield index
    index.close()


@pytest.fixture
def prepare(shop):
    """Prepare the engine: gives its outputs; ``prepare.listener`` has what was said."""

    def run(is_canceled=lambda: False, proxy="", **values):
        run.listener = Listener()
        return environment.prepare(PrepareEngine(**values), run.listener, is_canceled, proxy)

    return run


@pytest.fixture
def apart(shop):
    """Prepare the engine in another process, as another window of QGIS does."""
    started = []

    def start():
        code = (
            "import sys; sys.path[:0] = [{root!r}, {tests!r}]\n"
            "from plugin import engine_packages, environment, trial\n"
            "from plugin.jobs import PrepareEngine\n"
            "from fake_index import Listener\n"
            "engine_packages.LOCK, engine_packages.SIZES = {lock!r}, {sizes!r}\n"
            "trial.SELF_CHECK = {check!r}\n"
            "listener = Listener()\n"
            "environment.prepare(PrepareEngine(), listener, lambda: False)\n"
            "print(sorted(set(listener.texts)))\n"
        ).format(
            root=str(ROOT),
            tests=str(ROOT / "test"),
            lock=str(shop.lock),
            sizes=str(shop.sizes),
            check=str(shop.self_check),
        )
        process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-c", code], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def bare_environment(tmp_path):
    """The Python of an environment without the engine's libraries."""
    venv.create(tmp_path / "bare", with_pip=False, symlinks=os.name != "nt")
    return str(tmp_path / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
