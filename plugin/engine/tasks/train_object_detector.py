"""Train an object detector, with honest scores and a report."""

from dataclasses import replace

import numpy as np

from ...jobs.colors import class_colors
from .. import model_file
from ..detection.card import make_card, settings, summary
from ..detection.collection import read_rasters
from ..detection.fitting import Fitting
from ..detection.image_sets import read_images
from ..detection.report import doubt, headline_note, write_detection_report
from ..detection.result import DetectionResult, gather, scores, table
from ..detection.same_ground import scenes_on_ground_of
from ..detection.sizes import choose_overlap, choose_patch
from ..detection.starting import choose_start
from ..detection.units import Plan, count_boxes, lay_out, plan
from ..device import choose_device, describe
from ..seen_before import judge_start, scene_marks
from ..vectors import write_features

_WARNINGS_TOLD = 10
_OWN_SENTENCE = (
    "The scores come from {images:,} images with {boxes:,} boxes in a folder of their own, which "
    "took no part in training."
)


def run(job, progress):
    """Train, validate, and write the model, its report and the validation boxes.

    Returns
    -------
    dict
        MODEL, REPORT, PREDICTIONS, MAP50, MAP.
    """
    device = choose_device(job.device)
    start = choose_start(job)
    if start.network != job.network:
        progress.note(f"The network is that of the model: {start.network}.")
    collection = _read(job, progress.part(0.0, 0.03))
    try:
        return _train(job, start, collection, device, progress)
    finally:
        collection.close()


def _read(job, progress):
    if job.rasters:
        return read_rasters(job, progress)
    return read_images(job.images, job.box_file, progress)


def _train(job, start, collection, device, progress):
    folds = job.folds if job.validation == "cross_validation" else round(1 / job.validation_share)
    units = lay_out(collection, folds)
    own, split = _split(job, collection, units, progress.part(0.03, 0.04))
    begun = judge_start(job, *scene_marks(job, own[0] if own else collection))
    split = replace(split, sentence=split.sentence + begun["split"])
    patch = choose_patch(job, start, collection)
    overlap = choose_overlap(collection, patch)
    _say_plan(progress, collection, split, patch, overlap, device)
    if begun["warning"]:
        progress.warning(begun["warning"])
    many = len(split.splits) > 1
    fitting = Fitting(
        job,
        start,
        collection,
        units,
        patch,
        overlap,
        device,
        len(split.splits) + many,
        progress.started,
    )
    scored = own or (collection, units)
    part = progress.part(0.04, 0.97 if own else 0.8)
    tested = _test_all(fitting, split, scored, part, goes_on=own is not None)
    shipped, sentence = tested[0].fit, ""
    result_scored = gather(tested, scored)
    if not own:
        shipped, sentence = fitting.ship(tested, progress.part(0.8, 0.97))
    result = _result(job, collection, units, result_scored, tested, split, sentence)
    result.settings = settings(job, tested[0].fit, patch, overlap, device)
    numbers = {**scores(result), "start": begun}
    progress.note(headline_note(numbers, collection.class_names))
    if doubt(numbers):
        progress.warning(doubt(numbers))
    if sentence:
        progress.note(sentence)
    card = make_card(job, start, collection, shipped, patch, overlap, numbers)
    return _write(job, card, shipped, result, numbers)


def _split(job, collection, units, progress):
    """The scored collection of one's own with its units (or None), and the plan."""
    if job.validation != "own":
        return None, plan(job, collection, units)
    other = read_images(job.validation_images, "", progress, collection.class_names)
    known = scenes_on_ground_of(other, collection)
    if known:
        progress.warning(
            f"Validation images that show ground of the images to train on: {known:,} of "
            f"{len(other.scenes):,}. The network saw it, so the scores are too good: leave them out."
        )
    scored = lay_out(other, 1)
    sentence = _OWN_SENTENCE.format(images=len(scored), boxes=count_boxes(other, scored))
    return (other, scored), Plan([(units, np.arange(len(scored)))], sentence)


def _say_plan(progress, collection, split, patch, overlap, device):
    for text in collection.warnings[:_WARNINGS_TOLD]:
        progress.warning(text)
    if len(collection.warnings) > _WARNINGS_TOLD:
        progress.warning(f"{len(collection.warnings) - _WARNINGS_TOLD} more warnings.")
    progress.note(
        f"{len(collection.boxes):,} boxes of {_count(collection.class_names, 'class')} in "
        f"{_count(collection.scenes, 'raster' if collection.is_raster else 'image')}; patches "
        f"of {patch} pixels, windows that overlap by {overlap}."
    )
    progress.note(split.sentence)
    progress.note(f"Training on {describe(device)}.")


def _count(things, name):
    ending = "" if len(things) == 1 else "es" if name.endswith("s") else "s"
    return f"{len(things):,} {name}{ending}"


def _test_all(fitting, split, scored, progress, goes_on):
    tested, parts = [], progress.folds(len(split.splits))
    for fold, ((train, test), part) in enumerate(zip(split.splits, parts, strict=True), 1):
        if len(parts) > 1:
            part.note(f"Fold {fold} of {len(parts)}:")
        tested.append(fitting.test(train, test, scored, part, goes_on))
    return tested


def _result(job, collection, units, scored, tested, split, sentence):
    names = collection.class_names
    return DetectionResult(
        title="Object detector",
        subtitle=f"{collection.source}: {', '.join(names[:6])}",
        class_names=names,
        colors=class_colors(names),
        scored=scored,
        history=[one.fit.history for one in tested],
        split=split.sentence,
        shipped=sentence or "The model that ships is the one that was scored.",
        summary=summary(collection, units),
        warnings=list(collection.warnings),
    )


def _write(job, card, shipped, result, numbers):
    """Write what was asked for; the model first, for it is what took the time."""
    outputs = {"MAP50": numbers["map50"], "MAP": numbers["map"]}
    if job.model:
        model_file.save(job.model, card, shipped.network)
    if job.predictions:
        columns, features, crs = table(result, numbers["confidence"])
        write_features(job.predictions, features, columns, crs)
    if job.report:
        write_detection_report(job.report, result, numbers)
    written = {name: getattr(job, name) for name in ("predictions", "report", "model")}
    return outputs | {name.upper(): path for name, path in written.items() if path}
