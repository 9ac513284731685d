"""The lock file, and which of its packages a computer gets."""

import re
from pathlib import Path

import pytest
from pip._vendor.packaging.markers import Marker

from plugin import engine_packages, markers
from plugin.engine_packages import PYTHONS, Computer, other_computer, packages_for

COMPUTERS = [other_computer(s, v) for s in ("linux", "windows", "macos") for v in PYTHONS]
COMPUTERS += [Computer("linux", "3.12.4", "aarch64"), Computer("macos", "3.11.0", "x86_64")]
LOCK = Path(engine_packages.LOCK).read_text(encoding="utf-8")


@pytest.mark.parametrize("computer", COMPUTERS, ids=str)
def test_markers_of_the_lock_are_read_as_pip_reads_them(computer):
    environment = engine_packages._environment(computer)
    found = set(re.findall(r" ; (.*?) \\$", LOCK, re.MULTILINE))
    assert len(found) > 10
    for marker in found:
        assert markers.fits(marker, environment) == Marker(marker).evaluate(environment), marker


@pytest.mark.parametrize(
    "marker", ["import os", "sys_platform", "nonsense == 'x'", "python_version ~= '3.1'", "f()"]
)
def test_marker_that_is_not_understood_is_an_error(marker):
    with pytest.raises(ValueError, match="cannot be read"):
        markers.fits(marker, {"sys_platform": "linux", "python_version": "3.11"})


@pytest.mark.parametrize("backend", ["cpu", "cuda"])
@pytest.mark.parametrize("computer", COMPUTERS, ids=str)
def test_every_package_is_there_once_with_hashes_and_size(computer, backend):
    packages = packages_for(computer, backend)
    names = [package.name for package in packages]
    assert len(names) == len(set(names))
    assert {"torch", "torchvision", "rasterio", "numpy", "pip", "scikit-learn"} <= set(names)
    for package in packages:
        assert package.requirement.count("--hash=sha256:") >= 1
        assert package.download > 1000 and package.installed > 1000, package.name


def test_lock_names_no_host_and_no_path():
    assert "://" not in LOCK
    assert not re.search(r"^-|file:|/home|/opt|/tmp", LOCK, re.MULTILINE)


def test_engine_for_the_cpu_on_linux_is_smaller():
    linux = other_computer("linux", "3.12")
    cpu, cuda = (sum(p.installed for p in packages_for(linux, b)) for b in ("cpu", "cuda"))
    assert cuda - cpu > 1_000_000_000


def test_uv_comes_only_where_it_is_needed():
    def has_uv(system, backend):
        return "uv" in [p.name for p in packages_for(other_computer(system, "3.12"), backend)]

    assert has_uv("windows", "cuda")
    assert not has_uv("windows", "cpu") and not has_uv("linux", "cuda")


def test_line_ends_do_not_make_another_engine(tmp_path):
    for name, end in (("unix", "\n"), ("windows", "\r\n")):
        (tmp_path / name).write_bytes(LOCK.replace("\n", end).encode())
    assert engine_packages.lock_hash(tmp_path / "unix") == engine_packages.lock_hash(
        tmp_path / "windows"
    )
