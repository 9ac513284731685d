"""Kill the real engine at random moments: the caller lives, no half file stays, and on it goes."""

import os
import random
import signal
import threading
import time

import pytest

from plugin.jobs.errors import JobError
from worker.helpers import Listener, never, real_worker
from worker.try_out import register

register()


@pytest.mark.soak
def test_engine_killed_at_20_random_moments_leaves_nothing_and_the_next_job_works(tmp_path):
    chance = random.Random(7)
    worker = real_worker(tmp_path / "logs")
    output = tmp_path / "out.txt"
    output.write_text("of before")
    deaths = sum(dies(worker, output, chance.uniform(0, 8)) for _ in range(20))
    assert deaths >= 15, "a kill in the first moment may be answered by a new engine"
    assert output.read_text() == "of before"
    assert {path.name for path in tmp_path.iterdir()} == {"logs", "out.txt"}
    assert worker.run("try_out", {"act": "tell"}, Listener(), never)["PID"] > 0
    worker.close()


def dies(worker, output, seconds):
    """Run a job and kill its engine after some seconds; whether the caller was told."""
    killer = threading.Thread(target=kill_after, args=(worker, seconds))
    killer.start()
    try:
        worker.run("try_out", {"act": "wait_shortly", "output": str(output)}, Listener(), never)
        return False
    except JobError as error:
        assert "exit code -9" in error.found
        return True
    finally:
        killer.join()


def kill_after(worker, seconds):
    time.sleep(seconds)
    for engine in list(worker._pool._engines):
        os.kill(engine._process.pid, signal.SIGKILL)
