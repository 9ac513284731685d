"""The classes that labels name, and whether a network could learn to tell them apart."""

import math

from .errors import JobError

BACKGROUND, MOST_CLASSES = "background", 255


def class_name(value):
    """The name of a class from a field's value: 3.0 is "3"; empty for NULL, NaN and blanks.

    Blanks around a name do not make another class.

    >>> class_name(" granite "), class_name(3.0), class_name(None)
    ('granite', '3', '')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return str(value).strip()


def check_classes(counts, background, split):
    """Refuse labels that leave nothing to tell apart, or nothing to test on.

    Parameters
    ----------
    counts : dict of str to int
        Polygons, lines and points of every class; at least one class.
    background : bool
        Whether unlabeled ground is a class too.
    split : bool
        Whether a part of these labels is kept for the test.

    Raises
    ------
    JobError
    """
    if background and BACKGROUND in counts:
        raise JobError(
            f'The labels have a class "{BACKGROUND}" already.',
            "Choose BACKGROUND none, or leave these labels out.",
        )
    if len(counts) + background < 2:
        raise JobError(
            f'All labels are of one class, "{next(iter(counts))}".',
            "Add labels of another class, or take unlabeled ground as background.",
        )
    if len(counts) + background > MOST_CLASSES:
        raise JobError(
            f"The labels have {len(counts):,} classes, more than {MOST_CLASSES}.",
            "Choose a class field that names kinds, not single labels.",
        )
    if split and max(counts.values()) == 1:
        raise JobError(
            f"Every one of the {len(counts):,} labels has a class of its own.",
            "Choose a class field that names kinds, not single labels.",
        )
    single = [name for name, count in counts.items() if count == 1]
    if single and split:
        raise JobError(
            f'Class "{single[0]}" has one label only: what is learned from it could not be tested.',
            "Add labels of that class in other places, or split it.",
        )
