"""The log of openings of a test period, kept in the model file itself.

A test period that is looked at again and again, with a new model each time, is no test any more.
"""

import json
import os
import shutil
import stat
from datetime import datetime, timezone

from ...jobs.model_card import KEY, read_header
from ...jobs.places import written_whole

_CHUNK = 2**20


def opening(catalog, start, end, events):
    """What is logged of an opening, ready for JSON.

    Parameters
    ----------
    catalog : Catalog
    start, end : str
        The test period, ISO texts.
    events : int
        Target events in it.
    """
    now = datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None)
    return {
        "opened": now.isoformat(), "start": start, "end": end, "events": int(events),
        "catalog": catalog.digest()[:16],
    }  # fmt: skip


def log_opening(path, entry):
    """Add an opening to the log in a model file; all weights stay as they are, to the byte.

    Parameters
    ----------
    path : str
        A model file; a link is followed.
    entry : dict
        As `opening` gives it.

    Returns
    -------
    list of dict
        All openings, this one last.

    Raises
    ------
    OSError
        If the file cannot be written; it is as it was then.
    JobError
        If it is no model file.
    """
    path = os.path.realpath(path)
    header = read_header(path)
    card = json.loads(header["__metadata__"][KEY])
    logged = [*openings_of(card.get("training")), entry]
    card["training"] = {**(card.get("training") or {}), "test_openings": logged}
    header["__metadata__"][KEY] = json.dumps(card, ensure_ascii=False)
    if not os.stat(path).st_mode & stat.S_IWUSR:
        raise PermissionError(13, "the file is read-only", path)
    _replace_header(path, header)
    return logged


def openings_of(training):
    """The openings in a card's summary of the training; an empty list if there are none."""
    logged = (training or {}).get("test_openings")
    return (
        [entry for entry in logged if isinstance(entry, dict)] if isinstance(logged, list) else []
    )


def _replace_header(path, header):
    """Write the file beside with another header, then move it to its place."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the format wants the weights on multiples of 8
    with open(path, "rb") as source, written_whole(path, "wb") as target:
        source.seek(8 + int.from_bytes(source.read(8), "little"))
        target.write(len(text).to_bytes(8, "little") + text)
        shutil.copyfileobj(source, target, _CHUNK)
        shutil.copymode(path, target.name)
