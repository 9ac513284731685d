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
plugin.jobs.errors.JobError: "azimut" is not a parameter of this tool. Use one of: input, azimuth.
"""

import re
from dataclasses import MISSING, dataclass, field, fields, replace

from .checks import check_value
from .errors import JobError
from .model_library import path_of

INPUT_KINDS = (
    "raster", "rasters", "raster_or_images", "bands", "features", "catalog", "attribute", "folder",
    "file", "model_file", "images", "text", "integer", "number", "choice", "boolean", "extent",
    "moment", "stack_bands",
)  # fmt: skip
OUTPUT_KINDS = ("new_raster", "new_features", "new_folder", "new_file")
_NO_TEXTS = ("integer", "number", "bands", "stack_bands", "extent")
RESULT_KINDS = ("result_number", "result_text")


@dataclass(frozen=True)
class Declared:
    """What is known of one parameter or output of a job.

    The default of a number that is `unset` stands for no number: for one that is found from the
    data, or for no limit. A dialog shows none then.
    """

    kind: str
    label: str
    help: str = ""
    default: object = None
    optional: bool = False
    unset: bool = False
    advanced: bool = False
    unit: str = ""
    minimum: float = None
    maximum: float = None
    options: tuple = ()
    parent: str = ""
    extension: str = ""
    geometry: tuple = ()
    task: str = ""
    keeps_log: bool = False
    name: str = ""

    @property
    def is_input(self):
        return self.kind in INPUT_KINDS

    @property
    def is_output(self):
        return self.kind in OUTPUT_KINDS

    @property
    def is_report(self):
        return self.kind == "new_file" and self.extension == "html"

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


def rasters(label, **known):
    """One or several raster layers; the engine gets a list of paths, the first gives the grid."""
    return _declare("rasters", label, **known)


def raster_or_images(label, **known):
    """A raster layer, an image file or a folder of images; the engine gets the path."""
    return _declare("raster_or_images", label, **known)


def bands(label, parent, **known):
    """Band numbers of the raster (or through all bands of the rasters) `parent`, from 1.

    Empty means all bands.
    """
    return _declare("bands", label, parent=parent, optional=True, **known)


def features(label, geometry=("any",), **known):
    """A vector layer; the engine gets a GeoJSON file in the CRS of the job's raster."""
    return _declare("features", label, geometry=tuple(geometry), **known)


def catalog(label, **known):
    """Points, or a table with coordinate fields; the engine gets a CSV file.

    From QGIS the file has the columns ``id``, all fields by name and, if the layer has points,
    ``_longitude`` and ``_latitude`` in EPSG:4326. Without QGIS it is any CSV as downloaded.
    """
    return _declare("catalog", label, **known)


def attribute(label, parent, **known):
    """The name of a field of the vector layer or catalog `parent`."""
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
    """A model file; `task` is the task that it must have been trained for.

    With `keeps_log` the job notes in the file itself that it was used.
    """
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


def moment(label, **known):
    """A date and time in UTC as ISO text, ``2011-01-01T00:00:00``."""
    return _declare("moment", label, **known)


def extent(label, **known):
    """A rectangle: [xmin, xmax, ymin, ymax]; none means all.

    It comes in the CRS of the job's first raster, and in EPSG:4326 if the job has no raster.
    """
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
    parts = [replace(part.metadata["declared"], name=part.name) for part in fields(job)]
    stacks = {part.name for part in parts if part.kind == "rasters"}
    return [_of_a_stack(part) if part.parent in stacks else part for part in parts]


def _of_a_stack(part):
    """Bands of several rasters are counted through all of them."""
    return replace(part, kind="stack_bands") if part.kind == "bands" else part


def from_values(job_class, values):
    """Make and check a job from plain values.

    Parameters
    ----------
    job_class : type
        A job's dataclass.
    values : dict
        Value by parameter name (lower case). A missing name, or None, takes its default, as does
        an empty text for a number that may be left out. A model may be given by its name in the
        Model library.

    Raises
    ------
    JobError
        If a name is unknown, or a value breaks its declaration.
    """
    known = {d.name: d for d in declared(job_class) if not d.is_result}
    for name in values:
        if name not in known:
            raise JobError(
                f'"{name}" is not a parameter of this tool.',
                f"Use one of: {', '.join(known)}.",
            )
    values = {name: v for name, v in values.items() if not _is_empty(known[name], v)}
    models = {name: path_of(values[name]) for name in values if known[name].kind == "model_file"}
    job = job_class(**{**values, **models})
    check(job)
    return job


def _is_empty(part, value):
    return value is None or (value == "" and part.optional and part.kind in _NO_TEXTS)


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
