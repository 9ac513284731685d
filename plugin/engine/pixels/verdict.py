"""A pixel classifier's scores in plain words."""

import numpy as np

from ..classification_scores import confusion_of
from ..classification_verdict import GOOD, confused_pairs, good_on, interval, percent, quoted
from ..metrics.classification import class_scores
from .baselines import TITLES

_ROUGH = 20
_NAMES = {"auc": "area under the ROC curve", "macro_f1": "macro F1"}


def headline(result, numbers):
    """The result in one sentence."""
    return doubt(result, numbers) or _praise(result, numbers)


def doubt(result, numbers):
    """What speaks against the network as a whole; empty if nothing does."""
    if numbers["start"]["doubt"]:
        return numbers["start"]["doubt"]
    better = beaten_by(numbers)
    if better:
        return (
            f"{_short(better)} is better here ({_both(numbers, better)}): this network is not "
            "worth its effort yet."
        )
    if result.is_presence_only:
        chance = numbers["intervals"]["auc"][0] <= 0.5
        return "Not shown to find places of presence better than chance." if chance else ""
    majority = numbers["baselines"]["majority_class"]
    if numbers["intervals"]["accuracy"][0] <= majority["accuracy"] and (
        numbers["macro_f1"] < 2 * majority["macro_f1"]
    ):
        return f"Not shown to be better than always answering {quoted(majority['class'])}."
    return ""


def _praise(result, numbers):
    if result.is_presence_only:
        return _presence_headline(numbers)
    f1 = class_scores(confusion_of(result)).f1
    scored, good = int(np.sum(~np.isnan(f1))), int(np.nansum(f1 >= GOOD))
    start = good_on(good, scored)
    pairs = confused_pairs(result)
    if not pairs:
        return start + ", without a single mistake."
    return start + f"; it confuses {quoted(pairs[0][0])} with {quoted(pairs[0][1])} most often."


def _presence_headline(numbers):
    area = numbers["auc"]
    word = "well" if area >= 0.9 else "fairly well" if area >= 0.75 else "little better than chance"
    return f"It tells places of presence from the background {word} (ROC area {area:.2f})."


def beaten_by(numbers):
    """The baseline that is better by the main score, beyond the draws' interval; empty if none."""
    better = [
        (entry[numbers["main_score"]], name)
        for name, entry in numbers["baselines"].items()
        if "difference" in entry and entry["difference"][1] < 0
    ]
    return max(better)[1] if better else ""


def _short(name):
    return {"random_forest": "A random forest", "logistic_regression": "A logistic regression"}[
        name
    ]


def _both(numbers, name):
    main = numbers["main_score"]
    theirs = numbers["baselines"][name][main]
    return f"{_NAMES[main]} {theirs:.3f}, this network {numbers[main]:.3f}"


def sentences(result, numbers):
    """What follows the headline: how sure it is, beside what, and what to do next."""
    told = _how_often(numbers), _beside(numbers), _weakest(result), _confidence(numbers)
    return [numbers["start"]["warning"], *told]


def _how_often(numbers):
    text = (
        f"{percent(numbers['accuracy'])} of {numbers['scored']:,} labeled pixels, none of which took "
        f"part in training, are classified correctly (95\u00a0% interval "
        f"{interval(numbers['intervals']['accuracy'])}, drawn over {numbers['groups']:,} blocks or "
        f"labels); macro F1 {numbers['macro_f1']:.3f}, mean intersection over union "
        f"{numbers['mean_iou']:.3f}"
    )
    if numbers["auc"] is not None:
        text += f", area under the ROC curve {numbers['auc']:.3f}"
    return text + "."


def _beside(numbers):
    main, parts = numbers["main_score"], []
    for name, entry in numbers["baselines"].items():
        if "difference" not in entry:
            continue
        low, high = entry["difference"]
        word = "less" if low > 0 else "more" if high < 0 else "not told apart by these labels"
        parts.append(f"{_short(name).lower()} on single pixels {entry[main]:.3f} ({word})")
    text = f"Beside it, by {_NAMES[main]}, on the same pixels and parts: {'; '.join(parts)}."
    if beaten_by(numbers):
        text += (
            " Try more labels, the network of single pixels, a longer training, or use the simpler "
            "way."
        )
    return text


def _weakest(result):
    f1 = class_scores(confusion_of(result)).f1
    weak = [c for c in np.argsort(f1) if f1[c] < GOOD]
    if not weak or result.is_presence_only:
        return ""
    named = ", ".join(f"{quoted(result.class_names[c])} (F1 {f1[c]:.2f})" for c in weak[:3])
    more = f" and {len(weak) - 3} more" if len(weak) > 3 else ""
    return f"Weakest: {named}{more}. More labels of them, in other places, are the first to try."


def _confidence(numbers):
    error = f"{100 * numbers['ece']:.1f} percentage points"
    if numbers["ece"] <= 0.05:
        return f"Its confidence can be trusted: it is off by {error} on average."
    if numbers["ece"] <= 0.12:
        return f"Its confidence is roughly right: it is off by {error} on average."
    return f"Its confidence should not be taken at its word: it is off by {error} on average."


def cautions(result):
    """What the counts alone warn of."""
    said = []
    few = result.label_counts < _ROUGH
    if few.any() and not few.all():
        names = ", ".join(
            quoted(n) for n, rare in zip(result.class_names, few, strict=True) if rare
        )
        said.append(f"Fewer than {_ROUGH} labels of {names}: their scores are rough.")
    elif few.all():
        said.append(f"All classes have fewer than {_ROUGH} labels: the scores are rough.")
    if result.is_presence_only:
        said.append(
            "The background was drawn by chance: some of it may be presence that nobody has found "
            "yet, and probabilities are relative favorability, not chances of a find."
        )
    return said


def baseline_title(name):
    """A baseline's name in the table of scores."""
    return TITLES[name]
