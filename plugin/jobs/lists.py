"""Lists that are typed as texts, and long ones in a few words."""

import math

from .errors import JobError

MOST_CLASSES = 30  # that a user is told of at once; ImageNet has a thousand


def words(text, name):
    """The words of a list; none twice, none empty.

    Raises
    ------
    JobError
    """
    if not text.strip():
        return []
    found = [word.strip() for word in text.split(",")]
    if "" in found:
        raise JobError(f"{name} has nothing between two commas.", "Give names such as: soil, rock.")
    if len(set(found)) < len(found):
        twice = next(word for word in found if found.count(word) > 1)
        raise JobError(f'{name} names "{twice}" twice.', "Give every name once.")
    return found


def numbers(text, name):
    """The numbers of a list.

    Raises
    ------
    JobError
    """
    try:
        found = [float(word) for word in text.split(",")] if text.strip() else []
    except ValueError:
        found = [math.nan]
    if not all(map(math.isfinite, found)):
        raise JobError(
            f'{name} is "{text}", which is no list of numbers.',
            "Give numbers with commas between them, such as: 123.7, 116.3, 103.5.",
        )
    return found


def first_of(names, most=8):
    """The first of many names, and how many more there are.

    >>> first_of(["soil", "rock", "water", "ice"], 2)
    'soil, rock and 2 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
