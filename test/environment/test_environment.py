"""Preparing the engine, from the first download to the engine in use."""

import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from plugin import building, environment, interpreter, locking, premises, trial
from plugin.engine_packages import Computer
from plugin.jobs.errors import JobError, Stopped

Usage = namedtuple("Usage", "total used free")


def values_in(python):
    """What the fake packages hold in an engine."""
    code = "import alpha, beta; print(alpha.value, beta.value)"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.split()


def engines():
    home = Path(environment.home())
    return sorted(p for p in home.glob("engine-*")) if home.exists() else []


def processes_in(folder):
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if str(folder) in line]


def wait_until(is_so, seconds=20):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_engine_comes_from_the_index_and_is_then_found_at_once(prepare, index):
    assert environment.engine_python() is None
    outputs = prepare()
    assert outputs == {"TORCH": "9.9", "DEVICES": "cpu", "LOCATION": str(engines()[0])}
    assert values_in(environment.engine_python()) == ["1", "2"]
    assert not os.path.exists(os.path.join(environment.home(), "downloads"))
    said = prepare.listener
    assert said.fractions == sorted(said.fractions)
    assert any(text.startswith("Downloading") and "of 3 packages" in text for text in said.texts)
    assert "3 packages, download: " in said.notes[0]
    start = time.perf_counter()
    environment.engine_python()
    assert time.perf_counter() - start < 0.05


def test_second_preparation_needs_no_index(prepare, index):
    first = prepare()
    index.close()
    asked = len(index.asked)
    assert prepare() == first
    assert len(index.asked) == asked


def test_engine_comes_from_a_folder_of_wheels_without_a_connection(prepare, shop, index):
    index.close()
    prepare(wheels=str(shop.wheels))
    assert values_in(environment.engine_python()) == ["1", "2"]
    assert index.asked == []
    assert len(list(shop.wheels.glob("*.whl"))) == 3


def test_folder_that_lacks_a_wheel_is_refused_before_anything_is_made(prepare, shop):
    next(shop.wheels.glob("beta-*")).unlink()
    with pytest.raises(JobError, match=r"lacks 1 of 3 packages .*: beta 2.0") as caught:
        prepare(wheels=str(shop.wheels))
    assert "Download engine packages" in caught.value.remedy
    assert engines() == []


@pytest.mark.parametrize("source", ["folder", "index"])
def test_package_with_another_hash_is_refused(prepare, shop, index, source):
    from fake_index import make_wheel

    make_wheel(shop.wheels, "alpha", "1.0", {"alpha.py": "value = 666\n"})
    with pytest.raises(JobError, match="its hash differs"):
        prepare(wheels=str(shop.wheels) if source == "folder" else "")
    assert environment.engine_python() is None
    assert engines() == []


def test_index_that_is_down_is_told_with_the_way_around(prepare, index):
    index.close()
    with pytest.raises(JobError, match="cannot be reached") as caught:
        prepare()
    assert "folder of wheels" in caught.value.remedy
    assert "Traceback" not in str(caught.value)


def test_index_that_refuses_is_told(prepare, index):
    index.answer = 403
    with pytest.raises(JobError, match="refuses the download"):
        prepare()


def test_proxy_of_qgis_is_used(prepare, index):
    with pytest.raises(JobError, match=r"[Pp]roxy"):
        prepare(proxy="http://name:secret@127.0.0.1:9")
    assert index.asked == []
    log = Path(environment.home(), "prepare.log").read_text(encoding="utf-8")
    assert "secret" not in log


def test_cancel_returns_within_two_seconds_and_leaves_no_engine(prepare, index):
    index.seconds = 60
    canceled_at = []

    def is_canceled():
        if index.fetched("pip") and not canceled_at:
            canceled_at.append(time.monotonic())
        return bool(canceled_at)

    with pytest.raises(Stopped):
        prepare(is_canceled=is_canceled)
    assert time.monotonic() - canceled_at[0] < 2
    wait_until(lambda: not engines())
    assert environment.engine_python() is None
    assert processes_in(environment.home()) == []


def test_installation_whose_process_was_killed_ends_with_it_and_is_made_anew(prepare, index, apart):
    index.seconds = 30
    other = apart()
    wait_until(lambda: index.fetched("pip"), 60)
    assert engines() and processes_in(environment.home())
    other.kill()
    wait_until(lambda: not processes_in(environment.home()), 5)
    assert environment.engine_python() is None
    index.seconds = 0
    prepare()
    assert values_in(environment.engine_python()) == ["1", "2"]


