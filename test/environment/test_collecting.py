"""Collecting the engine's packages for a computer without a connection."""

import os
import shutil

import pytest

from fake_index import Listener, make_wheel
from plugin import environment
from plugin.jobs import DownloadEngine
from plugin.jobs.errors import JobError, Stopped


@pytest.fixture
def collect(index, tmp_path):
    """Collect into a folder with a space in its name; gives the names of the files there."""

    def run(is_canceled=lambda: False, **values):
        output = str(tmp_path / "my wheels")
        job = DownloadEngine(**{"output": output, **values})
        outputs = environment.download(job, Listener(), is_canceled)
        assert outputs["OUTPUT"] == output
        assert outputs["PACKAGES"] == len([n for n in os.listdir(output) if n.endswith(".whl")])
        return sorted(name.split("-")[0] for name in os.listdir(output))

    return run


def test_collected_folder_prepares_an_engine_offline(collect, prepare, index, tmp_path):
    assert collect() == ["alpha", "beta", "pip"]
    index.close()
    prepare(wheels=str(tmp_path / "my wheels"))
    assert environment.engine_python()


@pytest.mark.parametrize(
    "platform, python, tag",
    [
        ("windows", "3.12", "cp312-cp312-win_amd64"),
        ("macos", "3.10", "cp310-cp310-macosx_12_0_arm64"),
        ("linux", "3.14", "cp314-cp314-manylinux_2_28_x86_64"),
    ],
)
def test_packages_are_those_of_the_other_computer(collect, shop, tmp_path, platform, python, tag):
    system = {"windows": "win32", "macos": "darwin", "linux": "linux"}[platform]
    make_wheel(shop.wheels, "gamma", "1.0", {"gamma.py": ""}, tag)
    make_wheel(shop.wheels, "delta", "1.0", {"delta.py": ""})
    shop.write_lock(
        {
            "gamma": f"sys_platform == '{system}' and python_full_version == '{python}.*'",
            "delta": f"sys_platform != '{system}' or python_full_version < '3.10'",
        }
    )
    names = collect(platform=platform, python_version=python)
    assert names == ["alpha", "beta", "gamma", "pip"]
    assert (tmp_path / "my wheels" / f"gamma-1.0-{tag}.whl").exists()


def test_folder_for_another_computer_is_refused_here(collect, prepare, shop, tmp_path):
    make_wheel(shop.wheels, "gamma", "1.0", {"gamma.py": ""})
    shop.write_lock({"gamma": "sys_platform == 'linux' or sys_platform == 'darwin'"})
    collect(platform="windows", python_version="3.12")
    with pytest.raises(JobError, match=r"lacks 1 of 4 packages for .*: gamma 1.0"):
        prepare(wheels=str(tmp_path / "my wheels"))


def test_cuda_for_windows_cannot_be_collected(collect, index):
    with pytest.raises(JobError, match="cannot be collected"):
        collect(platform="windows", backend="cuda")
    assert index.asked == []


def test_folder_that_is_there_keeps_what_it_holds(collect, tmp_path):
    (tmp_path / "my wheels").mkdir()
    (tmp_path / "my wheels" / "notes.txt").write_text("mine")
    assert collect() == ["alpha", "beta", "notes.txt", "pip"]


def test_package_that_the_index_lacks_is_told_and_nothing_is_left(collect, shop, tmp_path):
    next(shop.wheels.glob("beta-*")).unlink()
    with pytest.raises(JobError, match="no package beta"):
        collect()
    assert [name for name in os.listdir(tmp_path) if "my wheels" in name] == []


def test_cancel_leaves_nothing(collect, index, tmp_path):
    index.seconds = 60
    with pytest.raises(Stopped):
        collect(is_canceled=lambda: bool(index.fetched("pip")))
    assert [name for name in os.listdir(tmp_path) if "my wheels" in name] == []


def test_disk_that_is_too_small_is_refused(collect, index, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(JobError, match="1 MB free"):
        collect()
    assert index.asked == []
