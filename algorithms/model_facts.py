"""What a model is in a few words, for lists and messages."""

import math
import os

from .translation import tr


def title(path):
    """The name of a model file as people read it: ``Sentinel2 land cover``."""
    words = os.path.splitext(os.path.basename(path))[0].replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def facts(card):
    """Task, classes, bands and score of a model, as far as its card tells them.

    Parameters
    ----------
    card : ModelCard

    Returns
    -------
    str
        Such as ``10 classes, 3 bands, 10 m, accuracy 98.4 %``.
    """
    told = [
        _counted(len(card.classes), tr("1 class"), tr("{} classes")),
        _counted(len(card.bands), tr("1 band"), tr("{} bands")),
        tr("{:g} m a pixel").format(card.gsd) if _is_number(card.gsd) and card.gsd else "",
        _factor(card.arguments),
        _score(card.scores),
    ]
    return ", ".join(filter(None, told))


def _counted(count, one, many):
    return "" if not count else one if count == 1 else many.format(f"{count:,}")


def _factor(arguments):
    factor = arguments.get("factor")
    return tr("factor {}").format(factor) if type(factor) is int and factor > 1 else ""


def _score(scores):
    for key, words in (("accuracy", tr("accuracy {}")), ("map50", tr("mAP50 {}"))):
        value = scores.get(key)
        if _is_number(value):
            return words.format(
                f"{100 * value:.1f}\u00a0%" if key == "accuracy" else f"{value:.2f}"
            )
    return ""


def _is_number(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
