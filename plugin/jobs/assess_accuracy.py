"""The job that compares a map with reference data."""

import re
from dataclasses import dataclass

from .declare import (
    attribute,
    choice,
    features,
    integer,
    new_features,
    new_file,
    number,
    raster,
    result_number,
    text,
)
from .errors import JobError

CONTENTS = (
    ("classes", "Classes: every value is one"),
    ("probability", "Probability or favorability: the higher, the likelier is a deposit"),
)
DESIGNS = (
    ("stratified", "Stratified: places drawn by chance in every mapped class"),
    ("simple_random", "Simple random or systematic: drawn by chance over the whole map"),
    ("opportunistic", "Opportunistic: what there was, not drawn by chance"),
)
_PAIR = re.compile(r"\s*(-?\d+)\s*[=:]\s*([^,;=]+?)\s*")


@dataclass(frozen=True)
class AssessAccuracy:
    """Compare a map with reference data that took no part in making it."""

    classified: str = raster(
        "Classified raster",
        optional=True,
        help="The map: a raster of classes, or of the probability of deposits. Its class names are "
        "read from the file. Leave it empty for a vector layer.",
    )
    band: int = integer("Band", 1, minimum=1, advanced=True, help="Band of the classified raster.")
    content: str = choice(
        "Content",
        "classes",
        CONTENTS,
        help="What the raster holds. A probability is compared with deposits by the success-rate "
        "curve: it tells which share of them lies in the most favorable part of the map.",
    )
    classified_features: str = features(
        "Classified features",
        geometry=("point", "polygon"),
        optional=True,
        help="The map as a vector layer, instead of the raster.",
    )
    classified_field: str = attribute(
        "Field of the mapped class",
        "classified_features",
        optional=True,
        help="Field of the classified features that names the class. Empty: guessed from the names "
        "of the fields; the log says which was taken.",
    )
    reference: str = features(
        "Reference",
        geometry=("point", "polygon"),
        help="Places whose class is known: points, or polygons. Of a polygon all pixels count that "
        "lie inside as a whole. They must have taken no part in making the map.",
    )
    class_field: str = attribute(
        "Class field",
        "reference",
        optional=True,
        help="Field of the reference that names the true class, by the map's class name or value. Empty: "
        "guessed from the names of the fields; the log says which was taken.",
    )
    design: str = choice(
        "Sampling design",
        "opportunistic",
        DESIGNS,
        help="How the reference places were chosen. Only a sample drawn by chance says something "
        "of the whole map: then accuracies and areas are corrected for it (Olofsson et al. 2014).",
    )
    class_names: str = text(
        "Class names",
        advanced=True,
        help="Names of the raster's values, if its file has none, such as 1=granite, 2=schist.",
    )
    presence: str = text(
        "Class of deposits",
        advanced=True,
        help="With Content: probability, the class of the reference that counts as a deposit. "
        "Empty: every feature of the reference is one.",
    )
    distance: float = number(
        "Search distance",
        0.0,
        unit="map units",
        minimum=0,
        advanced=True,
        help="How far a classified point may lie from the reference that it belongs to. "
        "0: at the same place.",
    )
    report: str = new_file("Report", "html", help="One HTML page with tables and plots.")
    confusion: str = new_features(
        "Confusion matrix",
        geometry=("none",),
        optional=True,
        help="Table with a row per true class and a column per mapped class, accuracies and areas "
        "with 95 % intervals (square meters; pixels if the raster has no reference system); with "
        "Content: probability the points of the success-rate curve.",
    )
    accuracy: float = result_number("Accuracy of the reference places")
    adjusted_accuracy: float = result_number("Area-adjusted accuracy")
    macro_f1: float = result_number("Macro F1")
    kappa: float = result_number("Cohen's kappa")
    auc: float = result_number("Area under the success-rate curve")

    def check(self):
        _check_map(self)
        if self.content == "probability":
            _check_deposits(self)
        elif not self.class_field:
            raise JobError(
                "The reference has no class field.",
                "Choose in CLASS_FIELD the field that names the true class.",
            )
        named_values(self.class_names)


def _check_map(job):
    if bool(job.classified) == bool(job.classified_features):
        found = "Two maps are given." if job.classified else "No map is given."
        raise JobError(found, "Give either CLASSIFIED or CLASSIFIED_FEATURES.")
    if job.classified_features and not job.classified_field:
        raise JobError(
            "The classified features have no class field.",
            "Choose in CLASSIFIED_FIELD the field that names the mapped class.",
        )


def _check_deposits(job):
    if not job.classified:
        raise JobError(
            "A probability is expected in a raster, but classified features are given.",
            "Give a raster in CLASSIFIED, or choose Content: classes.",
        )
    if job.presence and not job.class_field:
        raise JobError(
            f'Class of deposits is "{job.presence}", but no class field is given.',
            "Choose the field in CLASS_FIELD, or leave PRESENCE empty.",
        )


def named_values(text):
    """The names in a text such as ``1=granite, 2=schist``.

    Returns
    -------
    dict of int to str

    Raises
    ------
    JobError
        If the text has another form.
    """
    names = {}
    for part in filter(str.strip, re.split("[,;]", text or "")):
        match = _PAIR.fullmatch(part)
        if not match:
            raise JobError(
                f'Class names hold "{part.strip()}", which is not a value with a name.',
                "Write them as 1=granite, 2=schist.",
            )
        names[int(match[1])] = match[2]
    return names
