"""Train a classifier of pixels from labels on a map, with honest scores and a report."""

import numpy as np

from ...jobs.errors import JobError
from ...jobs.train_pixel_classifier import SMALLEST_PATCH
from .. import model_file
from ..device import choose_device, describe
from ..pixels.background import add_background
from ..pixels.baselines import FOREST, REGRESSION, TITLES, baseline
from ..pixels.fits import Fits
from ..pixels.fitting import Fitter
from ..pixels.ground import gather
from ..pixels.labels import check_labels, read_labels
from ..pixels.pictures import choose_windows, draw_pictures
from ..pixels.report import write_pixel_report
from ..pixels.result import scores
from ..pixels.splits import plan_splits
from ..pixels.starting import choose_start
from ..pixels.training_result import make_card, make_result, measure_trust_of
from ..pixels.verdict import doubt
from ..rasters import Stack
from ..seen_before import LABELS, judge_start, label_marks


def run(job, progress):
    """Train, validate, and write the model and its report.

    Returns
    -------
    dict
        MODEL, REPORT, ACCURACY, MACRO_F1, MEAN_IOU, KAPPA and, where it is defined, AUC.

    Raises
    ------
    JobError
        If the rasters, the labels or the model to start from cannot be used together.
    """
    device = choose_device(job.device)
    with Stack(job.rasters, job.bands) as stack:
        start = choose_start(job, stack.names)
        side = _patch_side(job, start, stack)
        labels = _read_labels(job, stack, progress.part(0.0, 0.03))
        ground = _gather(job, labels, stack, side, progress.part(0.03, 0.08))
        _check_bands(ground, stack, progress)
        plan = _plan(job, labels, ground, stack, progress)
        begun = _judge_start(job, plan)
        windows = choose_windows(ground.pixels, (stack.grid.height, stack.grid.width))
        _say_start(progress, start, job, stack, labels, ground, plan, device)
        if begun["warning"]:
            progress.warning(begun["warning"])
        fitter = Fitter(job, start, ground, labels.class_names, plan.groups, side, device)
        fits = Fits(fitter, plan, stack, windows, progress.started)
        half = 0.08 + 0.83 * fits.tested_share
        tested = fits.test_all(progress.part(0.08, half))
        known = plan, tested, fits.seconds_for_baselines
        baselines = _baselines(job, labels, ground, known, progress.part(half, half + 0.05))
        shipped = fits.ship(tested, progress.part(half + 0.05, 0.96))
        seer, pictured = fits.see(shipped), progress.part(0.98, 1.0)
        trust = measure_trust_of(
            seer, ground, plan, len(stack.bands), job.seed, progress.part(0.96, 0.98, "Trust")
        )
        pictures = draw_pictures(stack, ground, plan, windows, tested, pictured)
        result = make_result(
            job, labels, ground, plan, tested, baselines, shipped, pictures, stack, device
        )
        numbers = {**scores(result), "start": begun}
        _say_scores(progress, numbers)
        if doubt(result, numbers):
            progress.warning(doubt(result, numbers))
        card = make_card(job, start, labels, ground, stack, shipped, numbers, trust)
    return _write(job, card, shipped, trust, result, numbers)


