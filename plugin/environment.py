"""The engine's Python environment: where it is, how it is made.

It lies outside the plugin's folder, in ``DEEPGEOLOGY_HOME`` or the platform's folder for local
data, so that an update of the plugin keeps it. ``engine.json`` there is written last and names
the engine in use; what it does not name is not used.
"""

import hashlib
import json
import os

from . import engine_packages, interpreter, locking, premises, trial
from .building import Site, build, remove_folder, remove_unused
from .collecting import download
from .engine_packages import lock_hash, this_computer
from .errands import Workshop
from .installing import environment_python
from .jobs.errors import JobError
from .jobs.home import home
from .telling import Teller

__all__ = ["download", "engine_python", "engine_state", "home", "prepare"]


def engine_state():
    """What is known of the engine in use, without running it.

    Returns
    -------
    dict or None
        ``python``, ``base``, ``location``, ``backend``, ``torch``, ``devices``, ``own``,
        ``lock``; None if no engine was prepared, or what was prepared is gone or out of date.
    """
    state = _read_json(os.path.join(home(), "engine.json"))
    if not state or not all(os.path.exists(state.get(key, "")) for key in ("python", "base")):
        return None
    if not state["own"] and state["lock"] != lock_hash():
        return None
    return state


def engine_python():
    """The engine's Python program, or None if it is not prepared; instant."""
    state = engine_state()
    return state["python"] if state else None


def prepare(job, listener, is_canceled, proxy=""):
    """Make the engine's environment, or check the user's own, and take it into use.

    Parameters
    ----------
    job : PrepareEngine
    listener : object
        As for `worker.run`.
    is_canceled : callable
    proxy : str
        Address of a proxy for the downloads, such as QGIS's; empty for the system's own.

    Returns
    -------
    dict
        TORCH, DEVICES, LOCATION.

    Raises
    ------
    JobError
        With what is in the way and what to do.
    Stopped
        Within 2 s of a cancel.
    """
    tell = Teller(listener, is_canceled)
    tell.stage(0.0, "Looking at this computer")
    root = premises.make_home(home())
    if not job.python:
        premises.refuse_missing_gpu(job.backend)
    with locking.only_one(os.path.join(root, "prepare.lock"), _waiting(tell)):
        workshop = _open_workshop(root, proxy, tell)
        base = _given_python(job.python) if job.python else interpreter.base_python()
        state = _adopt(base, job, workshop) if _is_own(base, job) else _make(base, job, workshop)
        _write_json(os.path.join(root, "engine.json"), state)
        remove_folder(workshop.temporary)
        if not state["own"]:
            remove_unused(root, state["location"], tell)
    tell.note(f"The engine stands: PyTorch {state['torch']} on {state['devices']}.")
    return {key.upper(): state[key] for key in ("torch", "devices", "location")}


def _waiting(tell):
    def wait():
        tell.progress(0.0, "Waiting for another QGIS window that prepares the engine")

    return wait


def _open_workshop(root, proxy, tell):
    temporary = os.path.join(root, "tmp")
    remove_folder(temporary)
    os.makedirs(temporary)
    return Workshop(temporary, os.path.join(root, "prepare.log"), proxy, tell)


def _given_python(path):
    python = interpreter.ask(path)
    complaint = "does not run as a Python" if python is None else ""
    if python and (python.minor not in engine_packages.PYTHONS or python.bits != 64):
        complaint = python.complaint()
    if complaint:
        raise JobError(
            f'"{path}" {complaint}.',
            "Choose the python program of an environment with Python 3.10 to 3.14.",
        )
    return python


def _is_own(python, job):
    """Whether a given Python is an environment to use, and not one to make one from."""
    return bool(job.python) and (python.has_torch or python.is_venv)


def _adopt(python, job, workshop):
    workshop.tell.stage(0.5, "Trying the engine's libraries")
    answer = trial.try_out(python.path, workshop)
    trial.refuse_problems(answer, python.path, own=True)
    trial.refuse_idle_gpu(answer, job.backend)
    location = os.path.dirname(os.path.dirname(os.path.abspath(python.path)))
    return _state(answer, python.path, python.path, location, job.backend, own=True)


def _make(base, job, workshop):
    if base.complaint():
        raise JobError(f'"{base.path}" {base.complaint()}.', "Choose another Python.")
    computer = this_computer(base.version)
    key = f"{lock_hash()} {computer.minor} {job.backend}".encode()
    folder = os.path.join(home(), "engine-" + hashlib.sha256(key).hexdigest()[:8])
    premises.refuse_long_path(folder, computer)
    answer = _answer_of_standing(folder, workshop)
    if answer is None:
        build(Site(folder, base, computer, job.backend, job.wheels or ""), workshop)
        workshop.tell.stage(0.94, "Trying the engine on its devices")
        answer = trial.try_out(environment_python(folder), workshop)
    trial.refuse_problems(answer, environment_python(folder), own=False)
    trial.refuse_idle_gpu(answer, job.backend)
    python = environment_python(folder)
    return _state(answer, python, _base_folder(folder), folder, job.backend, own=False)


def _base_folder(folder):
    """Where the Python lies that an environment was made from: without it, it does not run."""
    with open(os.path.join(folder, "pyvenv.cfg"), encoding="utf-8") as file:
        lines = dict(line.split("=", 1) for line in file if "=" in line)
    return {key.strip(): value.strip() for key, value in lines.items()}["home"]


def _answer_of_standing(folder, workshop):
    """What an engine that was installed before says now; None if there is none that works."""
    if not os.path.exists(os.path.join(folder, "installed")):
        return None
    workshop.tell.stage(0.5, "The engine is installed; trying it")
    try:
        answer = trial.try_out(environment_python(folder), workshop)
    except JobError:
        answer = {"problems": ["it does not run"]}
    if answer["problems"]:
        told = "; ".join(answer["problems"])
        workshop.tell.warning(f"The engine is damaged and is made anew: {told}.")
        return None
    return answer


def _state(answer, python, base, location, backend, own):
    return {
        "python": python,
        "base": base,
        "location": location,
        "backend": backend,
        "torch": answer["versions"]["torch"],
        "devices": ", ".join(answer["devices"]),
        "own": own,
        "lock": lock_hash(),
    }


def _read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _write_json(path, values):
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1, ensure_ascii=False)
    os.replace(part, path)
