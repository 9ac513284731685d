"""Train a forecast of earthquake rates: all references, and a network that starts from them."""

from dataclasses import replace

from ..seismic.catalog import read_catalog, to_iso
from ..seismic.fitting import fit_again, fit_and_choose
from ..seismic.judging import NOT_IMPROVED, judge, shipped, variants_sentence
from ..seismic.model import make_card, save_model
from ..seismic.span import lay_out_training
from ..seismic.testing_verdict import nats
from ..seismic.training_report import write_training_report


def run(job, progress):
    """Fit to the training, choose by the validation, fit again to both, and write the model.

    The test is laid out and its events are counted, but no forecast is compared with them.

    Returns
    -------
    dict
        IGPE_ETAS, IGPE_ETAS_LOW, IGPE_ETAS_HIGH (of the network in the validation; None if not
        defined), SHIPS, MODEL, REPORT.

    Raises
    ------
    JobError
        If the catalog cannot be read, the dates are not in order, or there are too few events.
    """
    catalog = read_catalog(job.catalog, job, progress.part(0.0, 0.04))
    span = lay_out_training(job, catalog, progress)
    _say_span(span, progress)
    part = progress.part(0.04, 0.5, "Fit to the training")
    first, choices = fit_and_choose(span, job.network, job.seeds, job.seed, part)
    judged = judge(span, first.models, progress.part(0.5, 0.6, "Validation"))
    _say_verdict(judged, first, progress)
    part = progress.part(0.6, 0.97, "Fit to training and validation")
    final = fit_again(span, job.network, job.seed, choices, first, part)
    final = replace(final, models=shipped(final.models, judged))
    variants = variants_sentence(choices, job.network)
    card = make_card(job, span, final, judged.scores(), catalog, variants)
    if job.model:
        save_model(job.model, card, final.models)
    if job.report:
        write_training_report(job.report, job, span, judged, first, final, card)
    progress(1.0)
    value, low, high = judged.gains["etas"].numbers()
    written = {"MODEL": job.model, "REPORT": job.report}
    return {
        "IGPE_ETAS": value, "IGPE_ETAS_LOW": low, "IGPE_ETAS_HIGH": high,
        "SHIPS": card.training["ships"], **{name: path for name, path in written.items() if path},
    }  # fmt: skip


def _say_span(span, progress):
    edges, counts = span.grid.edges, _counts(span)
    progress.note(
        f"{span.grid.rows} x {span.grid.columns} cells of {span.grid.cell_degrees:g} degrees, "
        f"windows of {span.grid.window_days:g} days, events of M{span.target_magnitude:g} or "
        f"larger: {counts[0]:,} in the training ({to_iso(edges[0])[:10]} to "
        f"{to_iso(edges[span.training])[:10]}), {counts[1]:,} in the validation (to "
        f"{to_iso(edges[span.validation])[:10]}), {counts[2]:,} in the test (to "
        f"{to_iso(edges[span.test])[:10]})."
    )


def _counts(span):
    training = span.events_in(0, span.training)
    return int(training), int(span.events_in(span.training, span.validation)), span.test_events


def _say_verdict(judged, first, progress):
    progress.note(
        f"ETAS gains {nats(judged.etas_gain)} nats per earthquake over adaptive smoothed "
        "seismicity in the validation."
    )
    if first.etas_fit.on_bound:
        names = ", ".join(first.etas_fit.on_bound)
        progress.note(f"Not identifiable at this window and cell: {names}.")
    if not judged.has_network:
        progress.note("No network was trained; ETAS is the forecast.")
    elif judged.ships:
        progress.note(f"The network gains {nats(judged.gains['etas'])} over ETAS, and ships.")
    else:
        progress.note(f"{NOT_IMPROVED} Its gain over ETAS is {nats(judged.gains['etas'])}.")
