"""The parts around pip: finding a Python, its environment, its errors, its progress."""

import os
import subprocess
import sys
import threading

import pytest

from plugin import errands, installing, interpreter, pip_errors
from plugin.engine_packages import Package
from plugin.errands import Workshop
from plugin.jobs.errors import JobError
from plugin.meters import DownloadMeter
from plugin.telling import Teller, size_text

PACKAGE = Package("alpha", "1.0", "", 1_000_000, 2_000_000)

SAID = {
    "No space left on device": "OSError: [Errno 28] No space left on device",
    "hash": "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
    "http": "WARNING: The repository located at mirror.example is not a trusted or secure host",
    "proxy password": "OSError: Tunnel connection failed: 407 Proxy Authentication Required",
    "proxy": "ProxyError('Cannot connect to proxy.', OSError('timed out'))",
    "proxy in pip 26": "Could not fetch URL https://mirror.example/simple/pip/: proxy connection "
    "error: ('Unable to connect to proxy', NewConnectionError(\"HTTPSConnection(host='127.0.0.1', "
    'port=9): Failed to establish a new connection: [Errno 111] Connection refused")) - skipping',
    "socks": "ERROR: Missing dependencies for SOCKS support.",
    "certificate": "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))",
    "no ssl": "Can't connect to HTTPS URL because the SSL module is not available.",
    "no ssl in pip 26": "The 'ssl' module is unavailable but required for HTTPS URLs",
    "dns": "NewConnectionError: [Errno -2] Name or service not known",
    "dns on windows": "[Errno 11001] getaddrinfo failed",
    "no network": "NewConnectionError: [Errno 101] Network is unreachable",
    "silence in pip 26": "Could not fetch URL https://mirror.example/simple/pip/: mirror.example "
    "didn't respond within 15.0 seconds - skipping",
    "time-out": "ReadTimeoutError: Read timed out. (read timeout=15)",
    "closed in pip 26": "the connection was closed without a reply from the server.",
    "no wheel": "ERROR: Could not find a version that satisfies the requirement torch==2.15.0\n"
    "ERROR: No matching distribution found for torch==2.15.0",
    "wrong wheel": "ERROR: x-1-cp39-cp39-win32.whl is not a supported wheel on this platform.",
    "managed": "error: externally-managed-environment",
    "long path": "OSError: [WinError 206] The filename or extension is too long",
    "in use": "[WinError 32] The process cannot access the file: used by another process",
    "permission": "PermissionError: [Errno 13] Permission denied: '/opt/x'",
    "memory": "MemoryError",
    "no ensurepip": "The virtual environment was not created: ensurepip is not available.",
}
MEANT = {
    "No space left on device": "The disk is full",
    "hash": "its hash differs",
    "http": "does not trust the index at mirror.example",
    "proxy password": "wants a name and a password",
    "proxy": "does not let the download through",
    "proxy in pip 26": "does not let the download through",
    "socks": "SOCKS",
    "certificate": "certificate is unknown",
    "no ssl": "SSL module is missing",
    "no ssl in pip 26": "SSL module is missing",
    "dns": "no network",
    "dns on windows": "no network",
    "no network": "cannot be reached",
    "silence in pip 26": "cannot be reached",
    "time-out": "broke off",
    "closed in pip 26": "broke off",
    "no wheel": "no package torch==2.15.0 for this system",
    "wrong wheel": "another system",
    "managed": "operating system",
    "long path": "path became longer",
    "in use": "Another program",
    "permission": "may not be written",
    "memory": "memory",
    "no ensurepip": "venv package is missing",
}


@pytest.mark.parametrize("case", SAID)
def test_what_pip_says_becomes_a_sentence_and_a_remedy(case):
    error = pip_errors.explain(["Collecting torch", *SAID[case].split("\n")], 1, "Installing")
    assert MEANT[case] in error.found
    assert error.remedy.endswith(".")
    assert SAID[case].split("\n")[0] in error.trace


def test_death_by_the_system_is_explained_as_lack_of_memory():
    assert "memory" in pip_errors.explain(["Installing torch"], -9, "Installing").found


def test_unknown_words_of_pip_are_quoted():
    assert '"strange thing"' in pip_errors.explain(["strange thing", ""], 3, "Installing").found


def test_passwords_do_not_reach_the_trace():
    error = pip_errors.explain(["Looking in http://me:secret@mirror.example/simple"], 1, "X")
    assert "secret" not in error.trace and "secret" not in error.found
    assert "mirror.example" in error.trace


