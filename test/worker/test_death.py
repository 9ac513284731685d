"""Engines that die, hang or do not start: one sentence, nothing left behind."""

import os
import signal

import pytest

from plugin import engine_log
from plugin.conversation import Limits
from plugin.jobs.errors import JobError
from worker.helpers import SHORT, fake_worker, is_running, never, wait_until

JOB = "describe_model"


def fail(worker, listener, name, **values):
    with pytest.raises(JobError) as error:
        worker.run(JOB, {"act": name, **values}, listener, never)
    return error.value


@pytest.mark.parametrize(
    "code, words",
    [
        (-9, "memory ran out (exit code -9)"),
        (137, "memory ran out (exit code 137)"),
        (-11, "crashed (exit code -11)"),
        (-6, "gave up (exit code -6)"),
        (-15, "told to end by another program (exit code -15)"),
        (127, "not there any more (exit code 127)"),
        (3, "ended by itself (exit code 3)"),
    ],
)
def test_exit_code_is_explained_and_nothing_half_written_stays(
    worker, listener, tmp_path, code, words
):
    report = tmp_path / "report.html"
    report.write_text("of before")
    error = fail(worker, listener, "end_with", code=code, report=str(report), output=str(report))
    assert words in error.found
    assert error.remedy
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "logs"}
    assert report.read_text() == "of before"


@pytest.mark.parametrize(
    "code, words",
    [
        (0xC0000005, "crashed"),
        (0xC0000017, "memory"),
        (0xC0000135, "missing"),
        (-1073741819, "crashed"),
    ],
)
def test_exit_codes_of_windows_are_explained(code, words):
    cause, remedy = engine_log.explain_exit(code)
    assert words in cause
    assert remedy


def test_next_job_runs_after_a_death(worker, listener):
    fail(worker, listener, "end_with", code=-9)
    assert worker.run(JOB, {"act": "echo"}, listener, never)["PID"] > 0


def test_half_a_line_is_no_answer_and_the_last_words_are_shown(worker, listener):
    error = fail(worker, listener, "half_a_line")
    assert "exit code 3" in error.found
    assert "Killed in the middle" in error.trace
    assert "Killed in the middle" in listener.logged()


def test_silence_ends_the_engine_and_its_half_written_files(worker, listener, tmp_path):
    report = str(tmp_path / "report.html")
    error = fail(worker, listener, "be_silent", report=report, output=report)
    assert "not said anything for 1 s" in error.found
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_heartbeats_are_enough_to_live_on(worker, listener):
    assert worker.run(JOB, {"act": "beat"}, listener, never) == {}


def test_death_is_seen_while_a_child_holds_the_channel_and_the_child_is_killed(worker, listener):
    error = fail(worker, listener, "leave_child_and_die")
    assert "exit code -9" in error.found
    child = int(listener.of("progress")[0][1].split()[1])
    assert wait_until(lambda: not is_running(child), 3)


def test_warm_engine_that_died_meanwhile_is_replaced_quietly(worker, listener):
    first = worker.run(JOB, {"act": "echo"}, listener, never)["PID"]
    os.kill(first, signal.SIGKILL)
    second = worker.run(JOB, {"act": "echo"}, listener, never)["PID"]
    assert second != first
    assert "died" not in listener.logged()


def test_warm_engine_that_dies_before_answering_is_replaced_once(worker, listener):
    worker.run(JOB, {"act": "echo"}, listener, never)
    error = fail(worker, listener, "end_before_answering")
    assert "exit code 5" in error.found


def test_engine_that_does_not_start_in_time_is_ended(tmp_path, listener):
    worker = fake_worker(tmp_path, "never", Limits(start=1))
    error = fail(worker, listener, "echo")
    assert "not started for 1 s" in error.found
    worker.close()


def test_death_at_the_start_shows_the_last_words(tmp_path, listener):
    worker = fake_worker(tmp_path, "die", SHORT)
    error = fail(worker, listener, "echo")
    assert "exit code 1" in error.found
    assert "Prepare engine" in error.remedy
    assert "ImportError: no torch" in error.trace
    worker.close()


def test_broken_environment_says_what_it_lacks(tmp_path, listener):
    worker = fake_worker(tmp_path, "broken", SHORT)
    error = fail(worker, listener, "echo")
    assert (error.found, error.remedy) == ("No torch.", "Prepare.")
    worker.close()


def test_missing_python_is_a_sentence(worker, listener, tmp_path):
    with pytest.raises(JobError, match="cannot be started"):
        worker.run(JOB, {"act": "echo"}, listener, never, python=str(tmp_path / "python"))
