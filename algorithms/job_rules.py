"""Which values, models and layers of a job do not go together, told before the run."""

import os
from contextlib import suppress
from functools import partial

from ..plugin.jobs.class_folders import check_classes, subfolders
from ..plugin.jobs.errors import JobError
from ..plugin.jobs.model_bands import bands_by_name, check_bands
from ..plugin.jobs.model_card import read_card
from ..plugin.jobs.raster_sizes import check_chip_fits, check_patch_fits, check_patches_held
from ..plugin.jobs.train_pixel_classifier import SMALLEST_PATCH
from .checkpoint_rule import check_checkpoint
from .class_rules import check_named, check_told_apart
from .layer_rules import check_band, check_layers, look
from .raster_header import labels_of
from .upscaling_rules import (
    check_alike,
    check_fine_and_coarse,
    check_finer,
    check_upscaler_bands,
)


def check_together(algorithm, job, parameters, context):
    """Refuse what surely cannot work, from values and headers alone; main thread only.

    Parameters
    ----------
    algorithm : JobAlgorithm
    job : object
        Checked by itself.
    parameters : dict
        Processing's parameter values.
    context : QgsProcessingContext

    Raises
    ------
    JobError
        With what was found and what to do.
    """
    asked = look(algorithm, job, parameters, context)
    check_layers(asked)
    for rule in _RULES.get(asked.name, ()):
        rule(asked)
    _check_fields(asked)
    check_checkpoint(asked)


def _check_model(asked):
    """Refuse rasters with other bands than the model was trained on."""
    stack, card = asked.stack(), read_card(asked.job.model)
    # Without a choice, the engine takes bands by their names.
    if stack and card.bands and (asked.numbers() or not bands_by_name(card, labels_of(stack))):
        _compare(card, stack, asked.numbers(), "more_rasters" in asked.headers)


def _check_first_patch(asked):
    """Refuse a raster that is smaller than a patch of the model."""
    card = read_card(asked.job.model)
    side = card.chip or card.patch
    for header in asked.stack()[:1]:
        if header.width:
            check_patch_fits(header.name, header.width, header.height, side)


def _compare(card, stack, numbers, more=False):
    """Compare the bands of a stack with those of a card; further rasters give all of theirs."""
    if not all(header.is_file for header in stack):
        return
    rest = stack[1:] if more else []
    first = stack[:1] if more else stack
    least, most = (sum(counts) for counts in zip(*(header.chosen() for header in first)))
    least, most = (len(numbers), len(numbers)) if numbers else (least, most)
    for header in rest:
        least, most = (a + b for a, b in zip((least, most), header.chosen()))
    if least <= len(card.bands) <= most:
        return
    every = [name for header in first for name in header.bands]
    names = [every[number - 1] for number in numbers] or every
    names += [name for header in rest for name in header.bands]
    title = stack[0].name + (f" and {len(stack) - 1} more" if len(stack) > 1 else "")
    try:
        check_bands(card, title, names[:most])
    except JobError as error:
        hint = " Further rasters go into MORE_RASTERS." if more and most < len(card.bands) else ""
        raise JobError(error.found, error.remedy + hint) from error


def _check_base_bands(asked):
    """Refuse to go on from a model with other bands than the rasters."""
    if asked.job.start_from == "model":
        card = read_card(asked.job.base_model)
        if card.bands:
            _compare(card, asked.stack(), asked.numbers())


def _check_training_ground(asked):
    first = asked.stack()[0]
    if asked.job.network != "pixel_mlp" and 0 < min(first.width, first.height) < SMALLEST_PATCH:
        raise JobError(
            f'"{first.name}" has {first.width} x {first.height} pixels; this network needs '
            f"at least {SMALLEST_PATCH} x {SMALLEST_PATCH}.",
            "Choose a larger raster, or the network pixel_mlp.",
        )


