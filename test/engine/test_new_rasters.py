"""New rasters: tiled, whole before they are in place, with what GDAL and QGIS look for."""

import os
import subprocess
import threading
import time
import xml.etree.ElementTree as ET
from contextlib import contextmanager

import numpy as np
import pytest
import rasterio

from landscapes import LEVELS, NORTH_UP, ROTATED, SOUTH_UP, UTM, regions, textured, write_raster
from plugin.engine.progress import Progress
from plugin.engine.rasters import Grid, new_raster, writing
from plugin.engine.rasters.naming import auxiliary_text
from plugin.jobs.errors import JobError, Stopped

ROCKS = [
    {"value": 1, "name": "chalk & flint", "color": "#f0f0e0"},
    {"value": 2, "name": "März-Mergel", "color": "#90a080"},
    {"value": 3, "name": "basalt", "color": "#202030"},
]


@pytest.fixture
def values():
    return np.random.default_rng(0).integers(0, 200, (3, 50, 70)).astype(np.uint16)


def grid(width=70, height=50, transform=NORTH_UP):
    return Grid(width, height, transform, rasterio.crs.CRS.from_string(UTM))


def write_new(path, area, values):
    """Write an array (band, row, column) as a new raster."""
    with new_raster(str(path), area, values.dtype) as new:
        new.write(values, 0)


