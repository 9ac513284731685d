"""The names of classes as the fields of layers hold them."""

from collections import defaultdict

import numpy as np

from . import notices


def class_name(value):
    """The name of a class from a field's value: 3.0 is "3"; empty for NULL, NaN and blanks.

    Blanks around a name do not make another class.

    >>> class_name(" granite "), class_name(3.0), class_name(None)
    ('granite', '3', '')
    """
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return str(value).strip()


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
