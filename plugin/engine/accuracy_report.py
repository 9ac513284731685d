"""The report of an assessment: how far a map can be believed, and how large its classes are."""

import numpy as np

from .accuracy_figures import draw_areas, draw_success_rate
from .accuracy_numbers import accuracies, adjusted_areas
from .accuracy_report_verdict import headline, sentences
from .classification_figures import draw_confusion
from .classification_verdict import FAIR, GOOD, percent
from .markup import Swatch
from .metrics.classification import class_scores, cohen_kappa, macro_f1
from .report import METHOD, NUMBERS, PICTURES, Report

_UNITS = ((1e6, "km²"), (1e4, "ha"), (1.0, "m²"))
_DESIGNS = {
    "stratified": "Stratified: places drawn by chance in every mapped class.",
    "simple_random": "Simple random or systematic over the map; estimated by mapped class.",
    "opportunistic": "Opportunistic: the places were not drawn by chance.",
}
_METHOD = (
    "User's accuracy: how much of what the map calls a class is one. Producer's accuracy: how much "
    "of the class on the ground the map shows. In brackets the 95 % interval. Estimated with the mapped areas as weights, after "
    "Olofsson et al. 2014 (doi:10.1016/j.rse.2014.02.015)."
)
_PLAIN = (
    "User's accuracy: how much of what the map calls a class is one. Producer's accuracy: how much "
    "of the class on the ground the map shows. Shares of the reference places, in brackets with "
    "Wilson's 95 % interval; they say nothing of areas."
)
_UNTOLD = (
    "The map does not say which they were. Are those of the reference among them? Then the figures say "
    "how well the map remembers them, not how well it maps."
)


