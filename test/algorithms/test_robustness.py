"""QGIS stays alive and clean, whatever happens to the engine."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from qgis.core import QgsProcessingException

from engine_processes import engines
from qgis_truth import QUICK_TRAINING, Ears, read_raster, rock_values, write_raster

FOREIGN = ("torch", "torchvision", "rasterio", "safetensors", "sklearn", "torchmetrics")


def test_no_library_of_the_engine_is_in_qgis(run, landscape, model):
    run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
    loaded = {name.split(".")[0] for name in sys.modules}
    assert sorted(loaded & set(FOREIGN)) == []


def test_no_module_comes_from_the_engines_environment(run, landscape, model, engine):
    run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
    venv = os.path.dirname(os.path.dirname(engine))
    files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    assert [file for file in files if file.startswith(venv + os.sep)] == []
    assert not any(place.startswith(venv + os.sep) for place in sys.path)


def test_second_call_starts_computing_within_a_third_of_a_second(run, landscape, model):
    asked = {"INPUT": landscape, "MODEL": model, "STRIDE": 32, "OUTPUT": "TEMPORARY_OUTPUT"}
    run("classifyraster", **asked)
    waited = []
    for _ in range(3):
        ears = Ears()
        began = time.monotonic()
        run("classifyraster", ears, **asked)
        waited.append(next(at for at, step in ears.steps if step > 0) - began)
    assert min(waited) < 0.3, waited


@pytest.mark.parametrize("name", ["classifyraster", "trainimageclassifier"])
def test_canceled_call_returns_within_two_seconds(run, model, chips, tmp_path, name):
    big = write_raster(tmp_path / "big.tif", rock_values().repeat(8, axis=1).repeat(8, axis=2))
    asked = {
        "classifyraster": {
            "INPUT": big,
            "MODEL": model,
            "STRIDE": 1,
            "OUTPUT": str(tmp_path / "out" / "c.tif"),
        },
        "trainimageclassifier": {
            **QUICK_TRAINING,
            "EPOCHS": 2000,
            "INPUT": chips,
            "MODEL": str(tmp_path / "out" / "m.safetensors"),
            "REPORT": str(tmp_path / "out" / "r.html"),
        },
    }[name]
    (tmp_path / "out").mkdir()
    ears = Ears()
    canceled = []

    def cancel():
        canceled.append(time.monotonic())
        ears.cancel()

    threading.Timer(8, cancel).start()
    with pytest.raises(QgsProcessingException, match="Canceled; no output was written"):
        run(name, ears, **asked)
    assert time.monotonic() - canceled[0] < 2
    time.sleep(1)
    left = ["m.safetensors.checkpoint"] if name == "trainimageclassifier" else []
    assert os.listdir(tmp_path / "out") in ([], left)


def kill_after(seconds):
    """Kill every engine of this process after some seconds."""

    def kill():
        for pid in engines():
            os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.start()
    return timer


def kill_and_call_again(run, big, model, folder, seconds):
    """Kill the engine while it works; the call fails with a sentence or was done before."""
    target = str(folder / "classes.tif")
    timer = kill_after(seconds)
    try:
        run("classifyraster", INPUT=big, MODEL=model, STRIDE=2, OUTPUT=target)
    except QgsProcessingException as error:
        assert "engine" in str(error) and str(error).rstrip().endswith((".", ")"))
        assert not os.path.exists(target)
    timer.join()
    assert [name for name in os.listdir(folder) if "part" in name] == []
    if os.path.exists(target):
        os.remove(target)


def test_call_after_a_killed_engine_works(run, landscape, model, tmp_path):
    big = write_raster(tmp_path / "big.tif", rock_values().repeat(4, axis=1).repeat(4, axis=2))
    (tmp_path / "out").mkdir()
    kill_and_call_again(run, big, model, tmp_path / "out", 1.0)
    outputs = run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
    assert read_raster(outputs["OUTPUT"]).any()


@pytest.mark.soak
def test_twenty_kills_at_random_moments_leave_qgis_alive(run, landscape, model, tmp_path):
    big = write_raster(tmp_path / "big.tif", rock_values().repeat(4, axis=1).repeat(4, axis=2))
    (tmp_path / "out").mkdir()
    moments = random.Random(20)
    for _ in range(20):
        kill_and_call_again(run, big, model, tmp_path / "out", moments.uniform(0.0, 8.0))
        outputs = run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
        assert read_raster(outputs["OUTPUT"]).any()


def test_missing_engine_is_said_with_its_remedy(qgis, run, landscape, model, tmp_path, monkeypatch):
    from qgis.core import QgsApplication

    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path / "nothing here"))
    algorithm = QgsApplication.processingRegistry().algorithmById("deepgeology:classifyraster")
    can, sentence = algorithm.canExecute()
    assert not can and sentence.startswith('The engine is not prepared. Run "Prepare engine"')
    with pytest.raises(QgsProcessingException, match='Run "Prepare engine"'):
        run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT=str(tmp_path / "c.tif"))
    assert os.listdir(tmp_path) == []


def qgis_that_runs(call, plugins, folder):
    """Start another QGIS process that runs Python lines with `processing` at hand."""
    script = f"""
import os, sys, time
sys.path[:0] = [{str(plugins)!r}]
from qgis.core import QgsApplication
application = QgsApplication([], False, {str(folder)!r}); application.initQgis()
from processing.core.Processing import Processing
Processing.initialize()
import deep_geology, processing
plugin = deep_geology.classFactory(None); plugin.initProcessing()
{call}
"""
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def test_engine_ends_with_qgis(engine, landscape, model, plugins, tmp_path):
    """Killing the process that QGIS runs in leaves no engine behind after 5 s."""
    asked = {"INPUT": landscape, "MODEL": model, "OUTPUT": str(tmp_path / "c.tif")}
    call = f"""
processing.run("deepgeology:classifyraster", {asked!r})
print("DONE", flush=True)
time.sleep(60)
"""
    process = qgis_that_runs(call, plugins, tmp_path)
    assert any(line.startswith("DONE") for line in process.stdout)
    (pid,) = engines(process.pid)
    process.kill()
    process.wait()
    until = time.monotonic() + 5
    while time.monotonic() < until and is_alive(pid):
        time.sleep(0.1)
    assert not is_alive(pid)


def test_two_qgis_processes_at_once_with_one_model_and_one_output(
    engine, run, landscape, model, plugins, tmp_path
):
    (tmp_path / "out").mkdir()
    asked = {"INPUT": landscape, "MODEL": model, "OUTPUT": str(tmp_path / "out" / "c.tif")}
    run("classifyraster", **asked)
    truth = read_raster(asked["OUTPUT"])
    # Both are ready before one begins, so that they work at the same time.
    call = f"""
print("READY", flush=True)
while not os.path.exists({str(tmp_path / "go")!r}):
    time.sleep(0.01)
for _ in range(3):
    processing.run("deepgeology:classifyraster", {asked!r})
print("DONE", flush=True)
"""
    both = [qgis_that_runs(call, plugins, tmp_path) for _ in range(2)]
    for process in both:
        assert any(line.startswith("READY") for line in process.stdout)
    (tmp_path / "go").write_text("")
    for process in both:
        assert any(line.startswith("DONE") for line in process.stdout)
        process.kill()
        process.wait()
    assert (read_raster(asked["OUTPUT"]) == truth).all()
    names = os.listdir(tmp_path / "out")
    assert not [name for name in names if "part" in name], names


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False