def test_what_was_downloaded_before_a_break_is_not_downloaded_again(prepare, index, monkeypatch):
    def break_off(*arguments):
        raise JobError("The power failed.")

    with monkeypatch.context() as broken:
        broken.setattr(building.installing, "install", break_off)
        with pytest.raises(JobError, match="power"):
            prepare()
    prepare()
    assert index.fetched("alpha") == 1


def test_two_windows_at_once_install_once(index, apart):
    index.seconds = 1
    windows = [apart(), apart()]
    said = [window.communicate(timeout=120)[0] for window in windows]
    assert [window.returncode for window in windows] == [0, 0]
    assert index.fetched("alpha") == 1
    assert sum("Waiting for another QGIS window" in text for text in said) == 1


def test_waiting_for_another_window_can_be_cancelled(prepare, index):
    os.makedirs(environment.home())
    path = os.path.join(environment.home(), "prepare.lock")
    said = []
    with locking.only_one(path, lambda: said.append("waits")), pytest.raises(Stopped):
        prepare(is_canceled=lambda: len(prepare.listener.texts) > 1)
    assert index.asked == []


def test_lock_of_a_killed_process_is_free(tmp_path):
    path = str(tmp_path / "lock")
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from plugin import locking\n"
        "with locking.only_one(sys.argv[2], lambda: None):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parents[2]), path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().strip() == b"held"
        waits = []

        def while_waiting():
            waits.append(1)
            holder.kill()

        with locking.only_one(path, while_waiting):
            assert waits


def test_disk_that_is_too_small_is_refused_before_the_download(prepare, index, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 10_000_000))
    with pytest.raises(JobError, match=r"10 MB free; .* needed"):
        prepare()
    assert index.asked == []
    assert engines() == []


