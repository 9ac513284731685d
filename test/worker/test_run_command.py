"""``python -m plugin.engine run job.json``: the same jobs with no QGIS."""

import json
import os
import signal
import subprocess
import sys

import pytest

from worker.helpers import REAL


def start(folder, act, environment=None, **values):
    job = folder / "job.json"
    job.write_text(json.dumps({"do": "try_out", "values": {"act": act, **values}}))
    return subprocess.Popen(
        [sys.executable, "-u", REAL, "run", str(job)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def run(folder, act, **values):
    """Exit code, outputs as text and messages of a job."""
    with start(folder, act, **values) as process:
        outputs, messages = process.communicate(timeout=60)
    return process.returncode, outputs, messages


def test_outputs_go_to_standard_output_and_messages_beside(tmp_path):
    code, outputs, messages = run(tmp_path, "tell", output="x.txt")
    assert code == 0
    assert json.loads(outputs)["OUTPUT"] == "x.txt"
    for words in ("note: a note", "warning: a warning", "loss 0.25 at step 1", "100.0 %  all"):
        assert words in messages


def test_what_libraries_print_stays_out_of_the_outputs(tmp_path):
    code, outputs, messages = run(tmp_path, "print_a_lot")
    assert (code, json.loads(outputs)) == (0, {"INPUT": ""})
    assert "and its child prints" in messages


def test_failure_ends_with_1_a_sentence_and_no_outputs(tmp_path):
    code, outputs, messages = run(tmp_path, "refuse", output=str(tmp_path / "out.txt"))
    assert (code, outputs) == (1, "")
    assert messages == "The raster is empty. Choose another.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]


def test_unforeseen_error_ends_with_1_and_its_trace(tmp_path):
    code, _, messages = run(tmp_path, "divide", output=str(tmp_path / "out.txt"))
    assert code == 1
    assert "Traceback" in messages
    assert "ZeroDivisionError: division by zero. Please report" in messages.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_cleanly_with_130(tmp_path, number):
    with start(tmp_path, "wait", output=str(tmp_path / "out.txt")) as process:
        process.stderr.readline()
        process.send_signal(number)
        outputs, messages = process.communicate(timeout=5)
    assert process.returncode == 130
    assert outputs == ""
    assert messages.endswith("Stopped.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"do": "try_out"}', '{"values": {}}'])
def test_file_that_is_no_job_is_refused_with_a_sentence(tmp_path, text):
    job = tmp_path / "job.json"
    job.write_text(text)
    command = [sys.executable, "-m", "plugin.engine", "run", str(job)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_data_of_another_gdal_does_not_disturb(tmp_path):
    foreign = {"PROJ_LIB": "/nowhere", "PROJ_DATA": "/nowhere", "GDAL_DATA": "/nowhere"}
    with start(tmp_path, "reproject", foreign) as process:
        outputs, messages = process.communicate(timeout=60)
    assert process.returncode == 0, messages
    assert json.loads(outputs)["EASTING"] == pytest.approx(500_000)


def test_wrong_arguments_are_answered_with_the_usage():
    command = [sys.executable, "-m", "plugin.engine", "walk", "job.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("Usage:")
