"""The words between QGIS and the engine: one JSON object a line, UTF-8.

QGIS asks ``do``, ``cancel`` and ``quit``. The engine answers ``ready`` once, then for each
job any number of ``progress``, ``note``, ``warning``, ``metric`` and ``heartbeat``, and at last
exactly one of ``done``, ``failed`` and ``stopped``.
"""

import json

VERSION = 1
HEARTBEAT_SECONDS = 5
LAST_WORDS = ("done", "failed", "stopped")


def do(id, job, values, language="", sources=None):
    """Ask for a job: its name in `JOBS`, its values, and what its report needs to know.

    That is its language, and what the user gave by the path of every file that stands for it.
    """
    return {
        "v": VERSION, "id": id, "do": job, "values": values,
        "language": language, "sources": sources or {},
    }  # fmt: skip


def cancel(id):
    """Ask to stop job `id`."""
    return {"v": VERSION, "id": id, "do": "cancel"}


def quit():
    """Ask the engine to leave."""
    return {"v": VERSION, "do": "quit"}


def ready(versions, devices, pid=0):
    """Say that the engine stands: library versions, devices such as ``["cpu", "cuda:0"]``, pid."""
    return {"v": VERSION, "say": "ready", "versions": versions, "devices": devices, "pid": pid}


def progress(id, fraction, text=""):
    """Say how far job `id` is: a fraction in 0..1 and a text with real units."""
    return {"say": "progress", "id": id, "fraction": fraction, "text": text}


def note(id, text):
    """Say something that the user may want to read."""
    return {"say": "note", "id": id, "text": text}


def warning(id, text):
    """Say something that the user should read."""
    return {"say": "warning", "id": id, "text": text}


def metric(id, name, value, step):
    """Say the value of a metric at a step (an epoch, counted from 1)."""
    return {"say": "metric", "id": id, "name": name, "value": value, "step": step}


def heartbeat(id):
    """Say that job `id` is alive."""
    return {"say": "heartbeat", "id": id}


def done(id, outputs):
    """Say that job `id` ended well: output by name in upper case."""
    return {"say": "done", "id": id, "outputs": outputs}


def failed(id, found, remedy, trace=""):
    """Say that job `id` could not be done, as a `JobError`."""
    return {"say": "failed", "id": id, "found": found, "remedy": remedy, "trace": trace}


def stopped(id):
    """Say that job `id` was cancelled."""
    return {"say": "stopped", "id": id}


def encode(message):
    """Turn a message into one line of bytes.

    All of it is ASCII, letters beyond it being escaped: so even a file name that is not valid
    UTF-8 comes through as it is.

    Raises
    ------
    ValueError
        If a number is not finite: JSON has no word for it.
    """
    return (json.dumps(message, allow_nan=False) + "\n").encode("ascii")


def decode(line):
    """Turn a line of bytes into a message, or None if it is not a message.

    A library that prints into the channel, or half a line of a dying process, must never
    break the conversation; such a line is for the log.
    """
    try:
        message = json.loads(line.decode("utf-8"))
    except (UnicodeDecodeError, ValueError):
        return None
    if isinstance(message, dict) and ("say" in message or "do" in message):
        return message
    return None