def test_pip_keeps_the_users_index_and_nothing_that_leads_elsewhere(tmp_path):
    workshop = Workshop(str(tmp_path), "", "http://proxy.example:8080", None)
    outside = {
        "PIP_INDEX_URL": "http://mirror.example",
        "PIP_CERT": "ca.pem",
        "PIP_TARGET": "/elsewhere",
        "PIP_USER": "1",
        "PYTHONHOME": "/qgis",
        "PYTHONPATH": "/qgis",
        "LD_LIBRARY_PATH": "/qgis",
        "PATH": "/bin",
    }
    inside = errands.installer_environment(workshop, outside)
    assert inside["PIP_INDEX_URL"] == "http://mirror.example"
    assert inside["PIP_CERT"] == "ca.pem" and inside["PATH"] == "/bin"
    assert inside["PIP_USER"] == "0"
    assert inside["HTTPS_PROXY"] == inside["http_proxy"] == "http://proxy.example:8080"
    assert inside["TMPDIR"] == inside["TEMP"] == str(tmp_path)
    assert not {"PIP_TARGET", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH"} & set(inside)


def test_qgis_itself_is_never_started_as_a_python(monkeypatch, tmp_path):
    qgis = tmp_path / "qgis-bin.exe"
    qgis.write_text("")
    monkeypatch.setattr(sys, "executable", str(qgis))
    monkeypatch.setattr(sys, "_base_executable", str(qgis), raising=False)
    candidates = interpreter.list_candidates()
    assert str(qgis) not in candidates
    assert any(os.path.basename(path).startswith("python") for path in candidates)


def fake_python(folder, version, missing=()):
    program = folder / "python3"
    answer = (
        f'{{"version": "{version}", "bits": 64, "machine": "x86_64", "is_venv": false, '
        f'"missing": [{", ".join(f"{chr(34)}{m}{chr(34)}" for m in missing)}], "has_torch": false}}'
    )
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    return str(program)


def test_python_that_is_too_old_is_told_with_what_to_do(tmp_path):
    old = fake_python(tmp_path, "3.9.5")
    with pytest.raises(JobError, match=r"is version 3\.9\.5; the engine needs 3\.10 to 3\.14") as e:
        interpreter.base_python([old])
    assert "Install Python" in e.value.remedy and "PYTHON" in e.value.remedy


def test_newer_python_of_the_computer_stands_in_for_an_old_one(tmp_path):
    old = fake_python(tmp_path, "3.9.5")
    good = interpreter.base_python().path
    assert interpreter.base_python([old, good]).path == good


def test_missing_venv_of_debian_is_told_with_the_package(tmp_path):
    bare = fake_python(tmp_path, "3.11.2", missing=["ensurepip"])
    with pytest.raises(JobError, match="lacks its modules ensurepip") as caught:
        interpreter.base_python([bare])
    assert "apt install python3-venv" in caught.value.remedy


def test_no_python_at_all_is_told():
    with pytest.raises(JobError, match="none is installed"):
        interpreter.base_python([])


class Said:
    """Keeps progress; a stand-in for QGIS's feedback."""

    def __init__(self):
        self.progress_told = []

    def progress(self, fraction, text):
        self.progress_told.append((fraction, text))

    note = warning = log = None


def test_download_is_told_in_megabytes_and_packages(monkeypatch):
    monkeypatch.setattr("plugin.telling.SECONDS_BETWEEN", 0.0)
    said = Said()
    meter = DownloadMeter(Teller(said, lambda: False), (0.0, 0.5), [PACKAGE] * 4)
    assert not meter.hear("Collecting alpha==1.0")
    assert meter.hear("Progress 500000 of 1000000")
    assert said.progress_told[-1] == (0.0625, "Downloading alpha: 0 MB of 4 MB, 0 of 4 packages")
    meter.hear("Progress 1000000 of 1000000")
    meter.hear("  Downloading beta_b-1.0-py3-none-any.whl (1 MB)")
    meter.hear("Progress 900000 of 1000000")
    assert said.progress_told[-1][0] == pytest.approx(1.9 / 4 * 0.5)
    assert "Downloading beta-b: 2 MB of 4 MB" in said.progress_told[-1][1]
    meter.finish([PACKAGE] * 4)
    assert said.progress_told[-1][0] == 0.5


def test_progress_is_told_at_most_ten_times_a_second():
    said = Said()
    teller = Teller(said, lambda: False)
    for step in range(1000):
        teller.progress(step / 1000, "")
    assert 1 <= len(said.progress_told) <= 3


def test_sizes_are_told_as_people_say_them():
    assert [size_text(s) for s in (812_300_000, 2_607_428_166)] == ["812 MB", "2.6 GB"]


def test_file_system_without_locks_is_told(tmp_path, monkeypatch):
    import errno
    import fcntl

    from plugin import locking

    def no_locks(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    lock = locking.only_one(str(tmp_path / "lock"), lambda: None)
    with pytest.raises(JobError, match="cannot be locked") as caught, lock:
        pytest.fail("a lock was held that there cannot be")
    assert "DEEPGEOLOGY_HOME" in caught.value.remedy


def test_lock_is_held_by_one_thread_at_a_time(tmp_path):
    from plugin import locking

    inside, most = [], []

    def work():
        with locking.only_one(str(tmp_path / "lock"), lambda: None):
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_the_cpu_engine_sees_no_gpu_whatever_sitecustomize_the_system_has(tmp_path):
    installing.hide_gpu(str(tmp_path))
    ask = (
        f"import os, site; site.addsitedir({str(tmp_path)!r}); "
        "print(os.environ.get('CUDA_VISIBLE_DEVICES'))"
    )
    clean = {k: v for k, v in os.environ.items() if k != "CUDA_VISIBLE_DEVICES"}
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, env=clean)
    assert told.stdout.strip() == "-1"
