"""Collect the engine's packages in a folder, for a computer with no connection."""

import os
import shutil

from . import installing, interpreter, premises
from .engine_packages import other_computer, packages_for, this_computer
from .errands import Workshop
from .jobs.errors import JobError
from .jobs.places import part_path
from .telling import Teller, size_text


def download(job, listener, is_canceled, proxy=""):
    """Download the wheels of an engine, for this computer or another one.

    Parameters
    ----------
    job : DownloadEngine
    listener : object
        As for `worker.run`.
    is_canceled : callable
    proxy : str
        Address of a proxy, or empty.

    Returns
    -------
    dict
        OUTPUT, the folder to carry over; PACKAGES, their number.

    Raises
    ------
    JobError
        With what is in the way and what to do; the folder is then as it was.
    Stopped
        Within 2 s of a cancel.
    """
    tell = Teller(listener, is_canceled)
    tell.stage(0.0, "Looking at this computer")
    base = interpreter.base_python()
    computer = _target(job, base)
    _refuse_foreign_cuda(computer, job.backend)
    packages = packages_for(computer, job.backend)
    output = os.path.abspath(job.output)
    part = part_path(output)
    os.makedirs(part)
    try:
        workshop = Workshop(os.path.join(part, "tmp"), os.path.join(part, "log"), proxy, tell)
        _collect(packages, computer, base, part, workshop)
        _move_wheels(os.path.join(part, "wheels"), output)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    tell.note(f"{len(packages)} packages for {computer}, {job.backend.upper()}: {output}")
    return {"OUTPUT": output, "PACKAGES": len(packages)}


def _target(job, base):
    python = base.version if job.python_version == "this" else job.python_version
    if job.platform != "this":
        return other_computer(job.platform, python)
    return this_computer(python)


def _refuse_foreign_cuda(computer, backend):
    if backend == "cuda" and computer.system != "linux":
        raise JobError(
            f"PyTorch's CUDA build for {computer} cannot be collected beforehand.",
            "Choose CPU; or prepare the engine with CUDA on that computer while it is connected.",
        )


def _collect(packages, computer, base, part, workshop):
    wheels = os.path.join(part, "wheels")
    size = sum(package.download for package in packages)
    workshop.tell.note(f"{len(packages)} packages for {computer}: {size_text(size)}")
    # Nothing is installed: what passes through the temporary folder is all that comes on top.
    only_downloaded = premises.disk_needed(packages) - sum(p.installed for p in packages)
    premises.refuse_full_disk(part, only_downloaded)
    os.makedirs(wheels)
    os.makedirs(workshop.temporary)
    python = _pip_of_the_lock(packages, base, part, wheels, workshop)
    target = () if _is_here(computer, base) else computer.pip_arguments()
    installing.download(python, packages, wheels, workshop, (0.05, 1.0), target)


def _is_here(computer, base):
    here = this_computer(base.version)
    same = (computer.system, computer.minor, computer.machine)
    return same == (here.system, here.minor, here.machine)


def _pip_of_the_lock(packages, base, part, wheels, workshop):
    """An environment with nothing but pip, to run it in."""
    folder = os.path.join(part, "pip")
    workshop.tell.stage(0.01, "Fetching pip")
    installing.make_environment(base.path, folder, workshop)
    python = installing.environment_python(folder)
    installing.prepare_pip(python, packages, wheels, workshop)
    return python


def _move_wheels(wheels, output):
    """Put the wheels into place; a folder that is there keeps what else it holds."""
    if not os.path.exists(output):
        os.rename(wheels, output)
        return
    for name in os.listdir(wheels):
        os.replace(os.path.join(wheels, name), os.path.join(output, name))
