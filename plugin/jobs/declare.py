"""How a job's parameters are declared: once, in the job's dataclass.

Each function below makes one dataclass field and keeps what the dialog, the check and the
documentation need to know of it. A job is a frozen dataclass of such fields:

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Shade:
...     '''Shade a relief.'''
...     input: str = raster("Elevation", help="Raster of heights.")
...     azimuth: float = number("Azimuth", 315.0, unit="degrees", minimum=0, maximum=360)
>>> from_values(Shade, {"input": "dem.tif"}).azimuth
315.0
>>> from_values(Shade, {"input": "dem.tif", "azimut": 3})
Traceback (most recent call last):
...
plugin.jobs.errors.JobError: "azimut" is not a parameter of Shade. Use one of: input, azimuth.
"""

import math
import os
import re
from dataclasses import MISSING, dataclass, field, fields

from .errors import JobError

INPUT_KINDS = (
    "raster", "bands", "features", "attribute", "folder", "file", "model_file", "images",
    "text", "integer", "number", "choice", "boolean", "extent",
)  # fmt: skip
OUTPUT_KINDS = ("new_raster", "new_features", "new_folder", "new_file")
RESULT_KINDS = ("result_number", "result_text")


@dataclass(frozen=True)
class Declared:
    """What is known of one parameter or output of a job."""

    kind: str
    label: str
    help: str = ""
    default: object = None
    optional: bool = False
    advanced: bool = False
    unit: str = ""
    minimum: float = None
    maximum: float = None
    options: tuple = ()
    parent: str = ""
    extension: str = ""
    geometry: tuple = ()
    task: str = ""
    name: str = ""

    @property
    def is_input(self):
        return self.kind in INPUT_KINDS

    @property
    def is_output(self):
        return self.kind in OUTPUT_KINDS

    @property
    def is_result(self):
        return self.kind in RESULT_KINDS


def _declare(kind, label, default=None, **known):
    return field(
        default=default, metadata={"declared": Declared(kind, label, default=default, **known)}
    )


def raster(label, **known):
    """A raster layer; the engine gets the path of a file it can read."""
    return _declare("raster", label, **known)


def bands(label, parent, **known):
    """Band numbers of the raster `parent`, counted from 1; empty means all bands."""
    return _declare("bands", label, parent=parent, optional=True, **known)


def features(label, geometry=("any",), **known):
    """A vector layer; the engine gets a GeoJSON file in the CRS of the job's raster."""
    return _declare("features", label, geometry=tuple(geometry), **known)


def attribute(label, parent, **known):
    """The name of a field of the vector layer `parent`."""
    return _declare("attribute", label, parent=parent, **known)


def folder(label, **known):
    """An existing folder."""
    return _declare("folder", label, **known)


def images(label, **known):
    """An existing folder of images, or one image file."""
    return _declare("images", label, **known)


def file(label, **known):
    """An existing file."""
    return _declare("file", label, **known)


def model_file(label, task="", **known):
    """A model file; `task` is the task that it must have been trained for."""
    return _declare("model_file", label, task=task, extension="safetensors", **known)


def text(label, default="", **known):
    """A line of text."""
    return _declare("text", label, default, **known)


def integer(label, default, **known):
    """A whole number."""
    return _declare("integer", label, default, **known)


def number(label, default, **known):
    """A real number."""
    return _declare("number", label, default, **known)


def choice(label, default, options, **known):
    """One of a written list: `options` holds pairs of value and label."""
    return _declare("choice", label, default, options=tuple(options), **known)


def boolean(label, default, **known):
    """Yes or no."""
    return _declare("boolean", label, default, **known)


def extent(label, **known):
    """A rectangle: [xmin, xmax, ymin, ymax] in the CRS of the job's raster; none means all."""
    return _declare("extent", label, optional=True, **known)


def new_raster(label, **known):
    """A GeoTIFF that the job writes."""
    return _declare("new_raster", label, extension="tif", **known)


def new_features(label, geometry=("any",), **known):
    """A layer that the job writes: the engine writes GeoJSON, QGIS puts it into any sink."""
    return _declare("new_features", label, geometry=tuple(geometry), extension="geojson", **known)


def new_folder(label, **known):
    """A folder that the job makes and fills."""
    return _declare("new_folder", label, **known)


def new_file(label, extension, **known):
    """A file that the job writes."""
    return _declare("new_file", label, extension=extension, **known)


def result_number(label, **known):
    """A number that the job gives back."""
    return _declare("result_number", label, **known)


def result_text(label, **known):
    """A text that the job gives back."""
    return _declare("result_text", label, **known)


