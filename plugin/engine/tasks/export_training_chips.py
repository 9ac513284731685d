"""Cut labeled chips out of a raster."""

import os
from collections import Counter
from dataclasses import replace

import numpy as np

from ...jobs.errors import JobError
from ...jobs.raster_sizes import check_chip_fits
from ..chips import folder_names, plan_chips, safe_name, usual_side
from ..new_folders import new_folder, refuse_used_folder
from ..rasters import Raster, check_space, write_chip
from ..vectors import Feature, read_features, write_features
from ..windows import usable_patches

_REASONS = {
    "NULL": "{} labels have no class and are left out.",
    "no geometry": "{} labels have no geometry and are left out.",
    "outside": '{} labels lie outside "{raster}" and are left out.',
    "border": "{} chips would reach beyond the raster and are left out.",
    "no data": "{} chips hold too little data (their middle, or half of them) and are left out.",
}
_COLUMNS = [
    ("class", "text"),
    ("path", "text"),
    ("feature", "integer"),
    ("row", "integer"),
    ("column", "integer"),
]


def run(job, progress):
    """Cut chips into a folder with a subfolder per class.

    A chip is a GeoTIFF with the raster's values, data type, nodata and band names, called
    ``<raster>_f<feature>_<row>_<column>.tif``.

    Returns
    -------
    dict
        OUTPUT, CHIPS and, if asked for, FOOTPRINTS.

    Raises
    ------
    JobError
        If the folder is not empty, the raster is smaller than a chip, or no chip can be cut.
    """
    output = os.path.abspath(job.output)
    refuse_used_folder(output)
    with Raster(job.input, job.bands) as raster:
        labels = _read_labels(job, raster)
        if not job.chip_size:
            job = replace(job, chip_size=usual_side(labels, raster.grid))
            progress.note(f"Chips of {job.chip_size} x {job.chip_size} pixels are cut.")
        _check_raster(raster, job.chip_size, progress)
        step = job.stride or job.chip_size
        plan = plan_chips(
            labels, job.class_field, raster.grid, job.chip_size, step, progress.part(0.0, 0.1)
        )
        _refuse_nothing(plan, len(labels), raster)
        folders = folder_names(dict.fromkeys(chip.class_name for chip in plan.chips))
        with new_folder(output, folders.values()) as part:
            written = _cut(plan, raster, folders, part, job.chip_size, progress.part(0.1, 1.0))
            _refuse_nothing(plan, len(labels), raster, written)
            footprints = _write_footprints(job, raster, folders, written, output)
            _remove_unused(part)
        _say_what_came(plan, written, folders, raster, progress)
    return {"OUTPUT": job.output, "CHIPS": len(written), **footprints}


def _check_raster(raster, side, progress):
    check_chip_fits(raster.name, raster.grid.width, raster.grid.height, side)
    if raster.is_palette:
        progress.warning(
            f'"{raster.name}" has a color table: chips get its numbers, not its colors. Turn it '
            "into red, green and blue first if the colors matter."
        )


def _read_labels(job, raster):
    labels = read_features(job.labels, raster.grid.crs)
    if not labels:
        raise JobError("The labels have no features.", "Choose a layer with labels.")
    known = {name for label in labels for name in label.properties}
    if job.class_field not in known:
        raise JobError(
            f'The labels have no field "{job.class_field}".',
            f"Choose one of: {', '.join(sorted(known)) or 'none'}.",
        )
    return labels


def _refuse_nothing(plan, count, raster, written=None):
    """Refuse if there is no chip, with the most frequent reason."""
    if plan.chips if written is None else written:
        return
    why, much = plan.left_out.most_common(1)[0]
    reason = _REASONS[why].format(f"{much:,}", raster=raster.name)
    remedy = {
        "NULL": "Choose another class field.",
        "outside": "Choose the raster that the labels belong to, and check the CRS of both.",
        "border": "Choose a smaller chip size.",
        "no data": "Choose labels where the raster holds data.",
    }.get(why, "Choose other labels.")
    raise JobError(f"No chip can be cut for {count:,} labels: {reason}", remedy)


def _cut(plan, raster, folders, part, side, progress):
    """Write the chips into the folder `part`; return those written."""
    bytes_each = len(raster.bands) * side**2 * np.dtype(raster.dtype).itemsize
    check_space(part, bytes_each * len(plan.chips))
    stem, written = safe_name(os.path.splitext(raster.name)[0]), []
    for number, chip in enumerate(plan.chips, 1):
        progress(number / len(plan.chips), f"Chip {number:,} of {len(plan.chips):,}")
        values, valid = raster.read(chip.row, chip.column, side, side)
        if valid is not None and not usable_patches(valid, side, side).all():
            plan.left_out["no data"] += 1
            continue
        path = os.path.join(part, folders[chip.class_name], chip.file_name(stem))
        write_chip(path, values, valid, raster, chip.row, chip.column)
        written.append(chip)
    return written


def _write_footprints(job, raster, folders, written, output):
    if not job.footprints:
        return {}
    stem, side = safe_name(os.path.splitext(raster.name)[0]), job.chip_size
    rows = []
    for number, chip in enumerate(written, 1):
        path = os.path.join(output, folders[chip.class_name], chip.file_name(stem))
        known = [chip.class_name, path, chip.feature, chip.row, chip.column]
        ring = raster.grid.part(chip.row, chip.column, side, side).outline()
        outline = {"type": "Polygon", "coordinates": [ring]}
        values = dict(zip([name for name, _ in _COLUMNS], known, strict=True))
        rows.append(Feature(number, outline, values))
    write_features(job.footprints, rows, _COLUMNS, raster.grid.crs)
    return {"FOOTPRINTS": job.footprints}


def _remove_unused(part):
    """Remove the folders of classes that got no chip."""
    for name in os.listdir(part):
        if not os.listdir(os.path.join(part, name)):
            os.rmdir(os.path.join(part, name))


def _say_what_came(plan, written, folders, raster, progress):
    for why, count in plan.left_out.items():
        if count:
            progress.warning(_REASONS[why].format(f"{count:,}", raster=raster.name))
    counts = Counter(chip.class_name for chip in written)
    for name, count in counts.most_common():
        progress.note(f"{name}: {count:,} chips")
    for name, folder in folders.items():
        if folder != name:
            progress.warning(f'Class "{name}" is in the folder "{folder}".')
    if len(counts) == 1:
        progress.warning(f'All chips are of one class, "{name}"; a classifier needs two.')
    twice = _in_two_classes(written)
    if twice:
        progress.warning(f"{twice:,} chips were cut at one place for two classes: labels overlap.")
    progress.note(
        "Chips keep their places: the validation keeps neighbors apart by itself. To keep the "
        r"chips of one label together too, train with GROUPS ^(.+_f-?\d+)_\d+_\d+$"
    )


def _in_two_classes(written):
    places = {}
    for chip in written:
        places.setdefault((chip.row, chip.column), set()).add(chip.class_name)
    return sum(len(names) > 1 for names in places.values())