@contextmanager
def small_disk(tmp_path, megabytes=1):
    """A folder on a disk of its own, which fills up soon."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(options, capture_output=True, check=False)
    except OSError:
        done = None
    if done is None or done.returncode:
        pytest.skip("this machine does not let a small disk be mounted")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, ROTATED])
def test_new_raster_keeps_place_names_and_values(tmp_path, values, transform):
    path = tmp_path / "new" / "a.tif"
    with new_raster(str(path), grid(transform=transform), "uint16", ("a", "b", "c"), 9, tags={"MODEL": "m"}) as new:  # fmt: skip
        new.write(values[:, :30], 0)
        new.write(values[:, 30:], 30)
        assert not path.exists()
    with rasterio.open(path) as raster:
        assert (raster.read() == values).all()
        assert raster.transform == transform and raster.crs == UTM and raster.nodata == 9
        assert raster.descriptions == ("a", "b", "c") and raster.tags()["MODEL"] == "m"
        assert raster.compression.name == "deflate"
    assert sorted(os.listdir(path.parent)) == ["a.tif"]


def test_large_new_raster_is_tiled_and_has_overviews(tmp_path):
    path = str(tmp_path / "a.tif")
    with new_raster(path, grid(3000, 600), "uint8", classes=ROCKS, nodata=0) as new:
        new.write(np.full((1, 600, 3000), 2, np.uint8), 0)
    with rasterio.open(path) as raster:
        assert raster.block_shapes == [(256, 256)] and raster.overviews(1) == [2, 4]
        assert (raster.read(1, out_shape=(150, 750)) == 2).all()


def test_damage_of_a_large_raster_is_noticed_before_it_is_in_place(tmp_path, monkeypatch):
    path, finish = str(tmp_path / "a.tif"), writing._finish

    def damaged_first(path, part, *others):
        with open(part, "r+b") as file:
            file.seek(os.path.getsize(part) // 2)
            file.write(bytes(4096))
        finish(path, part, *others)

    monkeypatch.setattr(writing, "_finish", damaged_first)
    values = np.random.default_rng(0).integers(0, 255, (1, 600, 3000), np.uint8)
    told = pytest.raises(JobError, match=r'"a\.tif" cannot be written')
    with told, new_raster(path, grid(3000, 600), "uint8") as new:
        new.write(values, 0)
    assert not os.listdir(tmp_path)


def test_class_names_and_colors_are_where_gdal_looks(tmp_path):
    path = str(tmp_path / "a.tif")
    with new_raster(path, grid(), "uint8", classes=ROCKS, nodata=0) as new:
        new.write(np.ones((1, 50, 70), np.uint8), 0)
    with rasterio.open(path) as raster:
        table = raster.colormap(1)
    assert [table[i] for i in range(4)] == [
        (0, 0, 0, 0), (0xF0, 0xF0, 0xE0, 255), (0x90, 0xA0, 0x80, 255), (0x20, 0x20, 0x30, 255),
    ]  # fmt: skip
    try:
        told = subprocess.run(["gdalinfo", path], capture_output=True, encoding="utf-8", check=True)
    except OSError:
        pytest.skip("gdalinfo is not on this machine")
    for number, rock in enumerate(ROCKS, 1):
        assert f"{number}: {rock['name']}" in told.stdout
    assert "GDALRasterAttributeTable" in told.stdout


def test_attribute_table_tells_value_name_and_color():
    root = ET.fromstring(auxiliary_text(ROCKS))
    rows = [[cell.text for cell in row] for row in root.iter("Row")]
    assert rows[1] == ["2", "März-Mergel", "144", "160", "128", "255"]
    assert [name.text for name in root.iter("Category")][1:] == [rock["name"] for rock in ROCKS]


def test_names_of_an_older_raster_do_not_stay(tmp_path):
    path = tmp_path / "a.tif"
    for classes in (ROCKS, ()):
        with new_raster(str(path), grid(), "uint8", classes=classes) as new:
            new.write(np.ones((1, 50, 70), np.uint8), 0)
    assert os.listdir(tmp_path) == ["a.tif"]


def test_failure_leaves_the_older_raster_as_it_was(tmp_path, values):
    path = write_raster(tmp_path / "a.tif", values)
    with pytest.raises(ZeroDivisionError), new_raster(path, grid(), "uint8") as new:
        new.write(np.ones((1, 20, 70), np.uint8), 0)
        raise ZeroDivisionError
    with rasterio.open(path) as raster:
        assert (raster.read() == values).all()
    assert os.listdir(tmp_path) == ["a.tif"]


def test_older_raster_that_cannot_be_replaced_keeps_what_lies_beside_it(tmp_path, monkeypatch):
    for ending in ("", ".aux.xml", ".ovr"):
        (tmp_path / f"a.tif{ending}").write_text(f"older {ending}")

    def refused(*ignored):
        raise PermissionError("it is open in another program")

    monkeypatch.setattr(writing, "put_in_place", refused)
    with pytest.raises(JobError, match=r'"a\.tif" cannot be written'):
        write_new(tmp_path / "a.tif", grid(), np.ones((1, 50, 70), np.uint8))
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {f"a.tif{end}": f"older {end}" for end in ("", ".aux.xml", ".ovr")}


def test_damage_of_a_mask_is_noticed_before_it_is_in_place(tmp_path, monkeypatch):
    finish = writing._finish

    def cut(path, part, *others):
        os.truncate(part, os.path.getsize(part) - 3000)
        finish(path, part, *others)

    monkeypatch.setattr(writing, "_finish", cut)
    told = pytest.raises(JobError, match=r'"a\.tif" cannot be written')
    with told, new_raster(str(tmp_path / "a.tif"), grid(600, 600), "uint8") as new:
        new.write(np.ones((1, 600, 600), np.uint8), 0)
        new.write_mask(np.random.default_rng(0).random((600, 600)) < 0.5, 0)
    assert not os.listdir(tmp_path)


def test_input_is_not_written_over(tmp_path, values):
    path = write_raster(tmp_path / "a.tif", values)
    link = tmp_path / "link.tif"
    link.symlink_to(path)
    with pytest.raises(JobError, match="is read by this job"), new_raster(str(link), grid(), "uint8", inputs=[path]):  # fmt: skip
        pass


def test_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("plugin.engine.rasters.writing.check_space", lambda *ignored: None)
    noise = np.random.default_rng(0).random((1, 1000, 1000), np.float32)
    with small_disk(tmp_path) as folder:
        with pytest.raises(JobError, match=r'The disk is full: "a\.tif"') as caught:
            write_new(folder / "a.tif", grid(1000, 1000), noise)
        assert os.listdir(folder) == []
    assert caught.value.remedy


def fill_up_while_writing(folder):
    noise = np.random.default_rng(0).random((1, 100, 300), np.float32)
    with new_raster(str(folder / "a.tif"), grid(300, 100), "float32") as new:
        new.write(noise, 0)
        with pytest.raises(OSError), open(folder / "other", "wb") as other:
            other.write(bytes(2**23))


def test_disk_that_fills_up_before_the_file_is_closed_is_told(tmp_path):
    with small_disk(tmp_path, 3) as folder:
        with pytest.raises(JobError, match=r'The disk is full: "a\.tif"'):
            fill_up_while_writing(folder)
        assert os.listdir(folder) == ["other"]


def test_lack_of_space_is_told_before_work_starts(tmp_path):
    nothing = np.zeros((1, 0, 0))
    with small_disk(tmp_path) as folder:
        with pytest.raises(JobError, match=r"may need 800 MB; the disk has .* left"):
            write_new(folder / "a.tif", grid(10_000, 10_000), nothing)
        assert os.listdir(folder) == []


def test_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JobError, match="cannot be written"):
        write_new(tmp_path / "file" / "a.tif", grid(), np.zeros((1, 50, 70), np.uint8))


def test_levels_of_the_made_up_landscape_are_its_truth():
    truth = regions(60, 60, 20)
    values = textured(truth)
    assert [round(values[:, truth == i].mean()) for i in range(3)] == pytest.approx(LEVELS, abs=2)


def write_large(path, progress=None, side=5000):
    """A raster of noise whose overviews take a second; gives its values."""
    values = np.random.default_rng(0).integers(0, 255, (1, side, side), np.uint8)
    with new_raster(path, grid(side, side), "uint8", progress=progress) as new:
        new.write(values, 0)
    return values


@pytest.mark.parametrize("stage", ["Reading the result back", "Making overviews"])
def test_cancel_when_all_is_written_leaves_the_older_raster(tmp_path, stage):
    path, told = tmp_path / "a.tif", []
    path.write_text("older")
    stopped = threading.Event()

    def say(kind, text="", **words):
        told.append(text)
        if text.startswith(stage):
            stopped.set()

    with pytest.raises(Stopped):
        write_large(str(path), Progress(say, stopped.is_set))
    assert any(text.startswith(stage) for text in told)
    assert path.read_text() == "older" and os.listdir(tmp_path) == ["a.tif"]


def test_other_threads_go_on_while_overviews_are_made(tmp_path):
    longest, done = [0.0], threading.Event()

    def watch():
        before = time.monotonic()
        while not done.wait(0.01):
            longest[0] = max(longest[0], time.monotonic() - before)
            before = time.monotonic()

    watching, began = threading.Thread(target=watch), time.monotonic()
    watching.start()
    values = write_large(str(tmp_path / "a.tif"))
    done.set()
    watching.join()
    assert longest[0] < (time.monotonic() - began) / 3
    with rasterio.open(tmp_path / "a.tif") as raster:
        assert raster.overviews(1) == [2, 4, 8] and (raster.read(1) == values[0]).all()
        smaller = raster.read(1, out_shape=(2500, 2500)).astype(float)
    mean = values[0].reshape(2500, 2, 2500, 2).mean(axis=(1, 3))
    assert abs(smaller - mean).max() <= 0.5 + 1e-9
