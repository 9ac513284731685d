"""The real engine: its channel, its failures, cancel and the end of its input."""

import time

import pytest

from plugin.conversation import Limits
from plugin.jobs.errors import JobError, Stopped
from worker.helpers import CancelAfter, Listener, is_running, never, real_worker, wait_until
from worker.try_out import register

register()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A worker whose engine has loaded its libraries."""
    worker = real_worker(tmp_path_factory.mktemp("real") / "logs", Limits(grace=3))
    worker.run("try_out", {"act": "tell"}, Listener(), never)
    yield worker
    worker.close()


def act(engine, listener, name, **values):
    return engine.run("try_out", {"act": name, **values}, listener, never)


def fail(engine, listener, name, **values):
    with pytest.raises(JobError) as error:
        act(engine, listener, name, **values)
    return error.value


def test_second_call_begins_within_a_tenth_of_a_second(engine, listener):
    began = time.monotonic()
    act(engine, listener, "tell")
    assert time.monotonic() - began < 0.1


def test_everything_a_task_says_is_heard(engine, listener):
    outputs = act(engine, listener, "tell", output="/tmp/x.txt")
    assert outputs["OUTPUT"] == "/tmp/x.txt"
    assert listener.heard == [
        ("note", "a note"),
        ("warning", "a warning"),
        ("metric", "loss", 0.25, 1),
        ("progress", 1.0, "all of it"),
    ]


def test_progress_is_told_at_most_10_times_a_second_and_at_last(engine, listener):
    began = time.monotonic()
    act(engine, listener, "report_often")
    told = listener.of("progress")
    assert len(told) <= (time.monotonic() - began) * 10 + 2
    assert told[-1][1] == "image 2000 of 2000"


def test_what_libraries_print_stays_out_of_the_channel(engine, listener):
    assert act(engine, listener, "print_a_lot") == {"INPUT": ""}
    assert listener.heard == []


def test_numbers_that_json_has_no_word_for_do_not_kill_the_channel(engine, listener):
    assert act(engine, listener, "give_odd_values") == {
        "NAN": None,
        "FLOAT": 0.5,
        "INT": 3,
        "ARRAY": [[1, 2], [3, 4]],
        "FLAG": True,
    }
    assert listener.of("metric") == [("loss", None, 1)]


@pytest.mark.parametrize(
    "name, found, remedy",
    [
        ("refuse", "The raster is empty.", "Choose another."),
        ("divide", '"try_out": ZeroDivisionError: division by zero.', "report it"),
        ("exit", "SystemExit: 3.", "report it"),
        ("use_all_memory", "not enough memory in the computer", "smaller batch size"),
        ("use_all_memory_of_torch", "not enough memory in the computer", "smaller batch size"),
        ("fill_the_disk", "The disk is full at ", "another disk"),
        ("be_refused_by_the_disk", "Access was refused at ", "read and write"),
        ("no_such_act", "KeyError: 'no_such_act'.", "report it"),
    ],
)
def test_failure_is_a_sentence_with_a_remedy_and_nothing_half_written(
    engine, listener, tmp_path, name, found, remedy
):
    error = fail(engine, listener, name, output=str(tmp_path / "out.txt"))
    assert found in error.found
    assert remedy in error.remedy
    assert ("Traceback" in error.trace) == (name != "refuse"), "what was foreseen has no trace"
    assert list(tmp_path.iterdir()) == []


def test_values_are_checked_by_the_engine_too(engine, listener):
    assert "is under the minimum of 0" in fail(engine, listener, "tell", number=-1).found
    assert "is not a parameter" in fail(engine, listener, "tell", nonsense=1).found


def test_job_without_a_task_is_refused(engine, listener):
    with pytest.raises(JobError, match="not done by the engine"):
        engine.run("prepare_engine", {}, listener, never)


def test_cancel_stops_at_once_leaves_nothing_and_keeps_the_engine(engine, listener, tmp_path):
    pid = act(engine, listener, "tell")["PID"]
    listener.heard.clear()
    is_canceled = CancelAfter(listener, 0.3)
    values = {"act": "wait", "output": str(tmp_path / "out.txt")}
    with pytest.raises(Stopped):
        engine.run("try_out", values, listener, is_canceled)
    assert time.monotonic() - is_canceled.at < 0.5
    assert list(tmp_path.iterdir()) == []
    assert act(engine, listener, "tell")["PID"] == pid


def test_deaf_task_is_left_within_2_s_and_killed_with_its_children(engine, listener, tmp_path):
    is_canceled = CancelAfter(listener)
    values = {"act": "wait_deaf", "output": str(tmp_path / "out.txt")}
    with pytest.raises(Stopped):
        engine.run("try_out", values, listener, is_canceled)
    assert time.monotonic() - is_canceled.at < 2
    pids = [int(pid) for pid in listener.of("progress")[0][1].split()]
    assert wait_until(lambda: not any(map(is_running, pids)), 4)
    assert wait_until(lambda: list(tmp_path.iterdir()) == [], 1)


def test_crash_in_a_library_is_explained_with_the_python_trace(engine, listener):
    error = fail(engine, listener, "crash")
    assert "crashed (exit code -11)" in error.found
    assert "string_at" in error.trace


def test_engine_has_its_own_libraries_and_data_and_not_those_of_qgis(engine, listener, monkeypatch):
    monkeypatch.setenv("PROJ_LIB", "/nowhere")
    monkeypatch.setenv("GDAL_DATA", "/nowhere")
    outputs = act(engine, listener, "tell_libraries")
    assert outputs["LOADED"] == ["torch", "torchvision", "rasterio"]
    assert outputs["NAMES"] == {"PROJ_LIB": None, "GDAL_DATA": None, "MPLBACKEND": "Agg"}
    assert outputs["UTF8"] == 1
    assert act(engine, listener, "reproject")["EASTING"] == pytest.approx(500_000)
