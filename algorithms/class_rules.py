"""Which labels name no classes that could be learned, told before the run."""

from collections import Counter

from qgis.core import NULL, QgsFeatureRequest

from ..plugin.jobs.errors import JobError
from ..plugin.jobs.label_classes import check_classes, class_name
from .versions import SKIP_CHECKS

_MOST_READ = 10_000  # features; of a larger layer the run will tell


def check_named(asked, labels):
    """Refuse labels none of which names a class.

    Parameters
    ----------
    asked : layer_rules.Asked
    labels : str
        Name of the job's field with the labels; CLASS_FIELD names theirs.

    Raises
    ------
    JobError
    """
    _counted(asked, labels)


def check_told_apart(asked):
    """Refuse labels of pixels that name no class, leave nothing to tell apart or to test on.

    Raises
    ------
    JobError
    """
    counts = _counted(asked, "labels") or {}
    placed = {name: count for name, count in counts.items() if count}
    if placed:
        job = asked.job
        check_classes(placed, job.background == "unlabeled", job.validation != "layer")


def _counted(asked, labels):
    """Parts of geometry by class, refused if there is no class; None where that is not known."""
    source, field = asked.sources.get(labels), asked.job.class_field
    counts = _counts(source, field) if source is not None and field else None
    if counts == {}:
        raise JobError(
            f'Field "{field}" of "{source.sourceName()}" is empty in all features.',
            "Choose the field that names the class, or fill it in.",
        )
    return counts


def _counts(source, field):
    """Parts of geometry by class, sorted; None for a large layer, an empty one, or without the field."""
    index = source.fields().lookupField(field)
    if index < 0 or not 0 < source.featureCount() <= _MOST_READ:
        return None
    request, counts = QgsFeatureRequest().setSubsetOfAttributes([index]), Counter()
    for feature in source.getFeatures(request, SKIP_CHECKS):
        value = feature.attributes()[index]
        name = "" if value == NULL else class_name(value)
        if name:
            counts[name] += _parts(feature.geometry())
    return {name: counts[name] for name in sorted(counts)}


def _parts(geometry):
    return 0 if geometry.isNull() else geometry.constGet().partCount()
