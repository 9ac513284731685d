"""One idle engine waits for the next job, and for no more than that."""

import os
import sys
import time

from plugin import worker as worker_module
from plugin.conversation import Limits
from worker.helpers import SHORT, fake_worker, is_running, never, wait_until

JOB = "describe_model"


def echo(worker, listener, job=JOB, python=None, **values):
    return worker.run(job, {"act": "echo", **values}, listener, never, python=python)


def test_second_job_runs_in_the_same_engine(worker, listener):
    assert echo(worker, listener)["PID"] == echo(worker, listener)["PID"]


def test_only_an_engine_that_is_not_warm_is_said_to_start(worker, listener):
    echo(worker, listener)
    assert listener.heard[0] == ("starting",)
    echo(worker, listener)
    assert listener.heard.count(("starting",)) == 1


def test_second_job_begins_within_a_tenth_of_a_second(worker, listener):
    echo(worker, listener)
    began = time.monotonic()
    echo(worker, listener)
    assert time.monotonic() - began < 0.1


def test_engine_of_a_training_ends_with_it(worker, listener):
    pid = echo(worker, listener, job="train_image_classifier")["PID"]
    assert wait_until(lambda: not is_running(pid), 2)
    assert echo(worker, listener)["PID"] != pid


def test_idle_engine_leaves_after_a_while(tmp_path, listener):
    worker = fake_worker(tmp_path, limits=Limits(idle=0.5))
    pid = echo(worker, listener)["PID"]
    assert is_running(pid)
    assert wait_until(lambda: not is_running(pid), 3)
    worker.close()


def test_let_go_ends_the_idle_engine_and_the_next_job_starts_another(worker, listener):
    pid = echo(worker, listener)["PID"]
    worker.let_go()
    assert wait_until(lambda: not is_running(pid), 2)
    assert echo(worker, listener)["PID"] != pid


def test_close_ends_every_engine(tmp_path, listener):
    worker = fake_worker(tmp_path)
    pid = echo(worker, listener)["PID"]
    worker.close()
    assert not is_running(pid)


def test_another_python_replaces_the_warm_engine(worker, listener, tmp_path):
    first = echo(worker, listener)["PID"]
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    assert echo(worker, listener, python=str(other))["PID"] != first
    assert wait_until(lambda: not is_running(first), 2)


def test_rebuilt_environment_replaces_the_warm_engine(worker, listener, tmp_path):
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    settings = tmp_path / "venv" / "pyvenv.cfg"
    settings.write_text(f"home = {os.path.dirname(os.path.realpath(sys.executable))}\n")
    first = echo(worker, listener, python=str(python))["PID"]
    assert echo(worker, listener, python=str(python))["PID"] == first
    os.utime(settings, (1, 1))
    assert echo(worker, listener, python=str(python))["PID"] != first


def test_environment_of_the_engine_is_scrubbed(worker, listener, monkeypatch):
    foreign = {
        "PYTHONPATH": "/usr/share/qgis/python",
        "PYTHONHOME_OF_QGIS": "/usr",
        "PROJ_LIB": "/usr/share/proj",
        "GDAL_DATA": "/usr/share/gdal",
        "LD_LIBRARY_PATH": "/usr/lib/qgis",
        "QGIS_PREFIX_PATH": "/usr",
        "PIP_TARGET": "/tmp",
        "VIRTUAL_ENV": "/tmp/venv",
    }
    for name, value in {**foreign, "HTTPS_PROXY": "http://proxy:3128"}.items():
        monkeypatch.setenv(name, value)
    seen = echo(worker, listener)["ENV"]
    assert not set(foreign) & set(seen)
    assert seen["HTTPS_PROXY"] == "http://proxy:3128"
    assert seen["PATH"] == os.environ["PATH"]


def test_home_with_spaces_and_letters_of_any_script_works(tmp_path, listener):
    logs = tmp_path / "Jürgen's données 山" / "logs"
    worker = fake_worker(logs, limits=SHORT)
    assert echo(worker, listener)["PID"] > 0
    worker.close()
    assert len(list(logs.glob("engine-*.log"))) == 1


def test_engine_without_a_prepared_python_says_what_to_do(listener, monkeypatch):
    import types

    import pytest

    from plugin.jobs.errors import JobError

    missing = types.SimpleNamespace(engine_python=lambda: None)
    monkeypatch.setitem(sys.modules, "plugin.environment", missing)
    monkeypatch.setattr("plugin.environment", missing, raising=False)
    with pytest.raises(JobError, match="Prepare engine"):
        worker_module.run(JOB, {}, listener, never)
