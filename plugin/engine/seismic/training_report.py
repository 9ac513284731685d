"""The report on a trained seismic forecast."""

from dataclasses import asdict

import numpy as np

from ..report import METHOD, NUMBERS, PICTURES, Report
from .etas_law import branching_ratio
from .judging import NOT_IMPROVED, REFERENCES
from .testing_figures import draw_events_over_forecast, draw_gain_in_time, draw_gain_map
from .testing_report import NAMES, NO_PREDICTION
from .testing_verdict import nats, no_interval, standing, times
from .training_figures import draw_learning, draw_omori_and_kernel

_MEANING = {
    "mu": ("background events", "per day in all cells"),
    "K": ("productivity at Mc", "day^(p - 1)"),
    "a": ("growth of the productivity with magnitude, in powers of ten", ""),
    "c": ("time until the Omori law sets in", "days"),
    "p": ("decay of the Omori law", ""),
    "d": ("distance within which aftershocks are dense, at Mc", "km"),
    "gamma": ("growth of that distance with magnitude, in powers of ten", ""),
    "q": ("decay with distance", ""),
}
_FEW_EVENTS = 200


def write_training_report(path, job, span, judged, first, final, card):
    """Write the report as one HTML file.

    Parameters
    ----------
    path : str
    job : TrainSeismicForecast
    span : Span
    judged : Judged
    first, final : fitting.Fitted
        To the training, and to training and validation.
    card : ModelCard

    Raises
    ------
    JobError
        If it cannot be written.
    """
    report = Report(f"Forecast of {card.training['catalog']}", _subtitle(span))
    report.verdict(*_verdict(judged), NO_PREDICTION)
    for text in _cautions(judged, final):
        report.warning(text)
    _add_figures(report, judged, first)
    _add_scores(report, judged)
    _add_etas(report, span, first, final)
    _add_probabilities(report, final.models.calibration)
    _add_method(report, job, span, final, card)
    report.write(path)


def _subtitle(span):
    grid, dates = span.grid, span.dates()
    return (
        f"M{span.target_magnitude:g} or larger in {grid.rows} x {grid.columns} cells of "
        f"{grid.cell_degrees:g} degrees, windows of {grid.window_days:g} days, from "
        f"{dates['start'][:10]}; the test from {dates['validation_end'][:10]} to "
        f"{dates['test_end'][:10]} was not opened"
    )


def _verdict(judged):
    gain = judged.gains["etas"]
    over = (
        f"ETAS itself gains {nats(judged.etas_gain)} nats per earthquake over adaptive smoothed "
        "seismicity. In brackets: 95 % by a bootstrap of 30-day blocks."
    )
    if not judged.has_network:
        how = standing(judged.etas_gain)
        return f"No network was trained; the forecast is that of ETAS, {how}.", over
    if judged.ships:
        return (
            f"The network beats ETAS in the validation: {times(gain)}.",
            f"It gains {nats(gain)} nats per earthquake over ETAS, and is the forecast.",
            over,
        )
    return (
        NOT_IMPROVED,
        f"Its gain over ETAS in the validation was {nats(gain)} nats per earthquake: "
        + (
            "the lower bound is not above 0."
            if np.isfinite(gain.low)
            else "without an interval, it may be chance."
        ),
        over,
    )


def _cautions(judged, final):
    events = int(judged.tally.events.sum())
    yield from no_interval([judged.gains["etas"], judged.etas_gain])
    if events < _FEW_EVENTS:
        yield f"The validation holds {events:,} events: gains are uncertain."
    if final.etas_fit.on_bound:
        names = ", ".join(final.etas_fit.on_bound)
        yield f"Of ETAS, not identifiable at this window and cell: {names}. They end on a bound."
    if not judged.etas_gain.low > 0:
        yield "ETAS does not beat smoothed seismicity in the validation for sure."


def _add_scores(report, judged):
    tally, events = judged.tally, max(int(judged.tally.events.sum()), 1)
    report.section(
        "In the validation, beside the references",
        NUMBERS,
        f"{events:,} events, forecast window by window from what came before, by models that were "
        "fitted to the training alone. LL is the joint log-likelihood in nats per event. The "
        "validation also chose bandwidths and when to stop learning, so that the test may come out "
        "a little lower.",
    )
    rows = []
    for name in ("network", *reversed(REFERENCES)):
        if name == "network" and not judged.has_network:
            continue
        gain = nats(judged.gains[name]) if name in judged.gains and judged.has_network else "–"
        total = float(tally.likelihoods[name].sum())
        expected = f"{tally.expected[name].sum():,.1f}"
        rows.append([NAMES[name], f"{total / events:.3f}", expected, gain])
    heads = ["", "LL per event", "Events expected", "Gain of the network over it"]
    report.table(heads, rows)


