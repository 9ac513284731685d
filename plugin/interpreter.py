"""Find a Python that can make the engine's environment.

QGIS's own `sys.executable` may be QGIS itself, and starting it would open another window:
only programs named like Python are asked, and each is believed only after it was run.
"""

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass

from .child_process import IS_WINDOWS, answer_of, clean_environment
from .engine_packages import PYTHONS
from .jobs.errors import JobError

_NAMED_LIKE_PYTHON = re.compile(r"pythonw?[\d.]*t?(\.exe)?$", re.IGNORECASE)
_SECONDS = 20
_QUESTION = """
import json, platform, struct, sys
from importlib.util import find_spec
missing = [name for name in ("ssl", "venv", "ensurepip") if find_spec(name) is None]
try:
    import ssl
except ImportError:
    missing.append("ssl")
print(json.dumps({
    "version": platform.python_version(), "bits": struct.calcsize("P") * 8,
    "machine": platform.machine(), "missing": missing,
    "is_venv": sys.prefix != sys.base_prefix,
    "has_torch": find_spec("torch") is not None,
}))
"""


@dataclass(frozen=True)
class Python:
    """A Python that was run and answered."""

    path: str
    version: str
    bits: int
    machine: str
    missing: tuple
    is_venv: bool
    has_torch: bool

    @property
    def minor(self):
        """The first two numbers of its version, such as ``"3.11"``."""
        return ".".join(self.version.split(".")[:2])

    def complaint(self):
        """What keeps it from carrying the engine, or an empty text."""
        if self.minor not in PYTHONS:
            return f"is version {self.version}; the engine needs {PYTHONS[0]} to {PYTHONS[-1]}"
        if self.bits != 64:
            return f"has {self.bits} bits; the engine needs 64"
        if sys.platform == "darwin" and self.machine == "x86_64":
            return "is for Intel processors, which PyTorch no longer supports on macOS"
        if self.missing:
            return f"lacks its modules {', '.join(sorted(set(self.missing)))}"
        return ""


def ask(path):
    """Run a Python and let it tell what it is.

    Parameters
    ----------
    path : str

    Returns
    -------
    Python or None
        None if it does not run, or does not answer in 20 seconds.
    """
    command = [path, "-I", "-c", _QUESTION]
    answer = answer_of(command, _SECONDS, env=clean_environment(windows=False))
    try:
        known = json.loads((answer or b"").decode("utf-8", "replace").strip().splitlines()[-1])
        return Python(path, **{**known, "missing": tuple(known["missing"])})
    except (ValueError, IndexError, TypeError, KeyError):
        return None


def base_python(candidates=None):
    """Find a Python for the engine: QGIS's own first, then others of this computer.

    Raises
    ------
    JobError
        If there is none, with what was found instead.
    """
    complaints = []
    for path in candidates if candidates is not None else list_candidates():
        python = ask(path)
        complaint = python.complaint() if python else "does not run"
        if not complaint:
            return python
        complaints.append((path, complaint))
    raise _no_python(complaints)


def _no_python(complaints):
    mac = any("Intel" in complaint for _, complaint in complaints)
    lacking = [complaint for _, complaint in complaints if "lacks" in complaint]
    if mac:
        remedy = "Use a Mac with Apple silicon, or give an environment of your own as PYTHON."
    elif lacking and not IS_WINDOWS:
        remedy = "Install them (Debian, Ubuntu: sudo apt install python3-venv) and try again."
    else:
        remedy = (
            "Install Python 3.12 (64 bits) from python.org, or give the path of a newer Python "
            "as PYTHON (Use this Python)."
        )
    told = "; ".join(f'"{path}" {complaint}' for path, complaint in complaints[:3])
    return JobError(f"No Python for the engine was found: {told or 'none is installed'}.", remedy)


def list_candidates():
    """Paths that may be a fitting Python, the most likely first, each once."""
    found = []
    for path in [*_own_pythons(), *_pythons_on_path(), *_usual_pythons()]:
        if path and _NAMED_LIKE_PYTHON.match(os.path.basename(path)) and os.path.isfile(path):
            found.append(os.path.abspath(path))
    return list(dict.fromkeys(found))


def _own_pythons():
    """QGIS's own Python: told by itself, or under its prefix."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    names = ["python.exe", "python3.exe"] if IS_WINDOWS else [f"python{version}", "python3"]
    # The prefix first: inside QGIS, sys.executable may be whatever PATH begins with.
    for folder in (sys.base_exec_prefix, os.path.dirname(sys.executable or "")):
        for name in names:
            yield os.path.join(folder, "bin", name)
            yield os.path.join(folder, name)
    yield getattr(sys, "_base_executable", "")
    yield sys.executable or ""


def _pythons_on_path():
    for version in reversed(PYTHONS):
        yield shutil.which(f"python{version}") or ""
    yield shutil.which("python3") or ""
    yield shutil.which("python") or ""


def _usual_pythons():
    """Where installers put Python without telling PATH of it."""
    if IS_WINDOWS:
        return _registered_pythons()
    folders = ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"]
    framework = "/Library/Frameworks/Python.framework/Versions"
    folders += [os.path.join(framework, version, "bin") for version in PYTHONS]
    return [
        os.path.join(folder, f"python{version}")
        for version in reversed(PYTHONS)
        for folder in folders
    ]


def _registered_pythons():
    """Pythons in Windows' registry (PEP 514)."""
    import winreg

    found = []
    for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        for version in reversed(PYTHONS):
            key = rf"Software\Python\PythonCore\{version}\InstallPath"
            try:
                folder = winreg.QueryValue(root, key)
            except OSError:
                continue  # this version is not installed
            found.append(os.path.join(folder, "python.exe"))
    return found