def write_accuracy_report(path, assessment, title, subtitle):
    """Write the report of a map of classes.

    Parameters
    ----------
    path : str
    assessment : Assessment
    title, subtitle : str

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = Report(title, subtitle, assessment.names)
    told = headline(assessment), *sentences(assessment)
    report.verdict(*told, is_doubt=assessment.is_remembered)
    for text in assessment.warnings:
        report.warning(text)
    report.section("What the map confuses", PICTURES).figure(
        draw_confusion(assessment.confusion, assessment.names),
        "Reference places by the class that is there and the class on the map. Blue is right, "
        "orange is wrong.",
        "Confusion matrix",
    )
    _add_classes(report, assessment)
    _add_areas(report, assessment)
    _add_facts(report, assessment)
    report.write(path)


def _add_classes(report, assessment):
    users, producers = accuracies(assessment)
    mapped, true = assessment.confusion.sum(axis=0), assessment.confusion.sum(axis=1)
    rows = [
        [
            Swatch(assessment.colors[place], name),
            int(true[place]),
            int(mapped[place]),
            _share(users[place]),
            _share(producers[place]),
        ]
        for place, name in enumerate(assessment.names)
    ]
    headers = ["Class", "Places", "Mapped so", "User's accuracy", "Producer's accuracy"]
    text = _METHOD if assessment.estimates is not None else _PLAIN
    report.section("Class by class", NUMBERS, text).table(headers, rows)


def _share(three):
    """A share with its 95 % interval."""
    if np.isnan(three[1:]).any():
        return percent(three[0])
    return f"{percent(three[0])} ({100 * three[1]:.1f} to {100 * three[2]:.1f})"


def _add_areas(report, assessment):
    adjusted = adjusted_areas(assessment)
    if assessment.areas is None:
        return
    scale, unit = _scale(assessment)
    mapped = assessment.areas / scale
    share = assessment.areas / assessment.areas.sum()
    say = _sayer(
        mapped.max() if adjusted is None else np.nanmax([mapped.max(), *adjusted[:, 0] / scale])
    )
    headers = ["Class", f"Mapped area ({unit})", "Share of the map"]
    rows = [
        [Swatch(assessment.colors[i], name), say(mapped[i]), percent(share[i])]
        for i, name in enumerate(assessment.names)
    ]
    if adjusted is None:
        report.section(
            "Areas", NUMBERS, "As mapped. Only a sample drawn by chance could correct them."
        )
        report.table(headers, rows)
        return
    adjusted = adjusted / scale
    for row, three in zip(rows, adjusted, strict=True):
        row += [say(three[0]), _area_interval(three, say)]
    meaning = "The mapped area counts what the map says; the estimate corrects its mistakes."
    headers += [f"Estimated area ({unit})", "95 % interval"]
    report.section("Areas", NUMBERS, meaning).table(headers, rows)
    report.section("How large the classes are", PICTURES).figure(
        draw_areas(assessment.names, assessment.colors, mapped, adjusted, unit), meaning,
        "Mapped and estimated areas",
    )  # fmt: skip


def _area_interval(three, say):
    return "–" if np.isnan(three).any() else f"{say(three[1])} to {say(three[2])}"


def _sayer(most):
    """Write areas of a table alike: the largest with four figures, or all of them."""
    decimals = int(np.clip(3 - np.floor(np.log10(max(most, 1e-3))), 0, 6))
    return lambda area: "–" if np.isnan(area) else f"{area:,.{decimals}f}"


def _scale(assessment):
    if assessment.unit != "m²":
        return 1.0, assessment.unit
    total = assessment.areas.sum()
    return next((s, unit) for s, unit in _UNITS if total >= 100 * s or s == 1.0)


def _add_facts(report, assessment):
    facts = [
        ("Reference places", assessment.total),
        ("Sampling design", _DESIGNS[assessment.design]),
        ("Cohen's kappa of the places", f"{cohen_kappa(assessment.confusion):.3f}"),
        ("Macro F1 of the places", f"{macro_f1(assessment.confusion):.3f}"),
        ("Mean recall of the places", f"{np.nanmean(class_scores(assessment.confusion).recall):.3f}"),
    ]  # fmt: skip
    facts.append(("Labels that trained the map", _said_seen(assessment.seen)))
    facts += [(f"Left out: {why}", count) for why, count in assessment.left_out]
    report.section("How it was measured", METHOD).facts(facts)


def _said_seen(seen):
    if seen is None:
        return _UNTOLD
    return f"{100 * seen:.0f} % of the reference features are among them."


def write_success_report(path, curve, facts, warnings, title, subtitle):
    """Write the report of a map of favorability.

    Parameters
    ----------
    path : str
    curve : SuccessRate
    facts : list of (str, object)
    warnings : list of str
    title, subtitle : str
    """
    report = Report(title, subtitle)
    tenth = percent(curve.captured_at(0.1), 0)
    report.verdict(
        f"{_worth(curve)}: the most favorable tenth of the map holds {tenth} of the deposits.",
        f"Area under the success-rate curve: {curve.auc:.3f}{_auc_interval(curve)}. A map that "
        "knows nothing has 0.5, and a tenth of the deposits in a tenth of the map.",
        "If deposits that made the map are among these, the curve shows how well it fits them, not "
        "how well it predicts: keep some apart for this.",
    )
    for text in warnings:
        report.warning(text)
    report.section("Success-rate curve", PICTURES).figure(
        draw_success_rate(curve), "Which share of the deposits lies in which share of the map."
    )
    shares = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
    rows = [[percent(s, 0), percent(curve.captured_at(s)), f"{curve.captured_at(s) / s:.1f}"]
            for s in shares]  # fmt: skip
    heads = ["Most favorable share of the map", "Deposits in it", "Times chance"]
    report.section("Deposits by share of the map", NUMBERS).table(heads, rows)
    report.section("How it was measured", METHOD).facts(facts)
    report.write(path)


def _worth(curve):
    """A word for how much a map of favorability helps."""
    least = curve.auc if np.isnan(curve.auc_low) else curve.auc_low
    if least <= 0.5:
        return "Not shown to be better than chance"
    return "Very useful" if least >= GOOD else "Useful" if least >= FAIR else "Of some use"


def _auc_interval(curve):
    if np.isnan(curve.auc_low):
        return ""
    return f" (95\u00a0% interval {curve.auc_low:.3f} to {curve.auc_high:.3f})"
