"""Collecting the engine's packages from QGIS, with a small index in place of the package index."""

import os

import pytest


@pytest.fixture
def index(shop, monkeypatch):
    """The server of the fake wheels."""
    from fake_index import Index

    index = Index(shop.wheels)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    yield index
    index.close()


def test_packages_are_collected_for_another_computer(run, index, tmp_path, feedback):
    output = str(tmp_path / "wheels for the field")
    outputs = run(
        "downloadengine", feedback, PLATFORM="windows", PYTHON_VERSION="3.12", OUTPUT=output
    )
    assert outputs["OUTPUT"] == output
    assert outputs["PACKAGES"] == len(os.listdir(output)) == 3


def test_cuda_for_windows_is_refused(refused, index, tmp_path):
    output = str(tmp_path / "wheels for the field")
    said = refused("downloadengine", BACKEND="cuda", PLATFORM="windows", OUTPUT=output)
    assert "cannot be collected beforehand" in said
    assert index.asked == [] and not os.path.exists(output)
