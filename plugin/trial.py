"""Run the engine's libraries once through its Python, and say what is wrong with them."""

import json
import os

from .child_process import clean_environment
from .errands import run
from .jobs.errors import JobError

LEAST_DRIVER = "580"  # of NVIDIA, for the CUDA that PyTorch is built with
SELF_CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "engine", "self_check.py")


def try_out(python, workshop):
    """Import the libraries and compute on every device, in a process of `python`.

    Parameters
    ----------
    python : str
    workshop : Workshop

    Returns
    -------
    dict
        What `engine/self_check.py` found.

    Raises
    ------
    JobError
        If it does not even end.
    """
    answers = []

    def hear(line):
        if line.startswith('{"python"'):
            answers.append(json.loads(line))
        return False

    command = [python, "-X", "utf8", "-s", SELF_CHECK]
    environment = clean_environment()
    run(command, workshop, "Trying the engine", on_line=hear, environment=environment)
    if not answers:
        raise JobError("The engine's Python gave no answer.", "Run Prepare engine again.")
    return answers[-1]


def refuse_problems(answer, python, own):
    """Refuse an environment whose libraries are missing, old or broken.

    Parameters
    ----------
    answer : dict
        Of `try_out`.
    python : str
    own : bool
        Whether it is the user's own environment.
    """
    if not answer["problems"]:
        return
    found = f'The Python "{python}" cannot run the engine: {"; ".join(answer["problems"])}.'
    if "WinError 126" in found or "WinError 1114" in found:
        remedy = "Install the Microsoft Visual C++ Redistributable (x64), then try again."
    elif own:
        names = " ".join(p.split()[0] for p in answer["problems"]).replace(
            "sklearn", "scikit-learn"
        )
        remedy = f"Install in that environment: {names}; or leave Use this Python empty."
    else:
        remedy = "Run Prepare engine again: the environment is made anew."
    raise JobError(found, remedy)


def refuse_idle_gpu(answer, backend):
    """Refuse CUDA if PyTorch sees no device that works."""
    if backend == "cuda" and not any(name.startswith("cuda") for name in answer["devices"]):
        raise JobError(
            f"PyTorch finds no CUDA device: {answer['cuda']}.",
            f"Update the NVIDIA driver ({LEAST_DRIVER} or newer) and restart the computer, or choose "
            "CPU.",
        )
