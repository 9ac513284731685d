"""Make images with a trained generator."""

import csv
import io
import os
from collections import Counter

import numpy as np
import torch

from ...jobs.generate_images import check_class
from ...jobs.model_card import class_names
from ...jobs.places import written_whole
from ..chips import folder_names
from ..generation.copies import MANY as MANY_COPIES
from ..generation.generator import load_maker
from ..generation.guard import LEAST_VARIETY
from ..generation.pictures import enlarged, png, sheet, shown
from ..new_folders import new_folder, refuse_used_folder
from ..rasters import check_space, image_ending, unwritable, write_new_image

_ON_THE_SHEET, _SHEET_COLUMNS, _SHEET_SIDE = 100, 10, 128  # images, images, pixels


def run(job, progress):
    """Make images into a folder; the image of a seed is always the same.

    The seeds count up from the job's. Without a class the classes take turns by seed, so that a
    seed stands for one image of one class.

    Returns
    -------
    dict
        OUTPUT and, if asked for, MANIFEST and CONTACT_SHEET.

    Raises
    ------
    JobError
        If the model is no generator or does not know the class, or the folder is not empty.
    Stopped
        If the user cancels; nothing is left.
    """
    output = os.path.abspath(job.output)
    refuse_used_folder(output)
    maker = load_maker(job.model, job.device)
    wanted = _wanted(maker, job)
    folders = folder_names(maker.classes) if maker.card.classes else {"": ""}
    _check_disk(output, maker.card, job.count)
    _say_what_comes(maker, wanted, progress)
    rows, first = [], []
    with new_folder(output, {folders[maker.classes[label]] for _, label in wanted}) as part:
        for number, (seed, label) in enumerate(wanted, 1):
            progress(number / job.count, f"Image {number:,} of {job.count:,}")
            image = maker.image(seed, label)
            rows.append(_write_image(maker, image, (seed, label), folders, part))
            if job.contact_sheet and number <= _ON_THE_SHEET:
                first.append(image)
    return {"OUTPUT": job.output, **_write_lists(job, rows, first)}


def _wanted(maker, job):
    """Seed and class number of every image."""
    seeds = range(job.seed, job.seed + job.count)
    if not job.class_name:
        return [(seed, maker.class_of(seed)) for seed in seeds]
    check_class(maker.card, job.model, job.class_name)
    number = class_names(maker.card).index(job.class_name)
    return [(seed, number) for seed in seeds]


def _check_disk(output, card, count):
    """Refuse if the images may not fit the disk; PNG may be smaller than what is counted."""
    place = output
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    size = len(card.bands) * card.patch**2 * np.dtype(card.dtype).itemsize
    check_space(place, size * count)


def _say_what_comes(maker, wanted, progress):
    card = maker.card
    counts = Counter(maker.classes[label] for _, label in wanted)
    for name, count in counts.items():
        progress.note(f"{name or 'Images'}: {count:,} of {card.patch} x {card.patch} pixels")
    share, variety = card.scores.get("copies"), card.scores.get("variety")
    usual, many = (
        card.scores.get("copies_of_new", 0.05),
        card.scores.get("many_copies", MANY_COPIES),
    )
    if isinstance(share, float) and isinstance(many, float) and share > many:
        progress.warning(
            f"When this generator was trained, {share:.0%} of its images counted as copies of "
            f"training images ({usual:.0%} of new images would)."
        )
    if isinstance(variety, float) and variety < LEAST_VARIETY:
        progress.warning(
            f"The images of this generator are only {variety:.0%} as varied as the real ones."
        )


def _write_image(maker, image, wanted, folders, part):
    """Write an image; gives its row of the manifest."""
    seed, label = wanted
    card, name = maker.card, maker.classes[label]
    folder = folders[name]
    file = f"{folder or 'image'}_{seed:08d}{image_ending(card.dtype, len(card.bands))}"
    path = os.path.join(folder, file)
    names = [band["name"] for band in card.bands]
    write_new_image(os.path.join(part, path), maker.values(image), names)
    return [path, name, seed]


def _write_lists(job, rows, first):
    """Write the manifest and the contact sheet, if they were asked for."""
    written = {}
    if job.manifest:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([["path", "class", "seed"], *rows])
        _write(job.manifest, text.getvalue().encode("utf-8"))
        written["MANIFEST"] = job.manifest
    if job.contact_sheet:
        page = sheet(shown(torch.stack(first)), min(_SHEET_COLUMNS, len(first)))
        side = first[0].shape[-1]
        times = max(1, _SHEET_SIDE // side)
        _write(job.contact_sheet, png(enlarged(page, times * min(page.shape[:2]))))
        written["CONTACT_SHEET"] = job.contact_sheet
    return written


def _write(path, content):
    try:
        with written_whole(path, "wb") as file:
            file.write(content)
    except OSError as error:
        raise unwritable(path, error) from error
