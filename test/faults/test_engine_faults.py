"""Engines that are killed or cancelled at random moments, in every job, and called a thousand times."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio

from plugin.conversation import Limits
from plugin.engine.progress import Silent
from plugin.engine.work import do
from plugin.jobs import protocol
from plugin.jobs.errors import JobError, Stopped
from plugin.worker import Worker
from small_world import BY_THE_ENGINE, outputs, usual
from worker.helpers import Listener, is_running, never, wait_until

ROOT = Path(__file__).resolve().parents[2]
FEW = ("classify_raster", "upscale_raster", "train_pixel_classifier", "check_catalog")
ALL = [
    pytest.param(name, marks=[] if name in FEW else [pytest.mark.soak]) for name in BY_THE_ENGINE
]
LONGEST = 6.0  # seconds of a job in which it is struck
AT_ONCE = 0.3  # a job of fewer seconds cannot be struck for sure
TRIES, GRACE = 8, 15  # until one has struck; seconds
BEFORE = "of before"


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """Starts the engine as QGIS does, with this Python."""
    worker = Worker(
        lambda python: (sys.executable, "-X", "utf8", "-s", "-u", "-m", "plugin.engine"),
        lambda: str(tmp_path_factory.getbasetemp() / "logs"), Limits(),
    )  # fmt: skip
    yield worker
    worker.close()


class Fate(Listener):
    """Strikes some time after the job has told of its first progress, and knows when that was."""

    def __init__(self, strike=lambda: None, seconds=3600.0):
        super().__init__()
        self._timer, self.begun, self.struck = threading.Timer(seconds, self._act), None, None
        self._strike = strike

    def _act(self):
        self.struck = time.monotonic()
        self._strike()

    def progress(self, fraction, text):
        super().progress(fraction, text)
        if self.begun is None:
            self.begun = time.monotonic()
            self._timer.start()

    def end(self):
        """Let it not strike any more; one that strikes at this moment is waited for."""
        self._timer.cancel()
        if self.begun:
            self._timer.join()


def engines(worker):
    return [engine._process.pid for engine in list(worker._pool._engines)]


def kill_all(worker):
    for pid in engines(worker):
        os.kill(pid, signal.SIGKILL)


def prepared(name, world, folder):
    """A folder with a file of the user's, and a job that writes beside it, over files of before."""
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    values = {**usual(name, world), **outputs(name, folder)}
    for path in files_of(name, folder):
        path.write_text(BEFORE)
    return values


def files_of(name, folder):
    """The outputs of a job that are files."""
    return [Path(path) for path in outputs(name, folder).values() if os.path.splitext(path)[1]]


def check_untouched(name, folder, error):
    """The user's files are there, and all results of a job or none.

    A model that was whole when the engine was killed stays. An engine that is canceled in the middle
    of something long, such as a figure, is waited for.
    """
    assert wait_until(lambda: not [p for p in folder.rglob("*") if ".part" in p.name], GRACE)
    assert (folder / "mine.txt").read_text() == "mine"
    stopped = isinstance(error, Stopped)
    assert all(path.stat().st_size > 0 for path in files_of(name, folder))
    files = [path for path in files_of(name, folder) if path.suffix != ".safetensors" or stopped]
    older = [path.read_bytes() == BEFORE.encode() for path in files]
    # Killed right after its end, an engine has not yet said that it is done.
    assert error is None or all(older) or not (stopped or any(older)), files


def strike(name, world, worker, folder, seconds, kill=False):
    """Kill the engine or cancel the job some time after its begin.

    Returns
    -------
    float or None
        Seconds until it had ended; None if it was done before.
    """
    values, error = prepared(name, world, folder), None
    fate = Fate((lambda: kill_all(worker)) if kill else (lambda: None), seconds)
    try:
        worker.run(name, values, fate, lambda: fate.struck is not None and not kill)
    except (Stopped, JobError) as caught:
        error = caught
        assert isinstance(error, Stopped) or (kill and "engine" in error.found), error
    finally:
        fate.end()
    check_untouched(name, folder, error)
    return None if error is None else time.monotonic() - fate.struck


@pytest.fixture(scope="module")
def length(world, worker, tmp_path_factory):
    """Seconds from a job's first progress to its end when nothing strikes it; measured once."""
    known = {}

    def measured(name):
        if name not in known:
            fate = Fate()
            values = prepared(name, world, tmp_path_factory.mktemp("whole") / "out")
            worker.run(name, values, fate, never)
            fate.end()
            known[name] = min(time.monotonic() - fate.begun, LONGEST)
        return known[name]

    return measured


