"""An assessed map's accuracy in plain words."""

import numpy as np

from .accuracy_numbers import accuracies, overall
from .classification_verdict import GOOD, good_on, interval, percent, quoted

REMEMBERED = "These labels trained the map: the figures say how well it remembers them, not how well it maps."
_FREQUENT = {True: "its most frequent confusion is", False: "confuses"}


def headline(assessment):
    """The result in one sentence."""
    if assessment.is_remembered:
        return REMEMBERED
    _, low, _ = overall(assessment)
    counts = assessment.confusion.sum(axis=1)
    if assessment.estimates is None and low <= counts.max() / counts.sum():
        name = quoted(assessment.names[int(np.argmax(counts))])
        return f"Not shown to be better than a map that says {name} everywhere."
    least = np.fmin(*(each[:, 0] for each in accuracies(assessment)))
    good, scored = int(np.sum(least >= GOOD)), int(np.sum(~np.isnan(least)))
    start = good_on(good, scored)
    true, mapped, count = _frequent(assessment)
    if not count:
        return f"{start}: no reference place is mapped wrong."
    return f"{start}; {_FREQUENT[good == scored]} {quoted(true)} with {quoted(mapped)}."


def _how_often(assessment):
    share, low, high = overall(assessment)
    if assessment.estimates is None:
        return f"{percent(share)} of {assessment.total:,} reference places are mapped right."
    if np.isnan(low) or high <= low:
        return f"{percent(share)} of the area is mapped right; how sure that is cannot be told."
    return f"{percent(share)} of the area is mapped right (95\u00a0% interval {interval((low, high))})."


def sentences(assessment):
    """What follows the headline: how often and how surely it is right, and where it is not."""
    plain = np.trace(assessment.confusion) / assessment.total
    _, low, high = overall(assessment)
    if assessment.estimates is not None:
        first = (
            f"Of the {assessment.total:,} reference places themselves {percent(plain)} are right."
        )
    else:
        first = (
            f"Were they drawn by chance, the 95\u00a0% interval would be {interval((low, high))}."
        )
    more = (_weakest, _confused, _guess)
    return [_how_often(assessment), first, *(say(assessment) for say in more)]


def _weakest(assessment):
    users, producers = accuracies(assessment)
    worst = np.nanmin(np.stack([users[:, 0], producers[:, 0], np.ones(len(users))]), axis=0)
    place = int(np.argmin(worst))
    if worst[place] >= GOOD:
        return ""
    return (
        f"Weakest: {quoted(assessment.names[place])}, user's accuracy "
        f"{percent(users[place, 0])}, producer's accuracy {percent(producers[place, 0])}."
    )


def _confused(assessment):
    true, mapped, count = _frequent(assessment)
    if not count:
        return ""
    return f"Most frequent mistake: {quoted(true)} mapped as {quoted(mapped)}, {count:,} places."


def _frequent(assessment):
    """The most frequent mistake: true class, mapped class, and places."""
    wrong = assessment.confusion * (1 - np.eye(len(assessment.names), dtype=int))
    true, mapped = np.unravel_index(np.argmax(wrong), wrong.shape)
    return assessment.names[true], assessment.names[mapped], int(wrong[true, mapped])


def _guess(assessment):
    counts = assessment.confusion.sum(axis=1)
    place = int(np.argmax(counts))
    return (
        f"A map that says {quoted(assessment.names[place])} everywhere would be right at "
        f"{percent(counts[place] / counts.sum())} of the places."
    )
