"""Is a value what its declaration asks for? One clear sentence if not."""

import math
import os
import re
from datetime import datetime

from .errors import JobError
from .model_library import names

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?", re.ASCII)
_LONGEST_SHOWN = 120
_MOST_BANDS = 1_000_000
_LONGEST_NAME = 200  # of 255 bytes; the rest is for what is written beside meanwhile


def check_value(part, value):
    """Check one value against its declaration; see `check`."""
    if value is None or value == "" or (part.kind == "rasters" and not value):
        if part.is_output or part.optional or (part.kind == "text" and part.default == ""):
            return
        raise JobError(f"{part.label} is missing.", f"Give a value for {part.name.upper()}.")
    checker = _CHECKS.get(part.kind)
    if checker is not None:
        checker(part, value)


def in_short(value):
    """A value as a sentence shows it: not longer than a line or two, in letters that can be shown."""
    shown = str(value).encode("utf-8", "replace").decode("utf-8")
    return shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 4] + " ..."


def _refuse(part, value, rule, remedy):
    raise JobError(f'{part.label} is "{in_short(value)}", which {rule}.', remedy)


def _is_finite(value):
    """Whether a value is a number that is not too large to reckon with."""
    try:
        return not isinstance(value, bool) and math.isfinite(value)
    except (TypeError, OverflowError):
        return False


def _check_text(part, value):
    if not isinstance(value, str):
        _refuse(part, value, "is not a text", f"Give {part.name.upper()} as a text.")
    if "\0" in value or not _is_written(value, os.fsencode):
        shown = value.replace("\0", "?")
        _refuse(part, shown, "holds a character that no name has", "Write it anew.")


def _is_written(text, encode):
    """Whether all letters of a text can be written to a file."""
    try:
        encode(text)
    except UnicodeError:
        return False
    return True


def _check_number(part, value):
    whole = part.kind == "integer"
    if not _is_finite(value):
        _refuse(part, value, "is not a number", f"Give {part.name.upper()} as a number.")
    if whole and value != int(value):
        _refuse(part, value, "is not a whole number", f"Round {part.name.upper()}.")
    unit = f" {part.unit}" if part.unit else ""
    if part.minimum is not None and value < part.minimum:
        _refuse(
            part,
            value,
            f"is under the minimum of {part.minimum}{unit}",
            f"Choose at least {part.minimum}.",
        )
    if part.maximum is not None and value > part.maximum:
        _refuse(
            part,
            value,
            f"is over the maximum of {part.maximum}{unit}",
            f"Choose at most {part.maximum}.",
        )


def _check_choice(part, value):
    values = [option for option, _ in part.options]
    if not isinstance(value, str) and str(value) in values:
        _refuse(part, value, "is not a text", f'Give {part.name.upper()} in quotes: "{value}".')
    if value not in values:
        _refuse(part, value, "is not one of the choices", f"Choose one of: {', '.join(values)}.")


def _check_boolean(part, value):
    if not isinstance(value, bool):
        _refuse(part, value, "is neither true nor false", "Give true or false.")


def _check_bands(part, value):
    if not isinstance(value, (list, tuple)):
        _refuse(
            part, value, "is not a list of band numbers", "Give band numbers such as [1, 2, 3]."
        )
    shown = ", ".join(map(str, value))
    for band in value:
        if isinstance(band, bool) or not isinstance(band, int) or not 1 <= band <= _MOST_BANDS:
            _refuse(part, shown, "holds something that is not a band number", "Count bands from 1.")
    if len(set(value)) != len(value):
        _refuse(part, shown, "names a band twice", "Name every band once.")


def _check_rasters(part, value):
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) and v for v in value):
        _refuse(part, value, "is not a list of rasters", 'Give paths such as ["dem.tif"].')
    for path in value:
        _check_text(part, path)


def _check_moment(part, value):
    remedy = "Give it in UTC and without a zone, such as 2011-01-01T00:00:00."
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        _refuse(part, value, "is not a date and time", remedy)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        _refuse(part, value, "is not a date and time", remedy)


def _check_extent(part, value):
    if (
        not isinstance(value, (list, tuple))
        or len(value) != 4
        or not all(_is_finite(v) for v in value)
    ):
        _refuse(part, value, "is not four numbers", "Give [xmin, xmax, ymin, ymax].")
    if value[0] >= value[1] or value[2] >= value[3]:
        _refuse(part, value, "is empty", "Give an extent whose minimum is under its maximum.")


def _check_folder(part, value):
    _check_text(part, value)
    if not os.path.isdir(value):
        _refuse(part, value, "is not a folder that exists", "Choose an existing folder.")


def _check_file(part, value):
    _check_text(part, value)
    if not os.path.isfile(value):
        _refuse(part, value, "is not a file that exists", "Choose an existing file.")


def _check_model(part, value):
    if isinstance(value, str) and os.path.isfile(value):
        return
    known = names(part.task)
    remedy = "Choose an existing file."
    if known:
        remedy = f"Choose an existing file, or a name of the Model library: {known}."
    _refuse(part, value, "is not a file that exists", remedy)


def _check_images(part, value):
    _check_text(part, value)
    if not os.path.exists(value):
        _refuse(part, value, "does not exist", "Choose an existing image or folder of images.")


def _check_new_place(part, value):
    _check_text(part, value)
    parent = os.path.dirname(os.path.abspath(value))
    while parent and not os.path.exists(parent):
        parent = os.path.dirname(parent)
    if not os.path.isdir(parent):
        found = f'cannot be written: "{parent}" is a file, not a folder'
        _refuse(part, value, found, "Choose a place in a folder.")
    if not os.access(parent, os.W_OK):
        _refuse(
            part,
            value,
            f'cannot be written: "{parent}" is read-only',
            "Choose a folder you may write to.",
        )
    if part.kind != "new_folder" and os.path.isdir(value):
        _refuse(part, value, "is a folder", "Give the name of a file.")
    if len(os.fsencode(os.path.basename(value.rstrip("/")))) > _LONGEST_NAME:
        _refuse(part, value, "is too long a name", f"Use at most {_LONGEST_NAME} letters.")
    if os.path.exists(value) and not os.access(value, os.W_OK):
        _refuse(part, value, "is read-only", "Choose another name, or make it writable.")


_CHECKS = {
    "integer": _check_number,
    "number": _check_number,
    "choice": _check_choice,
    "boolean": _check_boolean,
    "bands": _check_bands,
    "stack_bands": _check_bands,
    "rasters": _check_rasters,
    "raster": _check_text,
    "raster_or_images": _check_text,
    "features": _check_text,
    "catalog": _check_text,  # in QGIS the name of a layer
    "attribute": _check_text,
    "text": _check_text,
    "moment": _check_moment,
    "extent": _check_extent,
    "folder": _check_folder,
    "file": _check_file,
    "model_file": _check_model,
    "images": _check_images,
    "new_raster": _check_new_place,
    "new_features": _check_new_place,
    "new_folder": _check_new_place,
    "new_file": _check_new_place,
}
