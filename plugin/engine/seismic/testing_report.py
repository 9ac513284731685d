"""The report on a tested seismic forecast."""

import numpy as np

from ..report import METHOD, NUMBERS, PICTURES, Report
from .testing_figures import (
    draw_alarms,
    draw_events_over_forecast,
    draw_gain_in_time,
    draw_gain_map,
    draw_reliability,
    shown_reference,
)
from .testing_verdict import cautions, nats, subtitle, verdict
from .window_tests import share_passed

NO_PREDICTION = (
    "This is a forecast of rates, not a prediction of an earthquake: it says how many events are "
    "to be expected where, and never that one will or will not come."
)
NAMES = {
    "forecast": "This forecast",
    "network": "Network",
    "neuron": "One neuron (4 parameters)",
    "glm": "GLM + ETAS",
    "etas": "Gridded ETAS",
    "smoothed_adaptive": "Smoothed seismicity, adaptive",
    "smoothed_fixed": "Smoothed seismicity, fixed",
    "uniform": "Uniform Poisson",
}
_TESTS = (
    ("number", "N, Poisson", "number of events"),
    ("negative_binomial", "N, negative binomial", "number, if events come in clusters"),
    ("likelihood", "L", "all of it"),
    ("conditional_likelihood", "CL", "where and when, given the number"),
    ("spatial", "S", "where, given the number"),
    ("magnitude", "M", "magnitudes, given the number"),
)


