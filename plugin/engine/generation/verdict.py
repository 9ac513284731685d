"""A generator's scores in plain words."""

from ..schedule import minutes
from .guard import LEAST_VARIETY

NEAR, PARTLY = 0.25, 0.6
LEAST_FOR_QUALITY = 10_000


def percent(share, digits=0):
    """A share as text, with a space that does not break."""
    return f"{100 * share:.{digits}f}\u00a0%"


def points(share):
    """A change of an accuracy as text, in percentage points, with its sign."""
    return f"{100 * share:+.1f}".replace("-", "\u2212")


def headline(scores):
    """The result in one sentence."""
    if scores.copies.is_memory:
        return "Many of these images are near copies of training images."
    if scores.variety < LEAST_VARIETY:
        return "These images are too much alike: they show part of what the real ones show."
    return f"{_likeness(scores)}{_use(scores)}."


def _likeness(scores):
    if scores.place < NEAR:
        return "The made images are near to the real ones"
    if scores.place < PARTLY:
        return "The made images are like the real ones in part"
    return "The made images can be told from the real ones at a glance"


def _use(scores):
    if scores.usefulness is None:
        return ""
    word = scores.usefulness.word
    texts = {
        "gains": ", and a classifier gains from them",
        "loses": ", and a classifier loses by them",
        "same": ", and no gain of a classifier is shown",
    }
    return texts[word]


def sentences(scores, taught):
    """What follows the headline: copies, variety, use, and what to do."""
    return [
        _on_copies(scores.copies),
        _on_variety(scores),
        _on_use(scores),
        _advice(scores, taught),
    ]


def _on_copies(copies):
    start = "They are no copies: " if copies.share <= copies.expected else ""
    text = (
        f"{start}{percent(copies.share)} of the made images are nearer to a training image than "
        f"{percent(1 - copies.expected)} of the real images that took no part; of new images "
        f"{percent(copies.expected)} would be."
    )
    return text + (" The generator gives back what it was shown." if copies.is_memory else "")


def _on_variety(scores):
    return (
        f"They are {percent(scores.variety)} as varied as the real ones; under "
        f"{percent(LEAST_VARIETY)} they count as collapsed."
    )


def _on_use(scores):
    use = scores.usefulness
    if use is None:
        return "There are no classes, so nothing can be said of their use to a classifier."
    low, high = use.interval
    return (
        f"On {use.scored:,} real images that neither had seen, a classifier of real images was right "
        f"for {percent(use.real, 1)}; with {use.made:,} made images beside them the accuracy changed by "
        f"{points(use.gain)} points (95 % interval {points(low)} to {points(high)})."
    )


def _advice(scores, taught):
    if scores.copies.is_memory:
        return "Do not publish them or train with them as if they were new. Add real images."
    if scores.usefulness is not None and scores.usefulness.word == "gains":
        return "Add them to the training images only: never to those that test a classifier."
    if not taught.history:
        return ""
    return (
        f"The training took {minutes(taught.history[-1]['seconds'])} and {taught.steps:,} steps. More "
        "minutes and, above all, more real images help: a published generator of thin sections "
        f"(PetroGAN) learned from more than {LEAST_FOR_QUALITY:,} images."
    )
