"""What QGIS hears of an engine, however the engine talks."""

import threading
import time

import pytest

from plugin.jobs.errors import JobError
from worker.helpers import SHORT, fake_worker, never

JOB = "describe_model"


def act(worker, listener, name, **values):
    return worker.run(JOB, {"act": name, **values}, listener, never)


def test_noise_before_and_among_messages_is_logged_and_breaks_nothing(worker, listener):
    assert act(worker, listener, "noise") == {"NUMBER": 7}
    assert listener.of("progress") == [(0.25, "a")]
    assert "Welcome to a library that prints" in listener.logged()
    assert "Downloading: 100%" in listener.logged()


def test_every_kind_of_message_reaches_the_listener(worker, listener):
    assert act(worker, listener, "messages") == {"NUMBER": 1}
    assert listener.of("note") == [("a note",)]
    assert listener.of("warning") == [("a warning",)]
    assert listener.of("metric") == [("loss", 0.5, 3)]


def test_failure_keeps_what_was_found_the_remedy_and_the_trace(worker, listener):
    with pytest.raises(JobError) as error:
        act(worker, listener, "fail")
    assert error.value.found == "The raster is empty."
    assert error.value.remedy == "Choose another."
    assert error.value.trace == "T r a"
    assert "T r a" in listener.logged()


def test_engine_serves_on_after_a_failure(worker, listener):
    first = act(worker, listener, "echo")["PID"]
    with pytest.raises(JobError):
        act(worker, listener, "fail")
    assert act(worker, listener, "echo")["PID"] == first


def test_messages_longer_than_a_pipe_come_through_whole(worker, listener):
    outputs = act(worker, listener, "say_much", length=200_000, text="x" * 300_000)
    assert outputs == {"TEXT": "ü" * 200_000, "LENGTH": 300_000}
    assert [len(text) for (text,) in listener.of("note")] == [200_000] * 20


def test_flood_on_standard_error_does_not_block(worker, listener, tmp_path):
    began = time.monotonic()
    assert act(worker, listener, "flood_errors") == {"NUMBER": 1}
    assert time.monotonic() - began < 5
    (log,) = (tmp_path / "logs").iterdir()
    assert log.stat().st_size >= 2_000_000


def test_values_in_any_letters_come_through_as_they_are(worker, listener):
    values = {"path": "/tmp/Größe 山.tif", "broken": "\udcff.tif", "numbers": [1, 2.5, None]}
    outputs = act(worker, listener, "echo", **values)
    assert outputs["VALUES"] == {"act": "echo", **values}


def test_value_that_json_cannot_say_is_refused(worker, listener):
    with pytest.raises(JobError, match="cannot be sent"):
        act(worker, listener, "echo", number=float("nan"))
    assert act(worker, listener, "echo")["PID"] > 0


def test_unknown_job_is_refused_before_an_engine_starts(worker, listener, tmp_path):
    with pytest.raises(JobError, match='no job "paint_raster"'):
        worker.run("paint_raster", {}, listener, never)
    assert not (tmp_path / "logs").exists()


def test_two_jobs_at_once_run_in_two_engines(worker, listener):
    pids = []

    def nap():
        outputs = worker.run(JOB, {"act": "nap", "seconds": 0.5}, listener, never)
        pids.append(outputs["PID"])

    threads = [threading.Thread(target=nap) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(pids)) == 2


def test_error_of_the_listener_rises_and_the_next_job_runs(worker, listener):
    class Bad(type(listener)):
        def progress(self, fraction, text):
            raise RuntimeError("feedback is gone")

    with pytest.raises(RuntimeError, match="feedback is gone"):
        worker.run(JOB, {"act": "echo"}, Bad(), never)
    assert act(worker, listener, "echo")["PID"] > 0


def test_engine_of_another_protocol_is_refused_with_the_remedy(tmp_path, listener):
    worker = fake_worker(tmp_path, "newer", SHORT)
    with pytest.raises(JobError, match="Restart QGIS"):
        act(worker, listener, "echo")
    worker.close()