@pytest.mark.parametrize("kill", [True, False], ids=["killed", "canceled"])
@pytest.mark.parametrize("name", ALL)
def test_job_that_is_struck_at_a_random_moment_leaves_all_as_it_was(
    name, kill, world, worker, length, tmp_path
):
    chance, lengths = random.Random(f"{name} {kill}"), [length(name)]
    for number in range(TRIES):
        seconds, began = chance.uniform(0, min(lengths)), time.monotonic()
        if strike(name, world, worker, tmp_path / f"{number}", seconds, kill) is not None:
            break
        lengths.append(time.monotonic() - began)
    else:
        assert min(lengths) < AT_ONCE, f"{name} was done before it was struck, {TRIES} times"
    worker.run("describe_model", ask_little(world, tmp_path), Listener(), never)


def ask_little(world, folder):
    return {"model": world.models["upscaling"], "report": str(folder / "next.html")}


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_200_cancels_at_random_moments_leave_nothing_and_take_2_s(world, worker, length, tmp_path):
    """Every job in its turn, at any moment of its own length; those that were done before do not count."""
    chance, waits = random.Random(200), []
    for number in range(600):
        if len(waits) == 200:
            break
        name = BY_THE_ENGINE[number % len(BY_THE_ENGINE)]
        took = strike(name, world, worker, tmp_path / f"{number}", chance.uniform(0, length(name)))
        waits += [took] if took is not None else []
    print(f"{len(waits)} cancels took {np.median(waits):.2f} s (longest {max(waits):.2f})")
    assert len(waits) == 200 and np.quantile(waits, 0.95) < 2
    worker.run("describe_model", ask_little(world, tmp_path), Listener(), never)


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_three_kills_in_every_job_leave_nothing(world, worker, length, tmp_path):
    chance, deaths = random.Random(3), 0
    for number in range(3 * len(BY_THE_ENGINE)):
        name, folder = BY_THE_ENGINE[number % len(BY_THE_ENGINE)], tmp_path / f"{number}"
        seconds = chance.uniform(0, length(name))
        deaths += strike(name, world, worker, folder, seconds, kill=True) is not None
    assert deaths > len(BY_THE_ENGINE) / 2
    worker.run("describe_model", ask_little(world, tmp_path), Listener(), never)


def resident(pid):
    """Memory of a process in bytes."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(world, worker, folder, calls, settled):
    """How much an engine has grown from call `settled` to the last, in bytes."""
    asked = {
        name: {**usual(name, world), **outputs(name, folder, False)}
        for name in ("classify_raster", "classify_pixels", "describe_model")
    }
    sizes, pids = [], set()
    for number in range(calls):
        for name, values in asked.items():
            if number % 10 == 0 or name == "classify_raster":
                worker.run(name, values, Listener(), never)
        (pid,) = engines(worker)
        pids.add(pid)
        sizes.append(resident(pid))
    assert len(pids) == 1, "the engine was not kept warm"
    return np.median(sizes[-10:]) - np.median(sizes[settled : settled + 10])


def test_warm_calls_keep_the_memory_flat(world, worker, tmp_path):
    assert growth(world, worker, tmp_path, 60, 20) < 20e6


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_1000_warm_calls_keep_the_memory_flat(world, worker, tmp_path):
    grown = growth(world, worker, tmp_path, 1000, 100)
    print(f"grown by {grown / 1e6:.1f} MB from call 100 to call 1,000")
    assert grown < 30e6


def test_two_engines_at_once_on_one_model_and_one_output(world, tmp_path):
    """Both say that it is done, and the output is whole and right."""
    values = {**usual("classify_raster", world), **outputs("classify_raster", tmp_path)}
    do("classify_raster", values, Silent())
    with rasterio.open(values["output"]) as dataset:
        truth = dataset.read()
    job = tmp_path / "job.json"
    job.write_bytes(protocol.encode({"do": "classify_raster", "values": values}))
    command = [sys.executable, "-m", "plugin.engine", "run", str(job)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=200)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    with rasterio.open(values["output"]) as dataset:
        np.testing.assert_array_equal(dataset.read(), truth)
    assert [path for path in tmp_path.iterdir() if ".part" in path.name] == []


def test_engine_without_a_listener_ends_within_5_s(world, tmp_path):
    """Its input ends, as when QGIS is killed: in the middle of a job it ends too."""
    values = {
        **usual("train_pixel_classifier", world),
        **outputs("train_pixel_classifier", tmp_path),
    }
    command = [sys.executable, "-u", "-m", "plugin.engine"]
    engine = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    engine.stdout.readline()
    engine.stdin.write(protocol.encode(protocol.do(1, "train_pixel_classifier", values)))
    engine.stdin.flush()
    assert any(b'"progress"' in line for line in engine.stdout)
    engine.stdin.close()
    assert wait_until(lambda: not is_running(engine.pid), 5)
    engine.stdout.close()
    engine.wait()
    assert [path for path in tmp_path.iterdir() if ".part" in path.name] == []
