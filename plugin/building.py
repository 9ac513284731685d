"""Build the engine's environment from the lock file, and clear away old ones."""

import os
import shutil
import subprocess  # nosec B404 - asks ps which engines run
import threading
from dataclasses import dataclass

from . import installing, premises
from .child_process import IS_WINDOWS
from .engine_packages import TORCH, Computer, downloads_for, packages_for
from .interpreter import Python
from .jobs.errors import JobError
from .telling import size_text

_SECONDS_TO_CLEAR = 1.0


@dataclass(frozen=True)
class Site:
    """What is built where.

    Attributes
    ----------
    folder : str
        The environment's folder, in the folder of the engine.
    base : Python
        The Python it is made from.
    computer : Computer
    backend : str
    wheels : str
        A folder of wheels, or empty to download them.
    """

    folder: str
    base: Python
    computer: Computer
    backend: str
    wheels: str

    @property
    def shelf(self):
        """Where the wheels lie."""
        return self.wheels or os.path.join(os.path.dirname(self.folder), "downloads")

    @property
    def is_cuda_on_windows(self):
        """Whether PyTorch must come from elsewhere than the package index."""
        return self.backend == "cuda" and self.computer.system == "windows"


def build(site, workshop):
    """Make the environment of a site; what stood there half-built goes first.

    Raises
    ------
    JobError
        With what failed and what to do; no half-built environment is left.
    Stopped
        After a cancel. Packages that were downloaded stay for the next time.
    """
    packages = packages_for(site.computer, site.backend)
    foreign = [p for p in packages if site.is_cuda_on_windows and p.name in TORCH]
    locked = [package for package in packages if package not in foreign]
    _look_before(site, locked, workshop.tell)
    os.makedirs(site.shelf, exist_ok=True)
    remove_folder(site.folder)
    try:
        _fill(site, locked, foreign, workshop)
    except BaseException:
        _clear_soon(site.folder)
        raise
    if not site.wheels:
        remove_folder(site.shelf)


def _look_before(site, packages, tell):
    parent = os.path.dirname(site.folder)
    there = os.listdir(site.shelf) if os.path.isdir(site.shelf) else []
    if site.wheels:
        _refuse_missing_wheels(site, packages)
    wanted = downloads_for(site.computer, site.backend)
    download = sum(p.download for p in wanted)
    installed = sum(p.installed for p in wanted)
    source = f"from {site.wheels}" if site.wheels else f"download: {size_text(download)}"
    tell.note(
        f"The engine for {site.computer}, {site.backend.upper()}: {len(packages)} packages, "
        f"{source}, {size_text(installed)} on disk in {parent}."
    )
    premises.refuse_full_disk(parent, premises.disk_needed(wanted, there))


def _refuse_missing_wheels(site, packages):
    missing = installing.missing_wheels(packages, site.wheels)
    if missing:
        named = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
        raise JobError(
            f'The folder of wheels "{site.wheels}" lacks {len(missing)} of {len(packages)} '
            f"packages for {site.computer}, {site.backend.upper()}: {named}.",
            "Run Download engine packages on a connected computer for this system, version of "
            "Python and computing device, and copy the whole folder.",
        )


def _fill(site, locked, foreign, workshop):
    python = installing.environment_python(site.folder)
    packages_folder = installing.site_packages(site.folder, site.computer.minor)
    workshop.tell.stage(0.01, "Making the environment")
    installing.make_environment(site.base.path, site.folder, workshop)
    installing.prepare_pip(python, locked, site.shelf, workshop, offline=bool(site.wheels))
    if not site.wheels:
        installing.download(python, locked, site.shelf, workshop, (0.05, 0.6))
    span = (0.05 if site.wheels else 0.6, 0.93)
    installing.install(python, locked, site.shelf, workshop, span, packages_folder)
    if foreign:
        workshop.tell.stage(span[1], "Installing PyTorch for CUDA: about 3 GB")
        installing.install_cuda_torch(python, foreign, workshop, site.wheels)
    if site.backend == "cpu":
        installing.hide_gpu(packages_folder)
    with open(os.path.join(site.folder, "installed"), "w", encoding="utf-8") as file:
        file.write(str(site.computer) + "\n")


def remove_folder(folder):
    """Remove a folder if it is there.

    Raises
    ------
    JobError
        If a file in it is held by another program.
    """
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        if os.path.isdir(folder):  # another cleaner was at work on it
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise JobError(
            f'"{folder}" cannot be removed: {error.strerror}.',
            "Close other QGIS windows, then run Prepare engine again.",
        ) from error


def _clear_soon(folder):
    """Remove a half-built folder, but let a cancel return: the rest goes on beside."""
    cleaner = threading.Thread(
        target=shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, daemon=True
    )
    cleaner.start()
    cleaner.join(_SECONDS_TO_CLEAR)


def remove_unused(root, kept, tell):
    """Remove the engines in `root` other than `kept` that no process runs."""
    running = _running_commands()
    for name in sorted(os.listdir(root)):
        folder = os.path.join(root, name)
        if not name.startswith("engine-") or not os.path.isdir(folder) or folder == kept:
            continue
        if running is None or folder in running:
            tell.note(f"An older engine may still be in use and is kept: {folder}")
        else:
            _remove_old(folder, tell)


def _remove_old(folder, tell):
    try:
        # Windows renames no folder that a program runs from: nothing is removed in part.
        os.rename(folder, folder + ".old")
        shutil.rmtree(folder + ".old")
    except OSError as error:
        tell.note(f"An older engine could not be removed: {folder} ({error.strerror}).")


def _running_commands():
    """All command lines that run now as one text; None if they cannot be known."""
    if IS_WINDOWS:
        return ""
    ps = shutil.which("ps")
    if ps is None:
        return None
    try:
        listed = subprocess.run(  # nosec B603 - the system's own ps, by its full path
            [ps, "-A", "-ww", "-o", "args="], capture_output=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return listed.stdout.decode("utf-8", "replace")
