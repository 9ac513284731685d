"""Show what a classifier looked at."""

import os

import numpy as np

from ...jobs.errors import JobError
from ...jobs.model_card import class_names
from ..countdown import Countdown
from ..explanation.band_importance import band_importance
from ..explanation.inputs import (
    affordable_patches,
    find_images,
    folder_labels,
    is_images,
    label_corners,
    patches_at,
    read_squares,
    spread_corners,
)
from ..explanation.layers import check_patches, open_input
from ..explanation.mosaic import Mosaic
from ..explanation.pictures import new_pictures, overlay, shown_image
from ..explanation.report import Examples, write_band_report, write_heat_report
from ..explanation.subject import load_subject
from ..rasters import new_raster, shown_name
from ..vectors import Feature, write_features

_FOUND = 0.95  # of the work, when all is explained
_NAMES = {
    "gradcam": "Grad-CAM, log-odds",
    "occlusion": "drop of probability",
    "integrated_gradients": "integrated gradients, log-odds",
}


def run(job, progress):
    """Explain what a model says of images or of a raster.

    Returns
    -------
    dict
        OUTPUT, PICTURES and TABLE as far as asked for, REPORT, TOP_BAND.

    Raises
    ------
    JobError
        If the model does not suit the input, or nothing of it can be read.
    """
    subject = load_subject(job.model, job.device, job.batch_size)
    raster_only = bool(job.output or job.more_rasters)
    images = not raster_only and is_images(job.input, bool(job.pictures))
    if job.method == "band_importance":
        return _explain_bands(job, subject, images, progress)
    explain = _explain_images if images else _explain_raster
    explain(job, subject, progress)
    outputs = {"OUTPUT": job.output, "PICTURES": job.pictures, "REPORT": job.report}
    return {**{name: path for name, path in outputs.items() if path}, "TOP_BAND": ""}


def _class_number(job, card):
    return class_names(card).index(job.class_name) if job.class_name else None


def _subtitle(job, card):
    names = f"{shown_name(job.input.rstrip(os.sep))}, {os.path.basename(job.model)}"
    return names + (f", class {job.class_name}" if job.class_name else "")


def _explain_images(job, subject, progress):
    paths, names = find_images(job.input)
    examples = Examples(len(subject.card.classes), len(paths))
    tell = Countdown(progress, len(paths), "Image")
    with new_pictures(job.pictures) as save:
        for place, square in read_squares(subject, paths, progress):
            heat, number, chance = _explain_one(job, subject, square, progress)
            pixels = shown_image(square, subject.card)
            examples.add(pixels, heat, number, chance, names[place])
            save(names[place], overlay(pixels, heat))
            tell(place + 1)
    _report(job, subject.card, examples, "images", progress)


def _explain_one(job, subject, square, progress):
    """Heat, class and probability of one image."""
    number = _class_number(job, subject.card)
    heat, classes, chances = subject.heat(square[None], job.method, number, job, progress.check)
    return heat[0], int(classes[0]), float(chances[0, classes[0]])


def _explain_raster(job, subject, progress):
    with open_input(job, subject.card, progress) as raster:
        window, side = check_patches(subject, raster, job.extent, progress)
        mosaic = Mosaic(raster, window, side)
        examples = Examples(len(subject.card.classes), mosaic.patches)
        tell = Countdown(progress.part(0.0, _FOUND), mosaic.patches, "Patch")
        rows = mosaic.rows(_finder(job, subject, examples, tell))
        if job.output:
            _write_heat(job, raster, window, rows, progress)
        else:
            for _ in rows:
                progress.check()
        if not examples.counts.any():
            raise JobError(f'"{raster.name}" holds no data there.', "Choose another extent.")
    _report(job, subject.card, examples, "patches", progress)


def _finder(job, subject, examples, tell):
    number = _class_number(job, subject.card)

    def find(images):
        found = [np.zeros((0, *images.shape[2:]), np.float32)]
        for start in range(0, len(images), subject.batch_size):
            some = images[start : start + subject.batch_size]
            heats, classes, chances = subject.heat(some, job.method, number, job, tell.check)
            for image, heat, one, chance in zip(some, heats, classes, chances, strict=True):
                examples.add(shown_image(image, subject.card), heat, int(one), float(chance[one]))
            found.append(heats)
            tell(int(examples.counts.sum()))
        return np.concatenate(found)

    return find


def _write_heat(job, raster, window, rows, progress):
    row, column, height, width = window
    grid = raster.grid.part(row, column, height, width)
    tags = {"MODEL": os.path.basename(job.model), "METHOD": job.method}
    names, inputs = [_NAMES[job.method]], (job.input, *(job.more_rasters or ()), job.model)
    known = {"tags": tags, "inputs": inputs, "progress": progress.part(_FOUND, 1.0)}
    with new_raster(job.output, grid, "float32", names, np.nan, **known) as file:
        for first, heat in rows:
            file.write(heat[None], first)


