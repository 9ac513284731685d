"""What the engine is made of: the lock file, chosen for a computer, with sizes."""

import hashlib
import json
import os
import platform
import re
import sys
from dataclasses import dataclass

from . import markers

FOLDER = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "resources", "engine"
)
LOCK = os.path.join(FOLDER, "requirements.lock")
SIZES = os.path.join(FOLDER, "sizes.json")
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
BIG = 50_000_000
# The PyTorch that the package index has for Linux is built for CUDA and also runs on the CPU.
# These parts of it are opened only by a GPU (measured: training and prediction run without).
ONLY_FOR_GPU = (
    "triton", "nvidia-cusolver", "nvidia-cuda-cccl", "nvidia-nvtx",
    "cuda-bindings", "cuda-pathfinder", "cuda-toolkit", "uv",
)  # fmt: skip
TORCH = ("torch", "torchvision")
_UNKNOWN = {"download": 0, "installed": 0}
_PIP_PLATFORMS = {
    "linux": tuple(f"manylinux_2_{n}_{{machine}}" for n in range(28, 4, -1))
    + ("manylinux2014_{machine}", "manylinux1_{machine}", "linux_{machine}"),
    "windows": ("win_amd64",),
    "macos": ("macosx_14_0_arm64",),
}


@dataclass(frozen=True)
class Computer:
    """The computer that an engine is for.

    Attributes
    ----------
    system : str
        ``"linux"``, ``"windows"`` or ``"macos"``.
    python : str
        Version of Python: two numbers or three.
    machine : str
        As `platform.machine` says it there.
    """

    system: str
    python: str
    machine: str

    @property
    def minor(self):
        """The first two numbers of the version of Python."""
        return ".".join(self.python.split(".")[:2])

    def __str__(self):
        system = {"linux": "Linux", "windows": "Windows", "macos": "macOS"}[self.system]
        return f"{system} {self.machine}, Python {self.minor}"

    def pip_arguments(self):
        """How pip is told to download for this computer."""
        names = [name.format(machine=self.machine) for name in _PIP_PLATFORMS[self.system]]
        told = [word for name in names for word in ("--platform", name)]
        return [*told, "--python-version", self.minor, "--implementation", "cp"]


@dataclass(frozen=True)
class Package:
    """A line of the lock with its hashes; sizes in bytes, 0 if unknown."""

    name: str
    version: str
    requirement: str
    download: int
    installed: int


# Not in the package index and so not in the lock; sizes as PyTorch's index shows them, about.
CUDA_FOR_WINDOWS = (Package("torch", "", "", 2_900_000_000, 4_800_000_000),)


def this_computer(python):
    """This computer, with a version of Python such as ``"3.11.2"``."""
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    return Computer(system, python, platform.machine())


def other_computer(system, python):
    """Another computer, with the machine that its system usually has."""
    machine = {"linux": "x86_64", "windows": "AMD64", "macos": "arm64"}[system]
    return Computer(system, python, machine)


def packages_for(computer, backend, lock=None, sizes=None):
    """List the packages of an engine.

    Parameters
    ----------
    computer : Computer
    backend : str
        ``"cpu"`` or ``"cuda"``.
    lock, sizes : str, optional
        Paths of other files than the plugin's own.

    Returns
    -------
    list of Package
    """
    measured = _read_sizes(sizes or SIZES).get(computer.system, {})
    left_out = ONLY_FOR_GPU if backend == "cpu" else ()
    chosen = []
    for name, version, marker, hashes in _lock_entries(lock or LOCK):
        if name not in left_out and markers.fits(marker, _environment(computer)):
            size = measured.get(name, _UNKNOWN)
            requirement = f"{name}=={version} " + " ".join(hashes)
            chosen.append(Package(name, version, requirement, size["download"], size["installed"]))
    return chosen


def downloads_for(computer, backend):
    """What `packages_for` lists, with PyTorch from its maker's index where that has to serve."""
    packages = packages_for(computer, backend)
    if backend != "cuda" or computer.system != "windows":
        return packages
    return [*(p for p in packages if p.name not in TORCH), *CUDA_FOR_WINDOWS]


def lock_hash(lock=None):
    """A short hash of the lock file: an engine of another lock is another engine."""
    with open(lock or LOCK, "rb") as file:
        return hashlib.sha256(file.read().replace(b"\r\n", b"\n")).hexdigest()[:10]


def normalized(name):
    """A package's name in the one form that all its spellings share (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wheel_package(file_name):
    """Name and version in a wheel's file name, or None if it is no wheel."""
    parts = file_name.split("-")
    if not file_name.endswith(".whl") or len(parts) < 5:
        return None
    return normalized(parts[0]), parts[1]


def longest_path(computer, sizes=None):
    """Letters in the longest path below the folder of packages."""
    measured = _read_sizes(sizes or SIZES).get(computer.system, {})
    return max((size.get("longest", 0) for size in measured.values()), default=0)


def _environment(computer):
    names = {"linux": "linux", "windows": "win32", "macos": "darwin"}
    version = computer.python if computer.python.count(".") > 1 else computer.python + ".0"
    return {
        "python_full_version": version,
        "python_version": computer.minor,
        "sys_platform": names[computer.system],
        "platform_machine": computer.machine,
    }


def _lock_entries(path):
    """Yield name, version, marker and hashes of every entry of a lock file."""
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    for line in text.splitlines():
        found = re.match(r"([\w.-]+)==(\S+)\s*(?:;\s*(.*?))?\s*((?:--hash=\S+\s*)+)$", line)
        if found:
            name, version, marker, hashes = found.groups()
            yield normalized(name), version, marker or "", hashes.split()


def _read_sizes(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}