def declared(job):
    """List what a job declares, in its order.

    Parameters
    ----------
    job : type or instance
        A job's dataclass.

    Returns
    -------
    list of Declared
    """
    return [_named(part) for part in fields(job)]


def _named(part):
    known = part.metadata["declared"]
    return Declared(**{**vars(known), "name": part.name})


def from_values(job_class, values):
    """Make and check a job from plain values.

    Parameters
    ----------
    job_class : type
        A job's dataclass.
    values : dict
        Value by parameter name (lower case). A missing name takes its default.

    Raises
    ------
    JobError
        If a name is unknown, or a value breaks its declaration.
    """
    known = {d.name: d for d in declared(job_class) if not d.is_result}
    for name in values:
        if name not in known:
            raise JobError(
                f'"{name}" is not a parameter of {job_class.__name__}.',
                f"Use one of: {', '.join(known)}.",
            )
    job = job_class(**values)
    check(job)
    return job


def to_values(job):
    """The plain values of a job, ready for JSON."""
    return {d.name: getattr(job, d.name) for d in declared(job) if not d.is_result}


def check(job):
    """Check every value of a job against its declaration, then the job's own rules.

    A job may have a method ``check()`` for rules that tie several values together.

    Raises
    ------
    JobError
        With what was found and what to do.
    """
    for part in declared(job):
        if not part.is_result:
            check_value(part, getattr(job, part.name))
    own_rules = getattr(job, "check", None)
    if own_rules is not None:
        own_rules()


def check_value(part, value):
    """Check one value against its declaration; see `check`."""
    if value is None or value == "":
        if part.is_output or part.optional or (part.kind == "text" and part.default == ""):
            return
        raise JobError(f"{part.label} is missing.", f"Give a value for {part.name.upper()}.")
    checker = _CHECKS.get(part.kind)
    if checker is not None:
        checker(part, value)


def _refuse(part, value, rule, remedy):
    raise JobError(f'{part.label} is "{value}", which {rule}.', remedy)


def _check_number(part, value):
    whole = part.kind == "integer"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
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
    for band in value:
        if isinstance(band, bool) or not isinstance(band, int) or band < 1:
            _refuse(part, value, "holds something that is not a band number", "Count bands from 1.")
    if len(set(value)) != len(value):
        _refuse(part, value, "names a band twice", "Name every band once.")


def _check_extent(part, value):
    if (
        not isinstance(value, (list, tuple))
        or len(value) != 4
        or not all(isinstance(v, (int, float)) and math.isfinite(v) for v in value)
    ):
        _refuse(part, value, "is not four numbers", "Give [xmin, xmax, ymin, ymax].")
    if value[0] >= value[1] or value[2] >= value[3]:
        _refuse(part, value, "is empty", "Give an extent whose minimum is under its maximum.")


def _check_folder(part, value):
    if not os.path.isdir(value):
        _refuse(part, value, "is not a folder that exists", "Choose an existing folder.")


def _check_file(part, value):
    if not os.path.isfile(value):
        _refuse(part, value, "is not a file that exists", "Choose an existing file.")


def _check_images(part, value):
    if not os.path.exists(value):
        _refuse(part, value, "does not exist", "Choose an existing image or folder of images.")


def _check_new_place(part, value):
    parent = os.path.dirname(os.path.abspath(value))
    while parent and not os.path.exists(parent):
        parent = os.path.dirname(parent)
    if not os.path.isdir(parent) or not os.access(parent, os.W_OK):
        _refuse(
            part,
            value,
            f'cannot be written: "{parent}" is read-only',
            "Choose a folder you may write to.",
        )
    if os.path.exists(value) and not os.access(value, os.W_OK):
        _refuse(part, value, "is read-only", "Choose another name, or make it writable.")


_CHECKS = {
    "integer": _check_number,
    "number": _check_number,
    "choice": _check_choice,
    "boolean": _check_boolean,
    "bands": _check_bands,
    "extent": _check_extent,
    "folder": _check_folder,
    "file": _check_file,
    "model_file": _check_file,
    "images": _check_images,
    "new_raster": _check_new_place,
    "new_features": _check_new_place,
    "new_folder": _check_new_place,
    "new_file": _check_new_place,
}


def defaults(job_class):
    """Default value by name, for documentation and tests."""
    return {
        part.name: (None if part.default is MISSING else part.default)
        for part in fields(job_class)
        if part.metadata["declared"].is_input
    }


def processing_name(job_name):
    """The Processing id of a job: ``classify_raster`` -> ``classifyraster``."""
    return re.sub("[^a-z]", "", job_name)