def _patch_side(job, start, stack):
    """Side of a training patch: as asked for, or as much of the raster as there is."""
    if start.name == "pixel_mlp":
        return 1
    least = min(stack.grid.width, stack.grid.height)
    if least < SMALLEST_PATCH:
        raise JobError(
            f'"{stack.name}" has {stack.grid.width} x {stack.grid.height} pixels; this network needs '
            f"at least {SMALLEST_PATCH} x {SMALLEST_PATCH}.",
            "Choose a larger raster, or the network pixel_mlp.",
        )
    return min(job.patch_size, least // SMALLEST_PATCH * SMALLEST_PATCH)


def _read_labels(job, stack, progress):
    labels = read_labels(job, job.labels, stack.grid)
    unlabeled = job.background == "unlabeled"
    check_labels(labels, unlabeled, job.validation != "layer")
    return add_background(labels, stack, job.seed, progress) if unlabeled else labels


def _gather(job, labels, stack, side, progress):
    """The labeled ground; classes of which nothing is left are refused."""
    reach = 0 if side == 1 else side
    shapes = labels.shapes(stack.grid)
    ground = gather(stack, shapes, labels.brush, reach, job.seed, progress)
    counts = np.bincount(ground.pixels.labels, minlength=len(labels.class_names))
    if (counts == 0).any():
        name = labels.class_names[int(counts.argmin())]
        raise JobError(
            f'No pixel of class "{name}" is left: its labels lie outside the rasters, where they '
            "hold no data, or under labels of another class.",
            "Move its labels, choose a smaller INNER_BUFFER, or leave the class out.",
        )
    return ground


def _check_bands(ground, stack, progress):
    """Warn of bands that teach nothing; refuse if all are such."""
    some = np.random.default_rng(0).permutation(len(ground.pixels))[:50_000]
    values = ground.at(some)
    constant = values.min(axis=0) == values.max(axis=0)
    if constant.all():
        raise JobError(
            "All bands are constant where the labels are: there is nothing to learn from.",
            "Choose other rasters or BANDS.",
        )
    for name in np.array(stack.names)[constant]:
        progress.warning(f'Band "{name}" is constant where the labels are and teaches nothing.')


def _plan(job, labels, ground, stack, progress):
    layer = None
    if job.validation == "layer":
        second = read_labels(job, job.validation_labels, stack.grid, labels.class_names)
        labels.left_out.extend(second.left_out)
        shapes = second.shapes(stack.grid)
        layer = gather(stack, shapes, second.brush, 0, job.seed, progress.part(0.07, 0.08))
    pixel_side = abs(stack.grid.transform.determinant) ** 0.5
    return plan_splits(job, ground, labels.class_names, (pixel_side, stack.grid.unit), layer)


def _judge_start(job, plan):
    """What the model that training starts from had seen; the plan's sentence says so too."""
    tested = job.validation_labels if job.validation == "layer" else job.labels
    begun = judge_start(job, LABELS, label_marks(tested, job.class_field))
    plan.sentence += begun["split"]
    return begun


def _say_start(progress, start, job, stack, labels, ground, plan, device):
    for text in stack.notes:
        progress.note(text)
    for text in [*labels.left_out, *ground.notes, *plan.warnings]:
        progress.warning(text)
    if start.name != job.network and job.start_from == "model":
        progress.note(f"The network is that of the model: {start.name}.")
    counts = np.bincount(ground.pixels.labels, minlength=len(labels.class_names))
    listed = ", ".join(
        f"{name} {count:,}" for name, count in zip(labels.class_names, counts, strict=True)
    )
    progress.note(
        f"{len(labels.features):,} labels, {len(ground.pixels):,} labeled pixels ({listed}), "
        f"{len(stack.bands)} bands."
    )
    progress.note(plan.sentence)
    progress.note(f"Training on {describe(device)}.")


def _baselines(job, labels, ground, fits, progress):
    """Probabilities of the baselines at all scored pixels, part after part."""
    plan, tested, seconds = fits
    kinds, count = (FOREST, REGRESSION), 2 * len(tested)
    values, classes, cut = {kind: [] for kind in kinds}, len(labels.class_names), set()
    said = len(plan.warnings)
    for split, one in zip(plan.splits, tested, strict=True):
        learned = np.random.default_rng(job.seed).permutation(split.train)[:50_000]
        known = ground.at(learned), ground.pixels.labels[learned]
        for kind in kinds:
            done = sum(map(len, values.values())) / count
            progress(done, f"{TITLES[kind]}, for comparison")
            test = split.values[one.places]
            found, is_whole = baseline(kind, *known, test, classes, job.seed, seconds / count)
            values[kind].append(found)
            cut |= set() if is_whole else {kind}
    plan.warnings.extend(
        f"{TITLES[kind]}: MINUTES left no time to fit it in full, it may do better."
        for kind in kinds
        if kind in cut
    )
    for text in plan.warnings[said:]:
        progress.warning(text)
    return {kind: np.concatenate(parts) for kind, parts in values.items()}


def _say_scores(progress, numbers):
    area = f", ROC area {numbers['auc']:.3f}" if numbers["auc"] is not None else ""
    others = [
        f"{name.replace('_', ' ')} {entry['accuracy']:.3f} / {entry['macro_f1']:.3f}"
        + (f" / {entry['auc']:.3f}" if entry.get("auc") is not None else "")
        for name, entry in numbers["baselines"].items()
    ]
    progress.note(
        f"Accuracy {numbers['accuracy']:.3f}, macro F1 {numbers['macro_f1']:.3f}, mean IoU "
        f"{numbers['mean_iou']:.3f}, kappa {numbers['kappa']:.3f}{area}. Beside it (accuracy / macro "
        f"F1 / ROC area): {', '.join(others)}."
    )


def _write(job, card, shipped, trust, result, numbers):
    """Write what was asked for; the model first, for it is what took the time."""
    names = ("accuracy", "macro_f1", "mean_iou", "kappa", "auc")
    outputs = {name.upper(): numbers[name] for name in names if numbers[name] is not None}
    if job.model:
        model_file.save(job.model, card, shipped.network, trust.to_tensors())
    if job.report:
        write_pixel_report(job.report, result, numbers)
    written = {"MODEL": job.model, "REPORT": job.report}
    return outputs | {name: path for name, path in written.items() if path}
