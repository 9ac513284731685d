"""A disk that is full, a place that may not be written, files that go or change under a job.

Whatever happens, the user's files stay as they are, nothing half-written is left, the user reads
one sentence, and the next call works.
"""

import contextlib
import errno
import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from faults.test_odd_inputs import check_sentence
from plugin.engine import work
from plugin.engine.progress import Progress
from plugin.jobs import JOBS
from plugin.jobs.declare import declared
from plugin.jobs.errors import Stopped
from plugin.jobs.places import leftovers
from right_results import check_results
from small_world import BY_THE_ENGINE, outputs, usual
from worker.helpers import wait_until

SLOW = [name for name in BY_THE_ENGINE if name.startswith("train")]
ALL = [pytest.param(name, marks=[pytest.mark.soak] * (name in SLOW)) for name in BY_THE_ENGINE]


def ask(name, world, folder):
    """A job that works, with all its outputs in a folder."""
    return {**usual(name, world), **outputs(name, folder)}


def do(name, values, at_progress=lambda fraction: None, disk=contextlib.nullcontext, told=None):
    """Do a job, on a disk; gives the sentence with which it failed, or an empty text.

    What it said and made goes into `told`, as `check_results` takes it.
    """
    told = {} if told is None else told
    told.update(said=[], made={})

    def say(kind, **words):
        told["said"].append((kind, words))
        if kind == "progress":
            at_progress(words["fraction"])

    try:
        with disk():
            told["made"] = work.do(name, values, Progress(say))
    except Stopped:
        raise
    except BaseException as error:
        why = work.explain(error, name)
        check_sentence(why, error)
        return str(why)
    return ""


def check_clean(name, values, folder, kept=()):
    """Nothing but `kept` and the checkpoint of a training is in a folder."""
    for part in declared(JOBS[name]):
        if part.is_output and values.get(part.name):
            assert leftovers(values[part.name]) == []
    found = {
        path.name for path in Path(folder).rglob("*")
        if path.is_file() and not path.parent.name.endswith(".checkpoint")
    }  # fmt: skip
    assert found <= set(kept), found


@contextlib.contextmanager
def no_growth():
    """Let no file of this process grow over some bytes, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("name", ALL)
def test_a_file_that_cannot_grow_is_said_and_leaves_nothing(name, world, tmp_path):
    values = ask(name, world, tmp_path)
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    assert do(name, values, disk=no_growth)
    check_clean(name, values, tmp_path, {"notes.txt"})
    assert notes.read_text() == "mine"


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 KiB of its own; only who may mount has one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("name", ["upscale_raster", "check_catalog", "generate_images"])
def test_a_full_disk_is_said_and_what_is_on_it_stays(name, world, small_disk):
    (small_disk / "mine.bin").write_bytes(b"x" * 200_000)
    values = ask(name, world, small_disk)
    said = do(name, values)
    assert "disk" in said or "space" in said, said
    check_clean(name, values, small_disk, {"mine.bin"})
    assert (small_disk / "mine.bin").stat().st_size == 200_000
    (small_disk / "mine.bin").unlink()


@pytest.fixture
def read_only(tmp_path):
    """A folder that nobody may write to, not even root: the same folder, mounted read-only."""
    place = tmp_path / "locked"
    place.mkdir()
    (place / "mine.txt").write_text("mine")
    if os.geteuid():
        place.chmod(0o555)
        yield place
        place.chmod(0o755)
        return
    for options in (["--bind", str(place)], ["-o", "remount,ro,bind"]):
        done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True)
        if done.returncode:
            subprocess.run(["umount", "-l", str(place)], capture_output=True)
            pytest.skip(f"no folder can be made read-only for root: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_every_job_refuses_a_read_only_folder_before_it_works(world, read_only):
    for name in BY_THE_ENGINE:
        steps = []
        said = do(name, ask(name, world, read_only), steps.append)
        assert "read-only" in said, (name, said)
        assert steps == [], name
    assert os.listdir(read_only) == ["mine.txt"]


@pytest.mark.parametrize("name", ALL)
def test_an_output_folder_that_is_removed_meanwhile_is_said_or_made_again(name, world, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    values, told, removed = ask(name, world, folder), {}, []
    places = outputs(name, folder).values()

    def remove(fraction):
        """Once, while nothing that is done is in it."""
        if fraction > 0.05 and not removed and not any(map(os.path.exists, places)):
            removed.append(fraction)
            shutil.rmtree(folder, ignore_errors=True)

    if do(name, values, remove, told=told):
        assert not folder.exists() or not any(path.is_file() for path in folder.rglob("*"))
    else:
        check_results(name, values, **told)
    assert wait_until(lambda: leftovers(str(folder)) == [], 1)


def warnings(said):
    return [words for kind, words in said if kind == "warning"]


def copied(values, folder):
    """The job with copies of its inputs, which may be damaged; and their paths."""
    values, paths = dict(values), []
    for key, value in values.items():
        given = value if isinstance(value, list) else [value]
        if all(isinstance(path, str) and os.path.exists(path) for path in given) and given:
            copies = [str(folder / f"{key} {number} {os.path.basename(path)}")
                      for number, path in enumerate(given)]  # fmt: skip
            for path, copy in zip(given, copies, strict=True):
                shutil.copytree(path, copy) if os.path.isdir(path) else shutil.copy(path, copy)
            values[key] = copies if isinstance(value, list) else copies[0]
            paths += copies
    return values, paths


def spoil(paths, how):
    """Take away, cut or overwrite files and the files in folders."""
    for path in paths:
        files = [path] if os.path.isfile(path) else Path(path).rglob("*.*")
        for file in map(str, files):
            with contextlib.suppress(FileNotFoundError):
                if how == "gone":
                    os.remove(file)
                elif how == "cut":
                    os.truncate(file, os.path.getsize(file) // 3)
                else:
                    with open(file, "r+b") as content:
                        content.seek(200)
                        content.write(b"\x5a" * (os.path.getsize(file) // 2))


@pytest.mark.parametrize("how", ["gone", "cut", "other"])
@pytest.mark.parametrize("name", ALL)
def test_an_input_that_changes_meanwhile_is_said_or_does_no_harm(name, how, world, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    values, paths = copied(usual(name, world), tmp_path / "in")
    values = {**values, **outputs(name, tmp_path / "out")}
    spoilt, told = [], {}

    def change(fraction):
        if not spoilt:
            spoilt.append(fraction)
            spoil(paths, how)

    if do(name, values, change, told=told):
        check_clean(name, values, tmp_path / "out")
    elif not any("was changed while" in words["text"] for words in warnings(told["said"])):
        check_results(name, {**values, **usual(name, world)}, **told)


def test_a_full_disk_has_a_number_that_is_known():
    assert "full" in str(work.explain(OSError(errno.EFBIG, "File too large", "x.tif"), "x"))


def test_the_next_call_works_after_all_that(world, tmp_path):
    values = ask("classify_raster", world, tmp_path)
    assert do("classify_raster", values, disk=no_growth)
    assert do("classify_raster", values) == ""
