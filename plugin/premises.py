"""What is looked at before anything is downloaded: folder, path, disk, graphics card."""

import os
import re
import shutil
import sys
import tempfile

from .child_process import IS_WINDOWS, answer_of
from .engine_packages import BIG, longest_path, wheel_package
from .jobs.errors import JobError
from .telling import size_text
from .trial import LEAST_DRIVER

_LONGEST_WINDOWS_PATH = 259
_MARGIN = 300_000_000
_LEAST_CAPABILITY = 7.5  # of a card, for the CUDA that PyTorch is built with
_SECONDS_TO_ANSWER = 5
_DRIVERS = (
    "/proc/driver/nvidia/version",
    "/usr/lib/wsl/lib/libcuda.so.1",
    r"C:\Windows\System32\nvcuda.dll",
)


def make_home(folder):
    """Make the folder of the engine, and be sure that files can be written in it.

    Raises
    ------
    JobError
        If it cannot be made or written.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise JobError(
            f'The folder of the engine "{folder}" cannot be written: {error.strerror}.',
            "Set the environment variable DEEPGEOLOGY_HOME to a folder that you may write to.",
        ) from error


def refuse_long_path(folder, computer):
    """Refuse a folder that is too deep for Windows' 260 letters, unless long paths are on."""
    longest = len(folder) + len("\\Lib\\site-packages\\") + (longest_path(computer) or 130)
    if computer.system == "windows" and longest > _LONGEST_WINDOWS_PATH and not _long_paths():
        spare = len(folder) - (longest - _LONGEST_WINDOWS_PATH)
        raise JobError(
            f'The path "{folder}" has {len(folder)} letters; Windows leaves room for {spare}.',
            r"Set the environment variable DEEPGEOLOGY_HOME to a short path such as C:\dg.",
        )


def _long_paths():
    if not IS_WINDOWS:
        return False
    import winreg

    key = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            return winreg.QueryValueEx(opened, "LongPathsEnabled")[0] == 1
    except OSError:
        return False  # Windows before version 10 of 2016


def disk_needed(packages, there=()):
    """Bytes that a download and an installation take at their peak.

    Parameters
    ----------
    packages : list of Package
    there : sequence of str
        Names of wheel files that need no download.
    """
    known = {wheel_package(name) for name in there}
    missing = [p.download for p in packages if (p.name, p.version) not in known]
    # pip keeps a call's files in its temporary folder until the call has all of them.
    passing = max([sum(size for size in missing if size < BIG), *missing], default=0)
    return sum(missing) + passing + sum(p.installed for p in packages) + _MARGIN


def refuse_full_disk(folder, needed):
    """Refuse to start what the disk of `folder` cannot hold; `needed` in bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise JobError(
            f'"{folder}" has {size_text(free)} free; {size_text(needed)} are needed.',
            f"Free {size_text(needed - free)}, or choose a folder on a larger disk "
            "(for the engine: set DEEPGEOLOGY_HOME).",
        )


def refuse_missing_gpu(backend):
    """Refuse CUDA where it cannot run, before gigabytes are downloaded for it."""
    if backend != "cuda":
        return
    if sys.platform == "darwin":
        raise JobError(
            "CUDA does not exist on macOS.",
            "Choose CPU: the graphics part of Apple silicon is used by itself.",
        )
    if not has_nvidia_driver():
        raise JobError(
            "CUDA was chosen, but no NVIDIA driver was found on this computer.",
            "Install the driver of the graphics card from nvidia.com, or choose CPU.",
        )


def has_nvidia_driver():
    """Whether a driver of an NVIDIA card is installed."""
    return bool(shutil.which("nvidia-smi")) or any(os.path.exists(path) for path in _DRIVERS)


def best_backend():
    """What the engine is made for unasked: CUDA where an NVIDIA card answers that can run it."""
    if sys.platform == "darwin":
        return "cpu"
    question = ["nvidia-smi", "--query-gpu=driver_version,compute_cap", "--format=csv,noheader"]
    told = answer_of(question, _SECONDS_TO_ANSWER) or b""
    cards = re.findall(r"^(\d+)[\d.]*, *(\d+\.\d+)", told.decode("ascii", "replace"), re.MULTILINE)
    fits = [
        int(driver) >= int(LEAST_DRIVER) and float(capability) >= _LEAST_CAPABILITY
        for driver, capability in cards
    ]
    return "cuda" if any(fits) else "cpu"
