"""Download an earthquake catalog."""

import os
import time

from rasterio.crs import CRS

from ...jobs.errors import JobError
from ..seismic.download import download
from ..seismic.moments import to_days, to_iso
from ..vectors import Feature, write_features

_COLUMNS = [
    ("id", "text"), ("time", "text"), ("date_time", "moment"), ("latitude", "real"),
    ("longitude", "real"), ("depth", "real"), ("mag", "real"), ("magType", "text"),
    ("place", "text"), ("type", "text"),
]  # fmt: skip
_KINDS = dict(_COLUMNS)


def run(job, progress):
    """Download the events of an extent and a span of time, and write them as points.

    Returns
    -------
    dict
        EVENTS and, if asked for, OUTPUT.

    Raises
    ------
    JobError
        If the service cannot be reached or refuses, or has no such event.
    """
    folder = _made(job.resume_folder)
    query = {
        "extent": list(job.extent) if job.extent else None,
        "start_days": to_days(job.start),
        "end_days": to_days(job.end) if job.end else _today(),
        "minimum_magnitude": job.minimum_magnitude,
    }
    if query["start_days"] >= query["end_days"]:
        raise JobError(f"START is {job.start}, which is still to come.", "Choose an earlier start.")
    progress.note(f"Asking {job.service}")
    events = download(query, job.service, job.proxy, folder, progress.part(0.0, 0.95))
    events = [event for event in events if event["days"] < query["end_days"]]
    if not events:
        raise JobError(
            f"The service has no event of magnitude {job.minimum_magnitude:g} or larger there, "
            f"from {job.start} to {to_iso(query['end_days'])}.",
            "Choose a larger extent, a longer time or a smaller magnitude.",
        )
    progress.note(f"{len(events):,} events from {events[0]['time']} to {events[-1]['time']}.")
    if not job.output:
        return {"EVENTS": len(events)}
    progress(0.95, "Writing")
    write_features(job.output, _features(events), _COLUMNS, CRS.from_epsg(4326))
    return {"EVENTS": len(events), "OUTPUT": job.output}


def _today():
    """The end of today: the same for all of the day, so that a download can go on."""
    return float(int(time.time() // 86_400) + 1)


def _made(folder):
    if not folder:
        return ""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise JobError(
            f'RESUME_FOLDER "{folder}" cannot be made: {error.strerror}.',
            "Choose a folder you may write to.",
        ) from error
    return folder


def _features(events):
    for number, event in enumerate(events, 1):
        values = {name: _value(event.get(name, ""), kind) for name, kind in _KINDS.items()}
        values["time"] = values["date_time"] = to_iso(event["days"]) + "Z"
        place = [values["longitude"], values["latitude"]]
        yield Feature(number, {"type": "Point", "coordinates": place}, values)


def _value(text, kind):
    """A cell as a text or a finite number; None where there is none."""
    if kind == "text":
        return text or None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
