"""A classifier's scores in plain words."""

import numpy as np

from .classification_scores import confusion_of
from .metrics.classification import class_scores

GOOD, FAIR = 0.90, 0.75
_ROUGH = 20
_FEW_FOR_CALIBRATION = 200


def percent(share, digits=1):
    """A share in 0..1 as text, with a space that does not break."""
    return "–" if np.isnan(share) else f"{100 * share:.{digits}f}\u00a0%"


def interval(bounds):
    """A 95 % interval as text."""
    low, high = bounds
    return f"{100 * low:.1f} to {100 * high:.1f}\u00a0%"


def grade(f1):
    """A word for an F1 score."""
    if np.isnan(f1):
        return "not scored"
    return "good" if f1 >= GOOD else "fair" if f1 >= FAIR else "poor"


def headline(result, numbers):
    """The result in one sentence."""
    return doubt(numbers) or _praise(result)


def doubt(numbers):
    """What speaks against the network as a whole; empty if nothing does."""
    if numbers["start"]["doubt"]:
        return numbers["start"]["doubt"]
    majority = numbers["baselines"]["majority_class"]
    if numbers["accuracy_interval"][0] <= majority["accuracy"]:
        return f"Not shown to be better than always answering {quoted(majority['class'])}."
    return ""


def _praise(result):
    f1 = class_scores(confusion_of(result)).f1
    scored = int(np.sum(~np.isnan(f1)))
    good = int(np.nansum(f1 >= GOOD))
    return good_on(good, scored) + _confused(result, all_good=good == scored) + "."


def good_on(good, scored):
    """On how many of the scored classes something is good, as the beginning of a sentence."""
    if scored == 1:
        return f"{'Good' if good else 'Not good'} on the only class that was scored"
    if good == 0:
        return f"Good on none of the {scored} classes"
    if good == scored:
        return f"Good on {'both' if scored == 2 else f'all {scored}'} classes"
    return f"Good on {good} of {scored} classes"


def _confused(result, all_good):
    pairs = confused_pairs(result)
    if not pairs:
        return ", without a single mistake"
    first, second = pairs[0]
    word = "its most frequent confusion is" if all_good else "confuses"
    link = "and" if all_good else "with"
    return f"; {word} {quoted(first)} {link} {quoted(second)}"


def confused_pairs(result):
    """Pairs of classes that are taken for each other, the most frequent first.

    Returns
    -------
    list of (str, str)
        Two names, the one that is mistaken more often first.
    """
    confusion, names = confusion_of(result), result.class_names
    both = np.triu(confusion + confusion.T, k=1)
    return [
        (names[a], names[b]) if confusion[a, b] >= confusion[b, a] else (names[b], names[a])
        for a, b in _largest(both)
    ]


def mistakes(result):
    """Mistakes by true and predicted class, the most frequent first.

    Returns
    -------
    list of (str, str, int, float)
        True class, predicted class, images, and their share of the true class.
    """
    confusion, names = confusion_of(result), result.class_names
    support = confusion.sum(axis=1)
    wrong = confusion * (1 - np.eye(len(confusion), dtype=int))
    return [
        (names[a], names[b], int(wrong[a, b]), float(wrong[a, b] / support[a]))
        for a, b in _largest(wrong)
    ]


def _largest(counts):
    """Places (row, column) of the counts over 0, the largest first."""
    order = np.argsort(-counts, axis=None, kind="stable")[: int(np.count_nonzero(counts))]
    return list(zip(*np.unravel_index(order, counts.shape)))


def sentences(result, numbers):
    """What follows the headline: how sure it is, beside what, and what to do next."""
    return [
        _how_often(numbers),
        _weakest(result),
        _beside_baselines(numbers),
        _confidence(numbers),
    ]


def _how_often(numbers):
    return (
        f"{percent(numbers['accuracy'])} of {numbers['scored']:,} images that took no part in "
        f"training are classified correctly (95\u00a0% interval "
        f"{interval(numbers['accuracy_interval'])})."
    )


def _weakest(result):
    f1 = class_scores(confusion_of(result)).f1
    weak = [c for c in np.argsort(f1) if f1[c] < GOOD]
    if not weak:
        return ""
    named = ", ".join(f"{quoted(result.class_names[c])} (F1 {f1[c]:.2f})" for c in weak[:3])
    more = f" and {len(weak) - 3} more" if len(weak) > 3 else ""
    return f"Weakest: {named}{more}. More images of them are the first thing to try."


def _beside_baselines(numbers):
    majority = numbers["baselines"]["majority_class"]
    text = (
        f"Always answering {quoted(majority['class'])} would be right in "
        f"{percent(majority['accuracy'])}"
    )
    probe = numbers["baselines"].get("linear_probe")
    if probe is None:
        return text + "."
    probed = f"a linear probe on frozen features in {percent(probe['accuracy'])}"
    return f"{text}, {probed}{_gain(numbers, probe)}"


def _gain(numbers, probe):
    if probe["p_value"] >= 0.05:
        return "; the difference from this network may be chance."
    if numbers["accuracy"] > probe["accuracy"]:
        return "; this network is better, beyond chance."
    return ", which is better than this network: train only the last layer, or longer."


def _confidence(numbers):
    error = f"{100 * numbers['ece']:.1f} percentage points"
    if numbers["scored"] < _FEW_FOR_CALIBRATION:
        return "Too few images were scored to tell how far its confidence can be trusted."
    if numbers["ece"] <= 0.03:
        return f"Its confidence can be trusted: it is off by {error} on average."
    if numbers["ece"] <= 0.08:
        return f"Its confidence is roughly right: it is off by {error} on average."
    return f"Its confidence should not be taken at its word: it is off by {error} on average."


def cautions(result):
    """What the counts alone warn of."""
    support = confusion_of(result).sum(axis=1)
    names = np.asarray(result.class_names, dtype=object)
    said = []
    if (support == 0).any():
        said.append(f"No image was scored of {_listed(names[support == 0])}.")
    rough = (support > 0) & (support < _ROUGH)
    if rough.any():
        said.append(
            f"Fewer than {_ROUGH} images were scored of {_listed(names[rough])}: the scores of "
            "such classes are rough."
            + ("" if result.folds is not None else " Cross-validation scores every image.")
        )
    return said


def _listed(names, most=8):
    shown = ", ".join(quoted(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def quoted(name):
    """A class's name, marked off from the sentence around it."""
    return f"“{name}”"