def _check_second_labels(asked):
    """Refuse a second layer of labels that does not name its classes in the same field."""
    source, field = asked.sources.get("validation_labels"), asked.job.class_field
    if source is not None and field and field not in source.fields().names():
        raise JobError(
            f'"{source.sourceName()}" has no field "{field}".',
            "Name its field of classes as in LABELS.",
        )


def _check_chip(asked):
    header, side = asked.stack()[0], asked.job.chip_size
    if header.width:
        check_chip_fits(header.name, header.width, header.height, side)


def _check_patches(asked):
    """Refuse a stride that cuts a whole raster in more patches than are held."""
    job = asked.job
    for header in asked.stack()[:1]:
        if job.stride and not job.extent:
            check_patches_held(header.name, header.width, header.height, job.stride)


def _check_one_grid(asked):
    """Refuse a series whose grids differ in size."""
    first = asked.stack()[0]
    for header in asked.stack()[1:]:
        if (header.width, header.height) != (first.width, first.height):
            raise JobError(
                f'"{header.name}" has {header.width} x {header.height} cells, "{first.name}" has '
                f"{first.width} x {first.height}; a series needs one grid.",
                "Bring all rasters to one grid first, with Warp (reproject) or Align rasters.",
            )


def _check_trained_grid(asked):
    first, training = asked.stack()[0], read_card(asked.job.model).training
    width, height = training.get("width"), training.get("height")
    if width and height and (first.width, first.height) != (width, height):
        raise JobError(
            f'Model "{os.path.basename(asked.job.model)}" was trained on {width} x {height} cells; '
            f'"{first.name}" has {first.width} x {first.height}.',
            "Bring the rasters to the grid of the training, or train a model on this grid.",
        )


def _check_degrees(asked):
    header = asked.stack()[0]
    if not header.crs.isGeographic():
        raise JobError(
            f'"{header.name}" is not in longitude and latitude.',
            "Choose a raster that Forecast seismic grid made.",
        )


def _check_map_band(asked):
    for header in asked.headers["classified"]:
        check_band(header, asked.job.band)


def _check_fields(asked):
    """Refuse dates where numbers are asked for."""
    for name in ("magnitude_field", "depth_field"):
        field, source = getattr(asked.job, name, ""), asked.sources.get("catalog")
        if field and source is not None and source.fields().field(field).isDateOrTime():
            raise JobError(
                f'Field "{field}" of "{source.sourceName()}" holds dates and no numbers.',
                f"Choose another field in {name.upper()}, or leave it empty.",
            )


def _check_class_folders(asked):
    """Refuse a folder of images that has no subfolders for classes."""
    if os.path.isdir(asked.job.input):
        with suppress(OSError):  # the engine tells of what cannot be read
            check_classes(asked.job.input, subfolders(asked.job.input))


_MODEL = (_check_model,)
_RULES = {
    "train_image_classifier": (_check_class_folders,),
    "classify_raster": (_check_model, _check_first_patch),
    "classify_features": (_check_model, _check_first_patch),
    "classify_pixels": _MODEL,
    "suggest_labels": _MODEL,
    "detect_objects": _MODEL,
    "explain_classification": (_check_model, partial(check_named, labels="labels")),
    "map_embedding": (_check_model, _check_patches),
    "train_pixel_classifier": (
        _check_training_ground,
        _check_second_labels,
        _check_base_bands,
        check_told_apart,
    ),
    "train_object_detector": (check_alike, partial(check_named, labels="boxes")),
    "export_training_chips": (_check_chip, partial(check_named, labels="labels")),
    "upscale_raster": (check_finer, check_upscaler_bands),
    "train_upscaler": (check_finer, check_fine_and_coarse),
    "train_grid_forecast": (_check_one_grid,),
    "forecast_grid": (_check_one_grid, _check_trained_grid),
    "export_csep_forecast": (_check_degrees,),
    "assess_accuracy": (_check_map_band, partial(check_named, labels="reference")),
}
