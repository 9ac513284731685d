"""When QGIS is killed, its engine and the engine's children go too."""

import signal
import subprocess
import sys

import pytest

from worker.helpers import HERE, is_running, wait_until


def kill_in_the_middle(kind, act, folder):
    """Kill a program in the middle of its job; process ids of its engine and of its child."""
    output = folder / "out.txt"
    command = [
        sys.executable,
        str(HERE / "parent.py"),
        kind,
        act,
        str(folder / "logs"),
        str(output),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert all(is_running(pid) for pid in pids)
        assert list(folder.glob("*.part")) != []
        parent.send_signal(signal.SIGKILL)
    return pids


@pytest.mark.parametrize("kind, act", [("fake", "ignore"), ("real", "wait")])
def test_engine_ends_with_qgis_even_in_the_middle_of_a_job(kind, act, tmp_path):
    engine = kill_in_the_middle(kind, act, tmp_path)[0]
    assert wait_until(lambda: not is_running(engine), 2)


def test_deaf_engine_ends_within_5_s_with_its_children_and_half_written_files(tmp_path):
    engine, child = kill_in_the_middle("real", "wait_deaf", tmp_path)
    assert wait_until(lambda: not is_running(engine) and not is_running(child), 5)
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_half_written_file_of_an_obedient_engine_goes_with_it(tmp_path):
    (engine,) = kill_in_the_middle("real", "wait", tmp_path)
    assert wait_until(lambda: not is_running(engine), 2)
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]
