"""What a killed map leaves is used again where it is right, and nowhere else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import rasterio
import rasterio.shutil
import torch

import small_jobs
from plugin.engine import ranks, strip_files, strips, work
from plugin.engine.fingerprints import latest_change
from plugin.engine.progress import Progress, Silent
from plugin.jobs import JOBS
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from small_jobs import outputs_of

NAME = "classify_pixels"


@pytest.fixture
def launched(monkeypatch):
    """As the only process that torchrun has started."""
    torch.set_num_threads(1)
    here = type("Here", (ranks._Alone,), {"is_launched": True})()
    monkeypatch.setattr(ranks, "_here", here)


@pytest.fixture
def computed(monkeypatch):
    """Numbers of the strips that are computed, run by run."""
    runs, compute = [], strips._compute

    def watched(result, mine, *others):
        runs.append(list(mine))
        return compute(result, mine, *others)

    monkeypatch.setattr(strips, "_compute", watched)
    return runs


@pytest.fixture
def values(tmp_path):
    """A map of seven rows of windows, from a mosaic of one file."""
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    asked = small_jobs.classify_pixels(tmp_path / "in")
    mosaic = str(tmp_path / "in" / "mosaic.vrt")
    rasterio.shutil.copy(asked["rasters"][0], mosaic, driver="VRT")
    asked.update(rasters=[mosaic], window_size=32, device="cpu")
    return {**asked, **outputs_of(NAME, tmp_path / "out")}


def folder_of(values):
    return Path(f"{values['output']}.strips")


def interrupt(values, count=3):
    """Do a job until some strips are there; gives them."""
    found = []

    def is_enough():
        found[:] = sorted(folder_of(values).glob("*/*/*.strip"))
        return len(found) >= count

    with pytest.raises(Stopped):
        work.do(NAME, values, Progress(lambda *ignored, **words: None, is_enough))
    return found


def bytes_of(values):
    return {kind: Path(values[kind]).read_bytes() for kind in outputs_of(NAME, Path())}


@pytest.fixture
def truth(values):
    """The map of a run without a break."""
    torch.set_num_threads(1)
    work.do(NAME, values, Silent())
    return bytes_of(values)


def test_finished_strips_are_not_computed_again(values, truth, launched, computed):
    there = {int(path.stem) for path in interrupt(values)}
    work.do(NAME, values, Silent())
    assert len(there) >= 3 and there.isdisjoint(computed[-1])
    assert bytes_of(values) == truth and not folder_of(values).exists()


@pytest.mark.parametrize("left", [0, 8, 1000])
def test_strip_that_was_cut_short_is_computed_again(values, truth, launched, computed, left):
    first = interrupt(values)[0]
    os.truncate(first, left)
    work.do(NAME, values, Silent())
    assert int(first.stem) in computed[-1]
    assert bytes_of(values) == truth


def test_no_strip_is_used_after_a_part_of_a_mosaic_has_changed(values, truth, launched, computed):
    interrupt(values)
    with rasterio.open(os.path.join(os.path.dirname(values["rasters"][0]), "a.tif"), "r+") as part:
        part.write(part.read()[:, ::-1])
    work.do(NAME, values, Silent())
    assert computed[-1] == computed[0]
    assert bytes_of(values) != truth


def test_change_of_an_image_in_a_folder_is_seen_though_its_size_stays(tmp_path):
    image, job = tmp_path / "a" / "b.tif", JOBS["detect_objects"](input=str(tmp_path))
    image.parent.mkdir()
    image.write_bytes(b"one")
    os.utime(image, ns=(10, 10))
    first = latest_change(job)
    image.write_bytes(b"two")
    assert first == 10 and latest_change(job) > 10


def test_output_that_a_killed_process_has_left_is_removed(values, launched):
    interrupt(values)
    (manifest,) = folder_of(values).glob("*/manifest.json")
    said = json.loads(manifest.read_text(encoding="utf-8"))
    assert said["pid"] == os.getpid()
    manifest.write_text(json.dumps({**said, "pid": 99999999}), encoding="utf-8")
    lost, others = (Path(f"{values['output']}.{pid}.part") for pid in (99999999, 88888888))
    lost.write_bytes(b"half")
    others.write_bytes(b"of another job")
    work.do(NAME, values, Silent())
    assert not lost.exists() and others.exists()


def test_who_waits_for_strips_is_told_when_another_process_has_ended(monkeypatch, tmp_path):
    class Store:
        def check(self, names):
            return names == ["last word"]

    here = type("Here", (ranks._Alone,), {"is_launched": True, "count": 2, "store": Store()})()
    monkeypatch.setattr(ranks, "_here", here)
    store = strip_files.Store(str(tmp_path / "strips"))
    with (
        pytest.raises(JobError, match="Another process"),
        strip_files.collected(store, 2, None) as collector,
    ):
        collector.finish(Silent(), 2)


def test_processes_that_would_take_other_windows_than_the_first_are_refused(monkeypatch, tmp_path):
    kept = strips._Kept(NAME, None, str(tmp_path))
    kept._place = str(tmp_path)
    assert os.listdir(tmp_path) == [] and kept.store(8)
    monkeypatch.setattr(ranks, "agreed", lambda own: strips._digest(repr(16)))
    kept.store(16)
    with pytest.raises(JobError, match="different windows"):
        kept.store(8)


def test_processes_that_see_other_inputs_than_the_first_are_refused(monkeypatch, values):
    kept = strips._Kept(NAME, from_values(JOBS[NAME], values), str(folder_of(values)))
    monkeypatch.setattr(ranks, "agreed", lambda own: "what the first process sees")
    with pytest.raises(JobError, match="do not see the same"):
        kept.store(8)
    assert not folder_of(values).exists()


def test_strips_of_a_job_that_is_at_work_are_left_alone(launched, values):
    interrupt(values)
    (manifest,) = folder_of(values).glob("*/manifest.json")
    before = sorted(folder_of(values).rglob("*"))
    sleep = [sys.executable, "-c", "import time; time.sleep(60)", "plugin.engine"]
    with subprocess.Popen(sleep) as other:
        said = json.loads(manifest.read_text(encoding="utf-8"))
        manifest.write_text(json.dumps({**said, "pid": other.pid}), encoding="utf-8")
        with pytest.raises(JobError, match="at this moment"):
            work.do(NAME, {**values, "window_size": 48}, Silent())
        other.kill()
    assert sorted(folder_of(values).rglob("*")) == before
    work.do(NAME, {**values, "window_size": 48}, Silent())
    assert not folder_of(values).exists()