def write_test_report(path, tested, card, openings, model_name, remarks=()):
    """Write the report as one HTML file.

    Parameters
    ----------
    path : str
    tested : Tested
    card : ModelCard
    openings : list of dict
        Of the test period, this one last.
    model_name : str
        The model's file name.
    remarks : sequence of str
        On the catalog and the dates.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = Report(f"Test of {model_name}", subtitle(tested, card))
    report.verdict(*verdict(tested, card), _counts(tested), NO_PREDICTION)
    for text in [*remarks, *cautions(tested, openings)]:
        report.warning(text)
    _add_gains(report, tested)
    _add_time_and_maps(report, tested)
    _add_consistency(report, tested)
    _add_probabilities(report, tested)
    _add_alarms(report, tested)
    _add_honesty(report, card, openings)
    report.write(path)


def _counts(tested):
    expected = float(tested.tally.expected["forecast"].sum())
    return f"It expected {expected:,.1f} events; {int(tested.tally.counts.sum()):,} came."


def _add_gains(report, tested):
    tally, events = tested.tally, max(int(tested.tally.counts.sum()), 1)
    report.section(
        "Information gain per earthquake",
        NUMBERS,
        "How much likelier the forecast made the events that came, in nats per event. LL is the "
        "joint log-likelihood. T is Student's interval, W the probability of Wilcoxon's test; "
        "both count events as independent, which the bootstrap of 30-day blocks does not.",
    )
    rows = []
    for name, label in NAMES.items():
        if name not in tally.likelihoods:
            continue
        total = float(tally.likelihoods[name].sum())
        row = [label, f"{total / events:.3f}", f"{tally.expected[name].sum():,.1f}"]
        if name == "forecast":
            rows.append([*row, "", "", ""])
            continue
        if np.isnan(tested.gains[name].value):
            rows.append([*row, "the forecast is this one", "", ""])
            continue
        test, rank = tested.paired[name]
        interval = f"{test.low:+.3f} to {test.high:+.3f}" if np.isfinite(test.low) else "–"
        rows.append([*row, nats(tested.gains[name]), interval, _chance(rank.probability)])
    heads = ["", "LL per event", "Events expected", "Gain of this forecast over it", "T", "W"]
    report.table(heads, rows, f"{events:,} events were observed.")


def _chance(probability):
    if not np.isfinite(probability):
        return "–"
    return "<0.001" if probability < 1e-3 else f"{probability:.3f}"


def _add_time_and_maps(report, tested):
    over = "ETAS" if shown_reference(tested) == "etas" else "adaptive smoothed seismicity"
    report.section("When and where it gains", PICTURES)
    report.figure(
        draw_gain_in_time(tested),
        "Rising: better than the reference. The largest events are marked.",
        "Cumulative gain in time",
    )
    report.figure(
        draw_events_over_forecast(tested),
        "Circles: events of the test, larger for larger magnitudes. The rates of all windows are "
        "added up; each window only saw what came before it.",
        "Map of the events over the forecast",
    )
    report.figure(
        draw_gain_map(tested),
        f"Green: the forecast gains over {over}; purple: it loses.",
        f"Map of the gain over {over}",
    )


def _add_consistency(report, tested):
    report.section(
        "Is it consistent with what came? CSEP's tests",
        NUMBERS,
        "A quantile under 0.05 (one of both under 0.025 for N) says that it is not. Of the single "
        "windows, 95 % should pass; a forecast of Poisson rates fails N more often, because "
        f"events cluster: in the history the variance of their number is {tested.variance_ratio:.1f} "
        "times the mean, which is what the negative binomial test allows for. With one magnitude "
        "class, CL of a window is its S.",
    )
    rows = []
    for name, label, meaning in _TESTS:
        found = tested.consistency[name]
        if isinstance(found, tuple) and len(found) == 2:
            text, good = f"{found[0]:.3f} / {found[1]:.3f}", min(found) >= 0.025
        else:
            text, good = f"{found.quantile:.3f}", found.quantile >= 0.05
        share, count = np.nan, 0
        if name != "conditional_likelihood":
            share, count = share_passed(tested.windows, name)
        windows = f"{share:.0%} of {count:,}" if count else "–"
        rows.append([label, meaning, text, "consistent" if good else "not consistent", windows])
    heads = ["Test", "of the", "Whole period", "", "Windows that pass"]
    report.table(heads, rows)


def _add_probabilities(report, tested):
    found = tested.probability
    report.section("Can its probabilities be trusted?", PICTURES)
    report.figure(
        draw_reliability(tested),
        "On the dotted line probabilities are exactly right; bars are 95 % of independent bins.",
        "Reliability",
    )
    error, skill = found["calibration_error"], found["brier_skill"]
    report.section("Its probabilities", NUMBERS).facts([
        ("Expected calibration error", f"{error['forecast']:.3g} (ETAS {error['etas']:.3g})"),
        ("Brier score", f"{found['brier']['forecast']:.6g} (ETAS {found['brier']['etas']:.6g})"),
        ("Brier skill over ETAS", f"{skill['etas']:+.4f}"),
        ("Brier skill over adaptive smoothing", f"{skill['smoothed_adaptive']:+.4f}"),
        ("Brier skill over the base rate", f"{skill['base_rate']:+.4f}"),
    ])  # fmt: skip
    threshold = found["threshold"]
    report.paragraph(
        f"An alarm where the probability is at least one half would have an accuracy of "
        f"{threshold.accuracy:.5f} and an F1 of {threshold.f1:.3f}. Saying “never” has an accuracy "
        f"of {threshold.never_accuracy:.5f}, since only {threshold.base_rate:.3%} of the bins "
        "hold an event (the base rate): accuracy says nothing here."
    )


def _add_alarms(report, tested):
    rows = [
        [
            label,
            *(_area(tested.alarms[name][kind]) for kind in ("area", "smoothed_adaptive", "roc")),
        ]
        for name, label in (("forecast", NAMES["forecast"]), ("etas", NAMES["etas"]))
    ]
    report.section("As alarms", PICTURES)
    report.figure(
        draw_alarms(tested),
        "Molchan: the further to the lower left, the fewer events are missed in a smaller part of "
        "space and time; on the dotted line an alarm is as good as chance.",
        "Molchan diagram and ROC curve",
    )
    report.section("Alarms, beside those of ETAS", NUMBERS).table(
        ["", "Area skill score, by area", "Area skill score, by smoothed seismicity", "ROC area"],
        rows,
        "0.5 is chance, 1 is perfect. Good models are hardly told apart by these.",
    )


def _area(curve):
    return "–" if curve is None else f"{curve.area:.4f}"


def _add_honesty(report, card, openings):
    training = card.training
    report.section("How often it was looked at", METHOD, _variants(training))
    report.paragraph(
        f"The model learned from what came before {str(training.get('train_end', ''))[:10]}, and "
        f"was chosen by what came before {str(training.get('validation_end', ''))[:10]}. Every "
        "window was forecast from the events before its start alone."
    )
    rows = [
        [str(entry.get(key, ""))[:19] for key in ("opened", "start", "end", "events", "catalog")]
        for entry in openings
    ]
    times = "once" if len(openings) == 1 else f"{len(openings)} times"
    report.paragraph(f"The test period was opened {times}, by what the model file says.")
    report.table(["Opened (UTC)", "From", "To", "Events", "Catalog"], rows)


def _variants(training):
    """How many variants were tried, and how this one was chosen."""
    tried = training.get("variants")
    if isinstance(tried, str) and tried:
        return tried
    count = f"{tried} variants were" if isinstance(tried, int) else "One network was"
    return (
        f"{count} tried beside the references named above. The network ships only if the lower "
        "bound of its gain over ETAS in validation is above 0; the test period decided nothing."
    )
