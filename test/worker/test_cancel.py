"""Cancel: `run` returns within 2 s, whatever the engine does."""

import time

import pytest

from plugin.jobs.errors import Stopped
from worker.helpers import SHORT, CancelAfter, fake_worker, is_running, never, wait_until

JOB = "describe_model"


def cancel(worker, listener, name, **values):
    """Cancel a job 0.2 s after its first progress; seconds until `run` returned."""
    is_canceled = CancelAfter(listener, 0.2)
    with pytest.raises(Stopped):
        worker.run(JOB, {"act": name, **values}, listener, is_canceled)
    return time.monotonic() - is_canceled.at


def pid_after(worker, listener):
    return worker.run(JOB, {"act": "echo"}, listener, never)["PID"]


def test_obedient_engine_stops_at_once_and_stays_warm(worker, listener):
    first = pid_after(worker, listener)
    listener.heard.clear()
    assert cancel(worker, listener, "obey") < 0.5
    assert pid_after(worker, listener) == first


def test_deaf_engine_is_left_within_2_s_and_killed_with_its_children(worker, listener, tmp_path):
    report = str(tmp_path / "report.html")
    assert cancel(worker, listener, "ignore", report=report, output=report) < 2
    engine, child = map(int, listener.of("progress")[0][1].split())
    assert is_running(engine)
    assert is_running(child)
    assert wait_until(lambda: not is_running(engine) and not is_running(child), SHORT.grace + 1)
    assert wait_until(lambda: [p.name for p in tmp_path.iterdir()] == ["logs"], 1)


def test_next_job_need_not_wait_for_a_deaf_engine(worker, listener):
    cancel(worker, listener, "ignore")
    began = time.monotonic()
    pid_after(worker, listener)
    assert time.monotonic() - began < 1


def test_engine_that_stops_within_the_grace_is_used_again(worker, listener):
    assert cancel(worker, listener, "obey_late", late=2) < 2
    pid = int(listener.of("progress")[0][1])
    time.sleep(1.5)
    assert pid_after(worker, listener) == pid


def test_cancel_while_the_engine_starts_returns_at_once(tmp_path, listener):
    worker = fake_worker(tmp_path, "slow", SHORT)
    began = time.monotonic()
    with pytest.raises(Stopped):
        worker.run(JOB, {"act": "echo"}, listener, lambda: True)
    assert time.monotonic() - began < 0.5
    assert pid_after(worker, listener) > 0
    assert len(list(tmp_path.iterdir())) == 1, "the engine that was starting is used"
    worker.close()


def test_cancel_is_asked_for_at_least_5_times_a_second(worker, listener):
    asked = []
    worker.run(JOB, {"act": "nap", "seconds": 0.9}, listener, lambda: asked.append(0))
    assert len(asked) >= 5
