"""Write what a dialog asks for into a job file, to be done on another computer or on many."""

import json
import os
import shutil

from qgis.core import QgsProcessingParameterFileDestination

from ..plugin.jobs.declare import from_values
from ..plugin.jobs.errors import JobError
from ..plugin.jobs.languages import written_in
from ..plugin.jobs.places import written_whole
from .destinations import asked_place
from .handover import hand_over
from .translation import language, tr
from .versions import ADVANCED

NAME = "JOB_FILE"
HELP = (
    "Writes a job file with these values and runs nothing. The engine does it without QGIS, on one "
    "computer or on many: python -m plugin.engine run job.json. Layers that are no files are written "
    "beside it; so are the places of temporary outputs."
)


def job_file_parameter():
    """The parameter that every algorithm of the engine has."""
    label, names = tr("Job file, instead of running"), tr("Job files (*.json)")
    parameter = QgsProcessingParameterFileDestination(NAME, label, names, None, True, False)
    parameter.setHelp(tr(HELP))
    parameter.setFlags(parameter.flags() | ADVANCED)
    return parameter


def asked_job_file(algorithm, parameters, context):
    """The path of the job file that is asked for, or an empty text."""
    if parameters.get(NAME) in (None, ""):
        return ""
    return os.path.abspath(algorithm.parameterAsFileOutput(parameters, NAME, context))


def write_job_file(path, algorithm, run, known, folder):
    """Write a job file, and beside it the layers that are no files.

    Parameters
    ----------
    path : str
    algorithm : JobAlgorithm
    run : tuple
        Processing's parameters, context and feedback.
    known : tuple of dict
        Plain inputs and raster sources by field name, as `handover.hand_over` takes them.
    folder : str
        Temporary folder.

    Raises
    ------
    JobError
        If it cannot be written, or would take the place of an input or output.
    Stopped
        If the user cancels.
    """
    inputs, rasters = known
    stem = os.path.splitext(path)[0]
    if not path.lower().endswith(".json"):
        raise JobError(f'The job file is "{path}".', f"Give {NAME} a name that ends in .json.")
    files = hand_over(algorithm, run, inputs, rasters, folder)
    places = _places(algorithm, run[0], stem)
    _refuse_clash(path, {**inputs, **files, **places})
    files = {name: _beside(given, folder, f"{stem}_inputs") for name, given in files.items()}
    values = {**inputs, **files, **places}
    from_values(algorithm.job, values)
    try:
        with written_whole(path, encoding="utf-8") as file:
            json.dump({"do": algorithm.job_name, **_told_in(), "values": values}, file, indent=2)
    except OSError as error:
        found = f'Job file "{path}" cannot be written: {error.strerror or error}.'
        raise JobError(found, "Choose a folder you may write to.") from error
    run[2].pushInfo(tr("The job is written; nothing was run. In the folder of the plugin, run:"))
    run[2].pushInfo(f'python -m plugin.engine run "{path}"')


def _told_in():
    """The language of the report, where it is not English."""
    return {"language": language()} if written_in(language()) != "en" else {}


def _places(algorithm, parameters, stem):
    """Where the engine will write; temporary outputs go beside the job file."""
    places = {}
    for part in algorithm.parts():
        given = parameters.get(part.name.upper())
        if not part.is_output or (part.optional and not given):
            continue
        ending = "." + part.extension if part.extension else ""
        place = asked_place(given) or f"{stem}_{part.name}{ending}"
        if part.kind == "new_features":  # QGIS is not there to write another format
            place = os.path.splitext(place)[0] + ending
        places[part.name] = place
    return places


def _refuse_clash(path, values):
    for name, given in values.items():
        for other in given if isinstance(given, list) else [given]:
            if isinstance(other, str) and os.path.abspath(other) == path:
                found = f'The job file would take the place of {name.upper()}, "{path}".'
                raise JobError(found, f"Choose another name for {NAME}.")


def _beside(given, folder, place):
    """Move files out of the temporary folder; others stay where they are."""
    if isinstance(given, list):
        return [_beside(one, folder, place) for one in given]
    start = os.path.abspath(folder) + os.sep
    if not os.path.abspath(given).startswith(start):
        return given
    new = os.path.join(place, os.path.abspath(given)[len(start) :])
    os.makedirs(os.path.dirname(new), exist_ok=True)
    shutil.move(given, new)
    return new
