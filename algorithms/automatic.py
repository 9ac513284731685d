"""What is left open and can be told from the layers: class fields and bands; the log says what was taken.

It is resolved where the layers are, so it works the same in the dialog, in models, in a batch, from
the console and from ``qgis_process``.
"""

import re

from ..plugin.jobs.declare import declared
from ..plugin.jobs.errors import JobError
from ..plugin.jobs.model_bands import bands_by_name, taken_by_name
from ..plugin.jobs.model_card import read_card
from .asked_layers import RASTER_KINDS, feature_source, raster_layers
from .raster_header import labels_of, read_header

# Names of a field of classes in the order in which they are taken, in lower case, letters only.
_CLASSES = (
    "class", "classname", "classes", "label", "labels", "rock", "rocktype", "lithology", "lith",
    "unit", "geology", "formation", "facies", "mineral", "landcover", "landuse", "cover",
    "category", "type", "kind", "klass", "klasse", "clase", "classe",
)  # fmt: skip
# Fields of classes by job, with the value that must hold; elsewhere an empty field has a meaning.
_FIELDS = {
    "train_pixel_classifier": (("class_field", ("background", "none")),),
    "export_training_chips": (("class_field", None),),
    "assess_accuracy": (("class_field", ("content", "classes")), ("classified_field", None)),
    "explain_classification": (("class_field", None),),
}
_BY_NAME = ("classify_raster", "classify_features", "classify_pixels", "detect_objects", "suggest_labels")  # fmt: skip


def complete(algorithm, inputs, parameters, context):
    """Complete what is left open and can be told from the layers; main thread only.

    Parameters
    ----------
    algorithm : JobAlgorithm
    inputs : dict
        Plain value by field name.
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext

    Returns
    -------
    inputs : dict
    notes : list of str
        What was taken, a sentence each.
    """
    given = algorithm, parameters, context
    parts = {part.name: part for part in declared(algorithm.job)}
    found, notes = dict(inputs), []
    for name, holds in _FIELDS.get(algorithm.job_name, ()):
        if name not in parts or found[name] or (holds and found[holds[0]] != holds[1]):
            continue
        source = feature_source(*given, parts[parts[name].parent])
        field = class_field(source.fields()) if source is not None else ""
        if field:
            found[name] = field
            notes.append(f'{parts[name].label}: "{field}" of "{source.sourceName()}" is taken.')
    if algorithm.job_name in _BY_NAME and not found["bands"] and found["model"]:
        rasters = next(part for part in parts.values() if part.kind in RASTER_KINDS)
        headers = [read_header(layer) for layer in raster_layers(*given, rasters)]
        found["bands"], told = _bands(headers, found["model"])
        notes += told
    return found, notes


def class_field(fields):
    """The field that most likely names classes: by its name, else the only field of texts.

    Parameters
    ----------
    fields : QgsFields

    Returns
    -------
    str
        Empty if no field stands out.
    """
    plain = {re.sub("[^a-z]", "", field.name().lower()): field.name() for field in fields}
    named = [plain[name] for name in _CLASSES if name in plain]
    texts = [field.name() for field in fields if not (field.isNumeric() or field.isDateOrTime())]
    return named[0] if named else texts[0] if len(texts) == 1 else ""


def _bands(headers, model):
    """Numbers of the bands that have the names of the model's, and what is told of them."""
    try:
        card = read_card(model)
    except (JobError, OSError):
        return [], []  # it is refused where models are checked
    numbers = bands_by_name(card, labels_of(headers))
    return numbers, [taken_by_name(card, numbers)] if numbers else []
