"""The steps of an installation: environment, pip, download, install."""

import os
from contextlib import contextmanager

from .child_process import IS_WINDOWS
from .engine_packages import BIG, wheel_package
from .errands import run
from .meters import DownloadMeter, InstallMeter

_HIDE_GPU = """# Made by Deep Geology: this engine was prepared for the CPU.
import os; os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
"""
LEASH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "leash.py")


def environment_python(folder):
    """The Python program of a virtual environment."""
    if IS_WINDOWS:
        return os.path.join(folder, "Scripts", "python.exe")
    return os.path.join(folder, "bin", "python")


def site_packages(folder, minor):
    """The folder of packages of a virtual environment of Python `minor` ("3.11")."""
    if IS_WINDOWS:
        return os.path.join(folder, "Lib", "site-packages")
    return os.path.join(folder, "lib", f"python{minor}", "site-packages")


def make_environment(base, folder, workshop):
    """Make a virtual environment with pip in `folder` from the Python `base`."""
    run([*_module(base), "venv", folder], workshop, "Making the environment")


def prepare_pip(python, packages, folder, workshop, offline=False):
    """Bring pip to the lock's version first: older ones cannot tell progress in bytes.

    Parameters
    ----------
    python : str
        The environment's Python.
    packages : list of Package
        All packages; the one named pip is taken.
    folder : str
        Where its wheel lies or is put.
    workshop : Workshop
    offline : bool
        Whether the wheel is there already.
    """
    pip = [package for package in packages if package.name == "pip"]
    if pip and not offline:
        _pip(python, workshop, "Downloading pip", [*_download_to(folder), "off"], pip)
    if pip:
        _pip(python, workshop, "Installing pip", _install_from(folder), pip)


def download(python, packages, folder, workshop, span, target=()):
    """Fetch wheels into a folder; those already there, with the right hash, stay.

    Every large package is a call of its own: pip keeps what it fetched only at a call's end,
    and an interrupted download goes on from there.

    Parameters
    ----------
    python : str
        A Python with pip of the lock's version.
    packages : list of Package
    folder : str
    workshop : Workshop
    span : tuple of float
        Start and stop of this stage in the job's progress.
    target : sequence of str
        pip's arguments for another computer; empty for this one.
    """
    meter = DownloadMeter(workshop.tell, span, packages)
    small = [package for package in packages if package.download < BIG]
    groups = [small] + [[package] for package in packages if package.download >= BIG]
    for group in filter(None, groups):
        arguments = [*_download_to(folder), "raw", *target]
        _pip(python, workshop, "Downloading the packages", arguments, group, meter.hear)
        meter.finish(group)


def install(python, packages, folder, workshop, span, site):
    """Install packages from a folder of wheels into the environment with packages in `site`."""
    meter = InstallMeter(workshop.tell, span, packages, site)
    doing = "Installing the packages"
    _pip(python, workshop, doing, _install_from(folder), packages, on_look=meter.look)


def install_cuda_torch(python, packages, workshop, folder=""):
    """Install PyTorch's CUDA build on Windows, which the package index does not have.

    uv knows where PyTorch keeps it. These two packages come without hashes of the lock.

    Parameters
    ----------
    python : str
        The environment's Python, where uv is installed.
    packages : list of Package
        torch and torchvision.
    workshop : Workshop
    folder : str
        A folder that holds their wheels; empty to download.
    """
    wanted = [f"{package.name}=={package.version}" for package in packages]
    if folder:
        command = [*_module(python), "pip", *_install_from(folder), "--no-deps", *wanted]
    else:
        uv = os.path.join(os.path.dirname(python), "uv.exe" if IS_WINDOWS else "uv")
        command = [uv, "pip", "install", "--python", python, "--torch-backend=auto"]
        command += ["--no-cache", "--only-binary", ":all:", *wanted]
    run(command, workshop, "Installing PyTorch for CUDA")


def hide_gpu(site):
    """Let the environment with packages in `site` see no GPU.

    An engine for the CPU lacks libraries that PyTorch would ask for on a GPU, in the middle of
    a job. Python runs the line of a ``.pth`` file at every start, whoever starts it; a
    ``sitecustomize`` would lose to the one that Debian has for all its Pythons.
    """
    with open(os.path.join(site, "deep_geology_cpu.pth"), "w", encoding="utf-8") as file:
        file.write(_HIDE_GPU)


def missing_wheels(packages, folder):
    """Name and version of every package that a folder of wheels lacks."""
    there = {wheel_package(name) for name in os.listdir(folder)}
    return [f"{p.name} {p.version}" for p in packages if (p.name, p.version) not in there]


def _module(python):
    return [python, "-I", "-X", "utf8", LEASH]


def _download_to(folder):
    return ["download", "-d", folder, "--no-cache-dir", "--progress-bar"]


def _install_from(folder):
    return ["install", "--no-compile", "--no-index", "--find-links", folder]


def _pip(python, workshop, doing, arguments, packages, on_line=None, on_look=None):
    with _requirements(packages, workshop.temporary) as file:
        evidence = os.path.join(workshop.temporary, "pip.log")
        command = [*_module(python), "pip", *arguments, "--no-deps", "--require-hashes"]
        command += ["--only-binary", ":all:", "-r", file, "--log", evidence]
        run(command, workshop, doing, on_line, on_look, evidence=evidence)
        os.remove(evidence)


@contextmanager
def _requirements(packages, folder):
    path = os.path.join(folder, "requirements.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(package.requirement + "\n" for package in packages)
    try:
        yield path
    finally:
        os.remove(path)