def _add_etas(report, span, first, final):
    report.section(
        "ETAS",
        NUMBERS,
        "Fitted by maximum likelihood of the counts, first to the training, then to training and "
        "validation together.",
    )
    before, after = (asdict(one.etas_fit.parameters) for one in (first, final))
    rows = []
    for name, (meaning, unit) in _MEANING.items():
        low, high = final.etas_fit.bounds[name]
        note = "not identifiable at this window and cell" * (name in final.etas_fit.on_bound)
        values = [f"{one[name]:.4g}" for one in (before, after)]
        rows.append([name, meaning, unit, *values, f"{low:.3g} to {high:.3g}", note])
    heads = ["", "Meaning", "Unit", "Training", "With validation", "Bounds", ""]
    report.table(heads, rows)
    ratio = branching_ratio(final.etas_fit.parameters, span.events.magnitude - span.completeness)
    report.paragraph(
        f"By these an event triggers {ratio:.2f} others on average. "
        + ("That would not die out: read the parameters as those of a forecast only."
           if ratio >= 1 else "")
    )  # fmt: skip
    report.section("How aftershocks fade", PICTURES).figure(
        draw_omori_and_kernel(final.etas_fit.parameters),
        "By the parameters of training and validation.",
        "Aftershocks in time and space",
    )


def _add_figures(report, judged, first):
    title = "When and where the network gains" if judged.has_network else "Maps"
    report.section(title, PICTURES)
    if judged.has_network:
        report.figure(
            draw_gain_in_time(judged),
            "Validation. Rising: better than the reference. The largest events are marked.",
            "Cumulative gain in time",
        )
        report.figure(
            draw_gain_map(judged),
            "Validation. Green: the network gains over ETAS; purple: it loses.",
            "Map of the gain over ETAS",
        )
    report.figure(
        draw_events_over_forecast(judged),
        "Validation. Circles: events, larger for larger magnitudes, over the sum of the rates of "
        "all windows, each of which only saw what came before it.",
        "Map of the events over the forecast",
    )
    if judged.has_network:
        report.section("How the network learned", METHOD).figure(
            draw_learning(first.trainings),
            "A line per network: its gain over the sum of maps and ETAS that it starts from. Dots: "
            "the epochs that are kept.",
            "Learning curves",
        )


def _add_probabilities(report, calibration):
    kept = (
        f"The recalibration log(-log(1 - P)) = {calibration.shift:.3f} + {calibration.slope:.3f} "
        "log(rate) helped in both halves of the validation, each with the line of the other, and "
        "is kept."
        if calibration.is_kept
        else "A recalibration did not help in both halves of the validation and is not used: "
        "P = 1 - exp(-rate)."
    )
    report.section("Probabilities and bands", METHOD, kept)
    report.paragraph(
        "The counts at 5 and 95 % come from a negative binomial whose variance is rate + "
        f"{calibration.dispersion:.3g} rate², since events cluster; the probability of at least "
        "one event does not use it."
    )


def _add_method(report, job, span, final, card):
    models, training = final.models, card.training
    report.section("How it was chosen", METHOD, training["variants"])
    dates = span.dates()
    parts = (("Training", "start", "train_end"), ("Validation", "train_end", "validation_end"),
             ("Test, not opened", "validation_end", "test_end"))  # fmt: skip
    counts = (
        span.events_in(0, span.training), span.events_in(span.training, span.validation),
        span.test_events,
    )  # fmt: skip
    rows = [
        [name, dates[early], dates[late], int(count)]
        for (name, early, late), count in zip(parts, counts, strict=True)
    ]
    report.table(["Part", "From (UTC)", "To", "Target events"], rows, " ".join(span.remarks))
    smoothings = models.smoothings
    weights = models.features.additive
    held = [name for name, weight in zip(models.maps.names(), weights, strict=False) if weight > 0]
    report.facts([
        ("Magnitude of completeness", f"{span.completeness:g}"),
        ("Target magnitude", f"{span.target_magnitude:g}"),
        ("b-value", f"{training['b_value']:.3f}"),
        ("Smoothing, fixed", f"{smoothings['fixed'].bandwidth:.3g} km"),
        ("Smoothing, adaptive", f"neighbor {smoothings['adaptive'].bandwidth:.0f}"),
        ("Background of ETAS", smoothings["background"].kind),
        ("Maps with weight in GLM + ETAS", "; ".join(held) or "none"),
        ("Share of ETAS in GLM + ETAS", f"{weights[-1]:.3f} of its rate"),
        ("Network", job.network), ("Networks averaged", str(len(models.networks))),
        ("Seed", str(job.seed)), ("Catalog (SHA-256)", training["catalog_hash"][:16]),
    ])  # fmt: skip
