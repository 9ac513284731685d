"""Compare a map with reference data."""

from dataclasses import replace

import numpy as np

from ...jobs.assess_accuracy import named_values
from ...jobs.errors import JobError
from ..accuracy import assess
from ..accuracy_numbers import accuracies, adjusted_areas, numbers, overall
from ..accuracy_report import write_accuracy_report, write_success_report
from ..accuracy_report_verdict import REMEMBERED
from ..map_features import read_feature_map, tally_features
from ..map_pixels import values_at
from ..map_tally import tally_classes, tally_levels
from ..metrics.success_rate import success_rate
from ..rasters import Raster, read_class_names, read_tags, short_name
from ..reference import read_reference
from ..seen_before import LABELS, SOME, from_tags, label_marks, share_seen
from ..vectors import Feature, write_features


def run(job, progress):
    """Compare a map with reference data.

    Returns
    -------
    dict
        REPORT, CONFUSION, ACCURACY, ADJUSTED_ACCURACY, KAPPA, MACRO_F1, AUC; None where a number
        does not apply.

    Raises
    ------
    JobError
        If map and reference do not meet, or have no class in common.
    """
    if job.content == "probability":
        return _assess_favorability(job, progress)
    assessment = (
        _assess_raster(job, progress) if job.classified else _assess_features(job, progress)
    )
    _say(assessment, progress)
    if job.report:
        subtitle = f"{_name(job)}, {assessment.total:,} reference places"
        write_accuracy_report(job.report, assessment, "Accuracy of a map", subtitle)
    if job.confusion:
        columns, rows = _table(assessment)
        write_features(job.confusion, rows, columns)
    return {**_written(job), **numbers(assessment)}


def _name(job):
    return short_name(job.classified or job.classified_features)


def _written(job):
    paths = {"REPORT": job.report, "CONFUSION": job.confusion}
    return {name: path for name, path in paths.items() if path}


def _assess_raster(job, progress):
    names = {**read_class_names(job.classified), **named_values(job.class_names)}
    with Raster(job.classified, [job.band]) as raster:
        reference = read_reference(job.reference, job.class_field, raster.grid.crs)
        tally = tally_classes(raster, reference, progress)
        unit = "m²" if raster.gsd else "pixels"
    polygons = len(reference.polygons)
    assessment = assess(tally, names, reference, job.design, unit, polygons)
    return replace(assessment, seen=_seen(job))


def _seen(job):
    """Share of the reference features that trained the map; None if it cannot be told."""
    known = from_tags(read_tags(job.classified)[0])
    return share_seen(known, LABELS, label_marks(job.reference, job.class_field))


def _assess_features(job, progress):
    features = read_feature_map(job.classified_features, job.classified_field)
    reference = read_reference(job.reference, job.class_field, features.crs)
    if reference.polygons:
        progress.note("Reference polygons count by the point in their middle.")
    tally = tally_features(features, reference.as_points(), job.distance, progress)
    unit = "m²" if features.crs else "square map units"
    names = dict(enumerate(features.names))
    return assess(tally, names, reference, job.design, unit, numbered=False)


def _say(assessment, progress):
    if assessment.is_remembered:
        progress.warning(REMEMBERED)
    share, _, _ = overall(assessment)
    what = "of the area" if assessment.estimates else "of the reference places"
    progress.note(f"{assessment.total:,} reference places are compared.")
    progress.note(f"{100 * share:.1f} % {what} is mapped right.")
    for why, count in assessment.left_out:
        progress.warning(f"{count:,} reference places or features are left out: {why}.")
    for text in assessment.warnings:
        progress.warning(text)


def _table(assessment):
    """Columns and rows of the confusion table."""
    mapped = [(f"mapped_{name}", "integer") for name in assessment.names]
    known = ["users_accuracy", "users_low", "users_high", "producers_accuracy", "producers_low",
             "producers_high", "mapped_area", "area", "area_low", "area_high"]  # fmt: skip
    columns = [("class", "text"), *mapped, ("places", "integer"), *((n, "real") for n in known)]
    numbers_of = _class_numbers(assessment)
    rows = []
    for place, name in enumerate(assessment.names):
        counts = assessment.confusion[place].tolist()
        shares = [None if np.isnan(value) else float(value) for value in numbers_of[place]]
        values = [name, *counts, sum(counts), *shares]
        row = dict(zip([column for column, _ in columns], values, strict=True))
        rows.append(Feature(place + 1, None, row))
    return columns, rows


def _class_numbers(assessment):
    """Accuracies and areas of every class, (classes, 10); NaN where nothing is known."""
    users, producers = accuracies(assessment)
    nothing = np.full((len(assessment.names), 3), np.nan)
    areas = nothing[:, 0] if assessment.areas is None else assessment.areas
    adjusted = adjusted_areas(assessment)
    adjusted = nothing if adjusted is None else adjusted
    return np.concatenate([users, producers, areas[:, None], adjusted], axis=1)


def _assess_favorability(job, progress):
    with Raster(job.classified, [job.band]) as raster:
        deposits = read_reference(job.reference, job.class_field, raster.grid.crs, job.presence)
        deposits = deposits.as_points()
        scores, valid, inside = values_at(raster, deposits.points)
        _check_deposits(valid, inside, raster)
        levels = np.unique(scores[valid])
        below, equal, above = tally_levels(raster, levels, progress)
    curve = success_rate(scores[valid], levels, below, equal, above)
    lost = {"outside the map": int((~inside).sum()), "where it has no data": int((inside & ~valid).sum())}  # fmt: skip
    warnings = [REMEMBERED] if (_seen(job) or 0.0) >= SOME else []
    warnings += [f"{count:,} deposits lie {why}." for why, count in lost.items() if count]
    if valid.sum() < 20:
        warnings.append(f"Only {valid.sum()} deposits count: another few could change the curve.")
    for text in warnings:
        progress.warning(text)
    progress.note(f"Area under the success-rate curve {curve.auc:.3f}.")
    _write_favorability(job, curve, int(valid.sum()), warnings)
    nothing = dict.fromkeys(("ACCURACY", "ADJUSTED_ACCURACY", "MACRO_F1", "KAPPA"))
    return {**_written(job), **nothing, "AUC": curve.auc}


def _check_deposits(valid, inside, raster):
    if valid.any():
        return
    raise JobError(
        f'None of the {len(valid):,} deposits lies where "{raster.name}" has data; '
        f"{int((~inside).sum()):,} lie outside.",
        "Choose the deposits of this map, and check the coordinate reference system of both.",
    )


def _write_favorability(job, curve, count, warnings):
    if job.report:
        facts = [("Deposits that count", count), ("Area under the curve", f"{curve.auc:.3f}")]
        title, subtitle = "Success rate of a map", f"{_name(job)}, {count:,} deposits"
        write_success_report(job.report, curve, facts, warnings, title, subtitle)
    if job.confusion:
        pairs = zip(curve.area_share.tolist(), curve.captured.tolist(), strict=True)
        rows = [
            Feature(number, None, {"area_share": area, "captured": captured})
            for number, (area, captured) in enumerate(pairs, 1)
        ]
        write_features(job.confusion, rows, [("area_share", "real"), ("captured", "real")])
