"""Preparing the engine from QGIS, with a small index in place of the package index."""

import os

import pytest


def test_engine_is_made_from_a_folder_of_wheels(run, shop, feedback):
    from deep_geology.plugin import environment

    outputs = run("prepareengine", feedback=feedback, WHEELS=shop.wheels)
    assert outputs["TORCH"] == "9.9"
    assert outputs["DEVICES"] == "cpu"
    assert environment.engine_python().startswith(outputs["LOCATION"])


def test_other_tools_tell_to_prepare_the_engine_while_it_is_missing(shop, qgis):
    registry = qgis.processingRegistry()
    can, why = registry.algorithmById("deepgeology:classifyraster").canExecute()
    assert not can and '"Prepare engine"' in why
    assert registry.algorithmById("deepgeology:prepareengine").canExecute()[0]


def test_cuda_without_a_driver_is_refused_with_a_sentence(refused, shop, monkeypatch):
    from deep_geology.plugin import premises

    monkeypatch.setattr(premises, "has_nvidia_driver", lambda: False)
    said = refused("prepareengine", BACKEND="cuda", WHEELS=shop.wheels)
    assert said.startswith("CUDA was chosen, but no NVIDIA driver was found")


def test_folder_that_lacks_packages_is_refused_with_their_names(refused, shop):
    for name in os.listdir(shop.wheels):
        if name.startswith("beta"):
            os.remove(os.path.join(shop.wheels, name))
    said = refused("prepareengine", WHEELS=shop.wheels)
    assert "lacks 1 of 3 packages" in said and "beta 2.0" in said


def test_own_python_that_is_none_is_refused(refused, shop, tmp_path):
    program = tmp_path / "python3"
    program.write_text("no program")
    assert "does not run as a Python" in refused("prepareengine", PYTHON=str(program))


def test_cancelled_preparation_makes_nothing(refused, shop, feedback):
    from deep_geology.plugin import environment

    feedback.cancel()
    assert refused("prepareengine", feedback=feedback, WHEELS=shop.wheels).startswith("Canceled")
    assert environment.engine_python() is None


@pytest.fixture
def network(qgis):
    """QGIS's settings of the network; set back at the end."""
    from qgis.core import QgsSettings

    settings = QgsSettings()
    yield settings
    settings.remove("proxy")


def test_proxy_of_the_settings_becomes_an_address(network):
    from deep_geology.plugin.proxy import proxy_address

    assert proxy_address() == ""
    network.setValue("proxy/proxyEnabled", True)
    network.setValue("proxy/proxyType", "HttpProxy")
    network.setValue("proxy/proxyHost", "proxy.example")
    network.setValue("proxy/proxyPort", "8080")
    assert proxy_address() == "http://proxy.example:8080"
    network.setValue("proxy/proxyUser", "me@work")
    network.setValue("proxy/proxyPassword", "a:b/c")
    assert proxy_address() == "http://me%40work:a%3Ab%2Fc@proxy.example:8080"
    network.setValue("proxy/proxyType", "DefaultProxy")
    assert proxy_address() == ""


def test_proxy_that_does_not_answer_is_told(refused, shop, network, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    network.setValue("proxy/proxyEnabled", True)
    network.setValue("proxy/proxyType", "HttpProxy")
    network.setValue("proxy/proxyHost", "127.0.0.1")
    network.setValue("proxy/proxyPort", "9")
    assert "The proxy does not let the download through" in refused("prepareengine")


def test_help_tells_what_an_engine_takes_on_the_disk(qgis):
    from deep_geology.algorithms.prepare_engine import PrepareEngine
    from deep_geology.plugin.engine_packages import downloads_for, other_computer

    told = PrepareEngine.about.split("On disk: ")[1]
    for system, backend in (
        ("linux", "cpu"),
        ("linux", "cuda"),
        ("macos", "cpu"),
        ("windows", "cuda"),
    ):
        packages = downloads_for(other_computer(system, "3.12"), backend)
        assert f"{sum(package.installed for package in packages) / 1e9:.1f} GB" in told
