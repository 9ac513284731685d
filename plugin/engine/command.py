"""Do one job file without QGIS: messages to standard error, outputs to standard output."""

import glob
import json
import os
import platform
import signal
import sys
import threading
from collections import Counter

from ..jobs import JOBS
from ..jobs.declare import declared
from ..jobs.errors import JobError, Stopped
from ..jobs.languages import codes, is_spoken
from ..jobs.places import is_same_file, sign, sweep
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
        Relative paths in it start at the current folder. ``"language": "zh_CN"`` may be added.
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
    stop, machine = _stop_on_signal(), sign(platform.node())
    try:
        ranks.join(Progress(_keep_silent, stop.is_set).check)
        name, values, language = read_job(path)
        refuse_itself(path, name, values)
        sweep_dead(name, values, machine)
        outputs = _do(
            name,
            values,
            Progress(_tell if ranks.is_first() else _keep_silent, stop.is_set),
            language,
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
    tuple of str, dict and str
        The job's name, value by parameter name, and the language of its report.

    Raises
    ------
    JobError
        If the file cannot be read or is not a job.
    """
    remedy = 'Give a JSON file such as {"do": "describe_model", "values": {"model": "..."}}.'
    try:
        with open(path, "rb") as file:
            asked = json.loads(file.read(), object_pairs_hook=_each_once)
    except (OSError, ValueError, RecursionError) as error:
        raise JobError(f'The job file "{path}" cannot be read: {_why(error)}.', remedy) from error
    if not isinstance(asked, dict) or not isinstance(asked.get("values"), dict):
        raise JobError(f'"{path}" is not a job file: it has no "values".', remedy)
    for key in sorted({*asked} - {"do", "values", "language"}):
        raise JobError(
            f'"{key}" stands beside "values" in the job file "{path}", where nobody reads it.',
            'Put it inside of "values".',
        )
    values = {key.lower(): value for key, value in asked["values"].items()}
    return asked.get("do"), values, _language_of(asked.get("language", ""), path)


def _language_of(language, path):
    """The language of the report that a job file asks for; refused if there is no translation."""
    if language and (not isinstance(language, str) or not is_spoken(language)):
        raise JobError(
            f'"language" is {json.dumps(language)} in the job file "{path}".',
            f"Choose one of: {', '.join(codes())}.",
        )
    return language or ""


def _each_once(pairs):
    for key, count in Counter(key for key, _ in pairs).items():
        if count > 1:
            raise ValueError(f'"{key}" stands there {count} times')
    return dict(pairs)


def _why(error):
    if isinstance(error, json.JSONDecodeError):
        why = f"what it holds is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        is_path = "escape" in error.msg
        return why + ("; in a path write / or a double backslash" if is_path else "")
    if isinstance(error, UnicodeError):
        return "it is not a text in UTF-8"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, ValueError) else "it nests too deep"


def refuse_itself(path, name, values):
    """Refuse a job that would write over its own job file."""
    for output, place in _outputs(name, values).items():
        if is_same_file(place, path):
            raise JobError(
                f"{output.upper()} is the job file itself.", "Choose another name for the output."
            )


def sweep_dead(name, values, machine):
    """Remove what processes that were killed have left half-written beside the outputs.

    Linux alone tells which processes of this machine are at work; those of other machines are left
    alone.
    """
    if not os.path.isdir("/proc/self"):
        return
    writers = {
        left[len(place) + 1 :].split("@")[0]
        for place in _outputs(name, values).values()
        for left in glob.glob(f"{glob.escape(place)}.*{glob.escape(machine)}.part*")
    }
    for writer in filter(str.isdigit, writers):
        if not os.path.exists(f"/proc/{writer}"):
            sweep(JOBS[name], values, int(writer))


def _outputs(name, values):
    parts = declared(JOBS[name]) if isinstance(name, str) and name in JOBS else ()
    places = {part.name: values.get(part.name) for part in parts if part.is_output}
    return {output: place for output, place in places.items() if place and isinstance(place, str)}


def _do(name, values, progress, language):
    try:
        return work.do(name, values, progress, language)
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