def _report(job, card, examples, what, progress):
    for number in np.flatnonzero(examples.counts):
        count = examples.counts[number]
        progress.note(f"{class_names(card)[number]}: {count:,} {what} explained")
    if job.report:
        write_heat_report(job.report, card, job.method, examples, _subtitle(job, card), what)


def _explain_bands(job, subject, images, progress):
    gather = _gather_images if images else _gather_patches
    values, labels, what = gather(job, subject, progress.part(0.0, 0.2))
    spread = subject.of_pixels and labels is None

    def ask(images):
        return subject.probabilities(images, progress.check, spread)

    classes = ask(values).argmax(1) if labels is None else labels
    if spread:
        classes[np.isnan(subject.asked_pixels(values)).any(axis=1)] = -1
    classes = _only(job.class_name, classes, subject.card, labels is not None)
    tell = Countdown(progress.part(0.2, 1.0), len(subject.card.bands) * job.repeats, "Shuffle")
    found = band_importance(
        ask, values, classes, labels is not None, job.repeats, job.seed,
        lambda done, total: tell(done),
    )  # fmt: skip
    worth = "probability" if labels is None else "accuracy"
    return _write_bands(job, subject.card, found, worth, len(values), what, progress)


def _only(name, classes, card, are_true):
    """The classes of answers, -1 where they are not the class that is asked for."""
    if name:
        classes = np.where(classes == class_names(card).index(name), classes, -1)
    if (classes >= 0).any():
        return classes
    if not name:
        raise JobError("Hardly any pixel there holds data.", "Choose another extent.")
    if are_true:
        raise JobError(f'Nothing there is labeled "{name}".', "Choose another class, or none.")
    raise JobError(
        f'The model gives class "{name}" nowhere there.', "Choose another class, or none."
    )


def _gather_images(job, subject, progress):
    """Squares of some images, and their classes if the subfolders tell them."""
    most = affordable_patches(len(subject.card.bands), subject.card.patch)
    paths, names = find_images(job.input)
    labels = folder_labels(names, subject.card)
    chosen = np.flatnonzero(labels >= 0) if (labels >= 0).any() else np.arange(len(paths))
    chosen = chosen[np.unique(np.linspace(0, len(chosen) - 1, min(len(chosen), most)).astype(int))]  # fmt: skip
    read = list(read_squares(subject, [paths[place] for place in chosen], progress))
    values = np.stack([square for _, square in read])
    labels = labels[chosen[[place for place, _ in read]]]
    if (labels < 0).any():
        progress.note("The subfolders are no classes of the model: its own answers are explained.")
        return values, None, "images"
    return values, labels, "images"


def _gather_patches(job, subject, progress):
    """Some patches, around the labels if there are some, else evenly over the raster."""
    most = affordable_patches(len(subject.card.bands), subject.side)
    with open_input(job, subject.card, progress) as raster:
        window, side = check_patches(subject, raster, job.extent, progress)
        if not job.labels:
            corners = spread_corners(window, side, most)
            return patches_at(raster, corners, side, progress)[0], None, "patches"
        corners, labels = label_corners(job.labels, job.class_field, raster, side, subject.card)
        some = np.random.default_rng(job.seed).permutation(len(labels))[:most]
        values, keys = patches_at(raster, corners[some], side, progress)
        return values, labels[some][keys], "patches"


def _write_bands(job, card, found, worth, count, what, progress):
    names = [band["name"] for band in card.bands]
    drops = found.drops.mean(axis=1)
    best = names[int(drops.argmax())]
    progress.note(f'Most important: "{best}"; without it {worth} falls by {100 * drops.max():.1f} points.')  # fmt: skip
    if job.report:
        subtitle = f"{_subtitle(job, card)}, {count:,} {what}"
        write_band_report(job.report, card, found, worth, count, subtitle, what)
    if job.table:
        kinds = ["text", "real", "real", "real"]
        columns = list(zip(("band", "loss", "spread", "changed"), kinds, strict=True))
        spread = found.drops.std(axis=1)
        rows = [
            Feature(b + 1, None, {"band": names[b], "loss": float(drops[b]),
                                  "spread": float(spread[b]), "changed": float(found.changed[b].mean())})
            for b in np.argsort(-drops, kind="stable").tolist()
        ]  # fmt: skip
        write_features(job.table, rows, columns)
    outputs = {"REPORT": job.report, "TABLE": job.table}
    return {**{name: path for name, path in outputs.items() if path}, "TOP_BAND": best}
