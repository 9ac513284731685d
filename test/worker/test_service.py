"""The engine's own ends: input that closes, logs that grow, values that are odd."""

import json
import subprocess
import sys
import time

from plugin.engine import facts
from plugin.engine.channel import plain
from plugin.engine.service import LOG_BYTES, cut_log
from worker.helpers import REAL


def open_engine():
    return subprocess.Popen(
        [sys.executable, "-X", "utf8", "-s", "-u", REAL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def ask(engine, **message):
    engine.stdin.write(json.dumps(message).encode() + b"\n")
    engine.stdin.flush()


def hear(engine, say):
    """The next message of one kind."""
    for line in engine.stdout:
        message = json.loads(line)
        if message["say"] == say:
            return message
    raise AssertionError(f"The engine ended without {say}")


def seconds_to_end(engine):
    began = time.monotonic()
    engine.wait(timeout=20)
    return time.monotonic() - began


def test_idle_engine_greets_with_versions_and_leaves_when_asked():
    with open_engine() as engine:
        greeting = hear(engine, "ready")
        assert set(greeting["versions"]) == {"deep_geology", "python", *facts.LIBRARIES}
        assert greeting["devices"][0] == "cpu"
        assert greeting["pid"] == engine.pid
        ask(engine, do="quit")
        assert seconds_to_end(engine) < 5
        assert engine.returncode == 0


def test_end_of_input_stops_a_job_and_the_engine_within_a_second(tmp_path):
    with open_engine() as engine:
        hear(engine, "ready")
        values = {"act": "wait", "output": str(tmp_path / "out.txt")}
        ask(engine, v=1, id=1, do="try_out", values=values)
        hear(engine, "progress")
        assert list(tmp_path.iterdir()) != []
        engine.stdin.close()
        assert seconds_to_end(engine) < 5
    assert list(tmp_path.iterdir()) == []


def test_end_of_input_while_the_libraries_load_ends_the_engine():
    with open_engine() as engine:
        time.sleep(0.5)
        engine.stdin.close()
        assert seconds_to_end(engine) < 5


def test_lines_that_are_no_asks_are_passed_over_and_the_heart_beats(tmp_path):
    with open_engine() as engine:
        engine.stdin.write(b'\xff\n[]\n{"say": "x"}\n{"do": "cancel"}\n')
        ask(engine, v=1, id=3, do="paint_raster")
        failure = hear(engine, "failed")
        assert failure["id"] == 3
        assert 'no job "paint_raster"' in failure["found"]
        output = str(tmp_path / "out.txt")
        ask(engine, v=1, id=4, do="try_out", values={"act": "wait_deaf", "output": output})
        assert hear(engine, "heartbeat")["id"] == 4
        hear(engine, "heartbeat")
        began = time.monotonic()
        assert hear(engine, "heartbeat")["id"] == 4
        assert 4 < time.monotonic() - began < 7
        engine.stdin.close()
        assert 2 < seconds_to_end(engine) < 5


def test_log_that_grew_too_large_is_emptied_and_written_on(tmp_path):
    log = tmp_path / "engine.log"
    with open(log, "ab") as file:
        file.truncate(LOG_BYTES + 1)
        cut_log(file.fileno())
        assert log.stat().st_size == 0
        file.write(b"on")
    assert log.read_bytes() == b"on"


def test_small_log_is_left_alone(tmp_path):
    log = tmp_path / "engine.log"
    with open(log, "ab") as file:
        file.write(b"words")
        file.flush()
        cut_log(file.fileno())
    assert log.read_bytes() == b"words"


def test_plain_values_are_what_json_knows(tmp_path):
    odd = {1: (float("inf"), -0.5), "path": tmp_path, "set": {3}}
    assert plain(odd) == {"1": [None, -0.5], "path": str(tmp_path), "set": [3]}
