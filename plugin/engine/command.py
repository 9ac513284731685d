"""Do one job file without QGIS: messages to standard error, outputs to standard output."""

import json
import signal
import sys
import threading

from ..jobs.errors import JobError, Stopped
from . import ranks, work
from .channel import plain
from .progress import Progress

DONE, FAILED, STOPPED = 0, 1, 130


def run(path, answers):
    """Do the job in a file.

    Parameters
    ----------
    path : str
        A JSON file: ``{"do": "classify_raster", "values": {"input": "survey.tif", ...}}``.
        Relative paths in it start at the current folder.
    answers : binary file
        Where the outputs go, as JSON.

    Returns
    -------
    int
        Exit code: 0 done, 1 failed, 130 stopped by SIGINT or SIGTERM.

    Notes
    -----
    Started by torchrun, many processes do the job together; the first of them tells and answers.
    """
    stop = _stop_on_signal()
    try:
        ranks.join()
        name, values = read_job(path)
        outputs = _do(
            name, values, Progress(_tell if ranks.is_first() else _keep_silent, stop.is_set)
        )
    except Stopped:
        _say_last("Stopped.")
        return STOPPED
    except JobError as error:
        _say_last("Stopped." if stop.is_set() else error)
        return STOPPED if stop.is_set() else FAILED
    if ranks.is_first():
        answers.write((json.dumps(plain(outputs), indent=2) + "\n").encode("ascii"))
        answers.flush()
    ranks.leave()
    return DONE


def read_job(path):
    """Read a job file.

    Returns
    -------
    tuple of str and dict
        The job's name, and value by parameter name.

    Raises
    ------
    JobError
        If the file cannot be read or is not a job.
    """
    remedy = 'Give a JSON file such as {"do": "describe_model", "values": {"model": "..."}}.'
    try:
        with open(path, encoding="utf-8") as file:
            asked = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or "what it holds is not JSON"
        raise JobError(f'The job file "{path}" cannot be read: {why}.', remedy) from error
    if not isinstance(asked, dict) or not isinstance(asked.get("values"), dict):
        raise JobError(f'"{path}" is not a job file: it has no "values".', remedy)
    return asked.get("do"), asked["values"]


def _do(name, values, progress):
    try:
        return work.do(name, values, progress)
    except (JobError, Stopped):
        raise
    except BaseException as error:  # whatever a library raises becomes a sentence
        if ranks.is_lost(error):
            raise ranks.lost(error) from error
        raise work.explain(error, name) from error


def _say_last(text):
    """Say why the job has ended, if no other process has said it."""
    if ranks.has_last_word():
        print(text, file=sys.stderr)


def _keep_silent(kind, **words):
    """What all processes do is told by the first."""


def _stop_on_signal():
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _tell(kind, **words):
    if kind == "progress":
        print(f"{100 * words['fraction']:5.1f} %  {words['text']}", file=sys.stderr)
    elif kind == "metric":
        print(f"{words['name']} {words['value']} at step {words['step']}", file=sys.stderr)
    else:
        print(f"{kind}: {words['text']}", file=sys.stderr)
