"""The names of classes as the fields of layers hold them."""

from collections import defaultdict

from ..jobs.label_classes import class_name
from . import notices


def classes_of(features, field):
    """The class of every feature, as `class_name` gives it; warns of those that are `alike`.

    Parameters
    ----------
    features : list of Feature
    field : str

    Returns
    -------
    list of str
    """
    names = [class_name(feature.properties.get(field)) for feature in features]
    for sentence in alike(names):
        notices.warn(sentence)
    return names


def alike(names):
    """A warning that names the classes that differ only in capital letters; none without such."""
    spelled = defaultdict(set)
    for name in names:
        spelled[name.casefold()].add(name)
    twins = [name for some in spelled.values() if len(some) > 1 for name in sorted(some)]
    listed = ", ".join(f'"{name}"' for name in twins)
    return (
        [f"Classes that differ only in capital letters are kept apart: {listed}."] if twins else []
    )
