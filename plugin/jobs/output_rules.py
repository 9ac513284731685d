"""Which places a job cannot write to, told before it begins.

In QGIS the dialog has refused them already; a job file nobody has looked at.
"""

import os

from .declare import declared
from .errors import JobError
from .places import READ_KINDS, real_place

_RASTER_ENDINGS = ".tif", ".tiff"
_FEATURE_ENDINGS = ".geojson", ".json"


def refuse_no_place(job):
    """Refuse a result that has no place to go to, or whose name promises another format.

    Parameters
    ----------
    job : object
        A job; in QGIS the dialog has refused this already, a job file nobody has looked at. It
        may go without its report.

    Raises
    ------
    JobError
    """
    for part in declared(job):
        path, name = getattr(job, part.name) if part.is_output else None, part.name.upper()
        if part.is_output and not path and not part.optional and part.extension != "html":
            example = f", such as result.{part.extension}" if part.extension else ""
            raise JobError(f"{part.label} is missing.", f"Give {name} a place{example}.")
        if path:
            _refuse_ending(part, path)


def _refuse_ending(part, path):
    name, ending = part.name.upper(), os.path.splitext(path)[1].lower()
    if part.kind == "new_raster" and ending not in _RASTER_ENDINGS:
        raise JobError(
            f'{part.label} is "{path}", which does not end in .tif.',
            f"Give {name} a name that ends in .tif: rasters are written as GeoTIFF.",
        )
    if part.kind == "new_features" and ending not in _FEATURE_ENDINGS:
        raise JobError(
            f'{part.label} is "{path}", which does not end in .geojson.',
            f"Give {name} a name that ends in .geojson: the engine writes features as GeoJSON.",
        )


def refuse_missing_layers(job):
    """Refuse a layer whose file is not there; in QGIS it has only a name until it is written.

    Parameters
    ----------
    job : object
        A job, as the engine gets it.

    Raises
    ------
    JobError
    """
    for part in declared(job):
        path = getattr(job, part.name) if part.kind in ("features", "catalog") else None
        if path and not os.path.isfile(path):
            raise JobError(
                f'{part.label} is "{path}", which is not a file that exists.',
                "Choose an existing file.",
            )


def refuse_clashes(job):
    """Refuse an output that would take the place of an input or of another output.

    Parameters
    ----------
    job : object
        A job; in QGIS the dialog has refused this already, a job file nobody has looked at.

    Raises
    ------
    JobError
    """
    parts, taken = declared(job), {}
    for part in parts:
        given = getattr(job, part.name) if part.kind in READ_KINDS else None
        for path in given if isinstance(given, (list, tuple)) else [given]:
            taken[real_place(path)] = ""
    for part in parts:
        path = getattr(job, part.name) if part.is_output else None
        if not path:
            continue
        other, name = taken.get(real_place(path)), part.name.upper()
        if other == "":
            found = f'"{os.path.basename(path)}" is read by this job and cannot be written by it.'
            raise JobError(found, f"Choose another name for {name}.")
        if other:
            raise JobError(
                f"{other} and {name} are the same file.", "Choose another name for one of them."
            )
        taken[real_place(path)] = name
