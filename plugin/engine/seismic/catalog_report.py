"""The report on an earthquake catalog."""

from ..report import METHOD, NUMBERS, PICTURES, Report
from .catalog_figures import draw_frequencies, draw_in_time, draw_map, draw_stability
from .check import cautions
from .moments import to_iso
from .twins import KM, SECONDS

_MOST_TWINS = 12


def write_catalog_report(path, check, reading, facts):
    """Write the report as one HTML file.

    Parameters
    ----------
    path : str
    check : CatalogCheck
    reading : Reading
        What reading the file showed.
    facts : list of (str, str)
        The settings.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    catalog = check.catalog
    span = f"{to_iso(catalog.days[0])[:10]} to {to_iso(catalog.days[-1])[:10]}"
    what = f"Earthquake catalog, {len(catalog):,} events, {span}"
    report = Report(reading.name, what, [reading.name])
    report.verdict(_headline(check), *_sentences(check))
    for text in cautions(check):
        report.warning(text)
    _add_magnitudes(report, check)
    _add_stability(report, check)
    _add_time(report, check)
    _add_map(report, check)
    _add_short_term(report, check)
    _add_twins(report, check)
    _add_reading(report, reading, facts)
    report.write(path)


def _headline(check):
    whose = "estimate" if check.given is None else "your choice"
    return f"Complete from magnitude {check.completeness:g} on ({whose})."


def _sentences(check):
    count = int(check.complete.sum())
    yield (
        f"{count:,} of {len(check.catalog):,} events are of this magnitude or larger. Give it as "
        "COMPLETENESS when you grid the catalog or train a forecast."
    )
    if check.b.is_known:
        yield (
            f"b = {check.b.value:.2f} ± {check.b.error:.2f}: of events one magnitude smaller there "
            f"are {10**check.b.value:.1f} times as many."
        )
    methods = [value for _, value, _ in _methods(check) if value is not None]
    if max(methods) - min(methods) > 3 * check.step:
        yield (
            f"The methods disagree: {min(methods):g} to {max(methods):g}. With the largest you are "
            "on the safe side, with fewer events."
        )


def _methods(check):
    return (
        ("Maximum curvature + 0.2", check.curvature, f"fullest bin {check.fullest:g}"),
        ("b-value stability", check.stability.completeness, "b within its error of the next ½"),
        ("Lilliefors test", check.exponential[2], "p ≥ 0.1; the strictest with many events"),
    )


def _number(value):
    return "–" if value is None else f"{value:g}"


def _b_text(b):
    return f"{b.value:.3f} ± {b.error:.3f}" if b.is_known else "–"


def _add_magnitudes(report, check):
    rows = [[name, _number(value), how] for name, value, how in _methods(check)]
    if check.given is not None:
        rows.append(["Your choice, used here", _number(check.given), ""])
    report.section("Completeness, by three methods", NUMBERS).table(["Method", "Mc", ""], rows)
    report.section("From which magnitude it is complete", PICTURES).figure(
        draw_frequencies(check),
        "The line is the Gutenberg-Richter law with the b of all events from Mc on. Where the "
        "counts bend below it on the left, events are missing.",
        "Frequency of magnitudes",
    )
    rows = [
        ["Aki-Utsu, half-bin correction", _b_text(check.b), check.b.count],
        ["b-positive, from increases", _b_text(check.b_positive), check.b_positive.count],
    ]
    report.section("The b-value", NUMBERS)
    report.table(["b-value for this Mc", "± standard error", "Magnitudes"], rows)
    report.paragraph(
        "b-positive uses only increases of magnitude from one event to the next, and so does not "
        "suffer from what is missed just after large events. If the two differ by more than "
        "their errors, such events are missing or b changes."
    )


def _add_stability(report, check):
    report.section("How sure that is", PICTURES)
    report.figure(
        draw_stability(check),
        "Left: from the completeness on, b should stay the same within its error. Right: below "
        "the dotted line, magnitudes from there on do not follow an exponential law.",
        "b and p-value by smallest magnitude",
    )


def _add_time(report, check):
    report.section(
        "In time",
        PICTURES,
        "Networks grow, and what was missed once is found later. Every span holds equally many "
        "events; its completeness is by maximum curvature + 0.2.",
    )
    report.figure(draw_in_time(check), "", "Magnitude and completeness in time")


def _add_map(report, check):
    report.section("In space", PICTURES)
    report.figure(draw_map(check), "Larger dots are larger events.", "Map of the events")


def _add_short_term(report, check):
    found, catalog = check.short_term, check.catalog
    report.section("Just after large events", NUMBERS)
    if not found.largest:
        report.paragraph(
            f"No event is large enough to hide events of M {check.completeness:g} for an hour or "
            "more, by the relation of Helmstetter, Kagan & Jackson (2006)."
        )
        return
    report.paragraph(
        "The waves of a large event hide the small ones that follow it. By the relation of "
        "Helmstetter, Kagan & Jackson (2006) for southern California, Mc(t) = M − 4.5 − 0.75 "
        f"log10(t in days), the catalog is not complete from M {check.completeness:g} for "
        f"{_duration(found.days)} in all, {found.share:.2%} of its time; {check.hidden.sum():,} "
        "of its events fall there. They are kept; a forecast trained on them learns slightly too "
        "few aftershocks in the first hours."
    )
    rows = [
        [to_iso(catalog.days[place])[:19], f"{catalog.magnitude[place]:g}", _duration(days)]
        for place, days in found.largest
    ]
    report.table(["Event (UTC)", "Magnitude", "Hides small ones for"], rows)


def _duration(days):
    return f"{days:.1f} days" if days >= 2 else f"{24 * days:.1f} hours"


def _add_twins(report, check):
    pairs = [(early, late) for late, early in enumerate(check.twins) if early >= 0]
    report.section("Perhaps the same event twice", NUMBERS)
    if not pairs:
        report.paragraph(f"No two events lie within {SECONDS:g} s and {KM:g} km.")
        return
    report.paragraph(f"{len(pairs):,} events follow another within {SECONDS:g} s and {KM:g} km.")
    catalog, rows = check.catalog, []
    for early, late in pairs[:_MOST_TWINS]:
        apart = 86_400 * (catalog.days[late] - catalog.days[early])
        magnitudes = f"{catalog.magnitude[early]:g} and {catalog.magnitude[late]:g}"
        ids = f"{catalog.ids[early]} and {catalog.ids[late]}"
        rows.append([to_iso(catalog.days[early])[:19], f"{apart:.2f} s", magnitudes, ids])
    report.table(["First (UTC)", "Later by", "Magnitudes", "Ids"], rows)


def _add_reading(report, reading, facts):
    report.section("How it was read", METHOD)
    report.paragraph(" ".join([f"{reading.rows:,} rows.", *reading.remarks]))
    if reading.left_out:
        rows = [[reason, count] for reason, count in reading.left_out.items()]
        report.table(["Left out", "Events"], rows)
    report.facts(facts)