def test_home_that_cannot_be_written_is_refused(prepare, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(JobError, match="cannot be written") as caught:
        prepare()
    assert "DEEPGEOLOGY_HOME" in caught.value.remedy


def test_path_too_long_for_windows_is_refused():
    computer = Computer("windows", "3.12.1", "AMD64")
    premises.refuse_long_path(
        "C:\\Users\\a\\AppData\\Local\\DeepGeology\\engine-0123abcd", computer
    )
    with pytest.raises(JobError, match="Windows leaves room for"):
        premises.refuse_long_path("C:\\" + "deep\\" * 30, computer)


def test_cuda_without_a_driver_is_refused_before_the_download(prepare, index, monkeypatch):
    monkeypatch.setattr(premises, "has_nvidia_driver", lambda: False)
    with pytest.raises(JobError, match="no NVIDIA driver"):
        prepare(backend="cuda")
    assert index.asked == []


@pytest.mark.skipif(os.name == "nt", reason="nvidia-smi is played by a script")
@pytest.mark.parametrize(
    "answer, backend",
    [
        ("echo 580.95.05, 9.0", "cuda"),
        ("echo 570.86, 9.0; echo 581.1, 7.5", "cuda"),
        ("echo 570.86, 9.0", "cpu"),
        ("echo 580.95.05, 6.1", "cpu"),
        ("echo NVIDIA-SMI has failed; exit 9", "cpu"),
        (None, "cpu"),
    ],
)
def test_cuda_is_best_only_where_a_card_answers_that_can_run_it(
    tmp_path, monkeypatch, answer, backend
):
    if answer:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{answer}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(premises.sys, "platform", "linux")
    assert premises.best_backend() == backend


def test_cuda_that_finds_no_device_is_told_and_not_taken_into_use(prepare, index, monkeypatch):
    monkeypatch.setattr(premises, "has_nvidia_driver", lambda: True)
    with pytest.raises(JobError, match="no CUDA device: no device was found") as caught:
        prepare(backend="cuda")
    assert "driver" in caught.value.remedy
    assert environment.engine_python() is None
    with pytest.raises(JobError, match="no CUDA device"):
        prepare(backend="cuda")  # with a new driver it would stand: nothing is fetched again
    assert index.fetched("alpha") == 1


def test_half_built_engine_is_made_anew(prepare, index):
    location = prepare()["LOCATION"]
    os.remove(os.path.join(location, "installed"))
    Path(location, "rubbish").write_text("")
    prepare()
    assert not os.path.exists(os.path.join(location, "rubbish"))
    assert values_in(environment.engine_python()) == ["1", "2"]


def test_damaged_engine_is_noticed_and_made_anew(prepare, index):
    location = prepare()["LOCATION"]
    next(Path(location).rglob("alpha.py")).unlink()
    prepare()
    assert "alpha is missing" in prepare.listener.warnings[0]
    assert values_in(environment.engine_python()) == ["1", "2"]


def test_engine_of_another_lock_is_out_of_date_and_goes(prepare, shop, index):
    old = prepare()["LOCATION"]
    shop.lock.write_text(shop.lock.read_text() + "# newer\n")
    assert environment.engine_python() is None
    assert prepare()["LOCATION"] != old
    assert [str(folder) for folder in engines()] == [environment.engine_state()["location"]]


def test_old_engine_that_runs_is_kept(prepare, shop, index):
    prepare()
    old = environment.engine_python()
    shop.lock.write_text(shop.lock.read_text() + "# newer\n")
    with subprocess.Popen([old, "-c", "input()"], stdin=subprocess.PIPE) as running:
        prepare()
        assert values_in(old) == ["1", "2"]
        running.stdin.close()
    assert len(engines()) == 2


def test_engine_whose_base_python_is_gone_is_not_ready(prepare, index, tmp_path):
    prepare()
    state_file = Path(environment.home(), "engine.json")
    state = state_file.read_text(encoding="utf-8")
    base = environment.engine_state()["base"]
    replaced = state.replace(f'"base": "{base}"', f'"base": "{tmp_path}/gone"')
    state_file.write_text(replaced, encoding="utf-8")
    assert replaced != state
    assert environment.engine_python() is None


def test_torn_state_file_means_not_ready(prepare, index):
    prepare()
    Path(environment.home(), "engine.json").write_text('{"python": "/usr')
    assert environment.engine_python() is None


def test_own_python_with_the_libraries_is_used_as_it_is(prepare, monkeypatch):
    monkeypatch.setattr(trial, "SELF_CHECK", str(real_self_check()))
    outputs = prepare(python=sys.executable)
    assert environment.engine_python() == sys.executable
    assert outputs["TORCH"].startswith("2.")
    assert outputs["DEVICES"].split(", ")[0] == "cpu"
    assert engines() == []


def real_self_check():
    return Path(trial.__file__).parent / "engine" / "self_check.py"


def test_own_environment_without_the_libraries_is_refused(prepare, bare_environment, monkeypatch):
    monkeypatch.setattr(trial, "SELF_CHECK", str(real_self_check()))
    with pytest.raises(JobError, match="numpy is missing; torch is missing") as caught:
        prepare(python=bare_environment)
    assert "scikit-learn" in caught.value.remedy
    assert environment.engine_python() is None


def test_plain_python_that_is_given_becomes_the_base(prepare, index):
    base = interpreter.base_python().path
    prepare(python=base)
    assert environment.engine_state()["base"] == os.path.dirname(base)
    assert not environment.engine_state()["own"]


def test_file_that_is_no_python_is_refused(prepare, tmp_path):
    program = tmp_path / "python3"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    with pytest.raises(JobError, match="does not run as a Python"):
        prepare(python=str(program))


def test_cuda_on_windows_takes_torch_from_uv(prepare, shop, index, monkeypatch, tmp_path):
    from fake_index import make_wheel

    uv = '#!/bin/sh\necho "$@" > "$0.asked"\n'
    make_wheel(shop.wheels, "uv", "1.0", {"uv-1.0.data/scripts/uv": uv})
    make_wheel(shop.wheels, "torch", "2.15.0", {"torch.py": "cpu = True\n"})
    shop.write_lock({"uv": "sys_platform == 'win32'"})
    monkeypatch.setattr(premises, "has_nvidia_driver", lambda: True)
    monkeypatch.setattr(
        environment, "this_computer", lambda python: Computer("windows", python, "AMD64")
    )
    with pytest.raises(JobError, match="no CUDA device"):
        prepare(backend="cuda")
    [asked] = engines()[0].rglob("uv.asked")
    assert "--torch-backend=auto" in asked.read_text()
    assert asked.read_text().split()[-1] == "torch==2.15.0"
    assert index.fetched("torch") == 0
    assert not list(engines()[0].rglob("torch.py"))
