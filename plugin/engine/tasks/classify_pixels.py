"""Classify every pixel of a stack of rasters."""

import os
from functools import partial

from .. import ranks, strips
from ..classification import chosen_bands, say_counts
from ..dense_prediction import predict_dense
from ..layout import Layout
from ..pixels.maps import KINDS, open_maps
from ..pixels.planning import Disagreement, area_of, check_stack, plan, windows_at_once
from ..pixels.predictor import load_predictor
from ..rasters import Stack, shown_name
from ..seen_before import as_tags

_FILLED = 0.92  # of the work, when all is written


def run(job, progress):
    """Make a map.

    Every pixel that holds data in all bands gets the class whose probability is the highest;
    the others are 0, or NaN in the rasters of numbers.

    Returns
    -------
    dict
        OUTPUT and what else was asked for of CONFIDENCE, PROBABILITIES and TRUST.

    Raises
    ------
    JobError
        If the model does not suit the rasters, or the extent lies outside.
    """
    wanted = bool(job.trust), job.test_time_augmentation
    predictor = load_predictor(job.model, job.device, *wanted)
    card, places = predictor.card, {kind: getattr(job, kind) for kind in KINDS}
    bands = chosen_bands(card, job.rasters, job.bands, progress)
    with Stack(job.rasters, bands) as stack:
        check_stack(card, stack, progress)
        area = area_of(stack, job.extent)
        layout = ranks.once(lambda: plan(predictor, area, job.overlap, job.window_size), Layout)
        _say_windows(layout, progress)
        grid, limit = stack.grid.part(*area), predictor.trust and predictor.trust.applicable
        inputs = (*job.rasters, job.model)
        known = inputs, _tags(job, layout, card), limit, progress.part(_FILLED, 1.0)
        with open_maps(places, card, grid, *known) as maps:
            _fill(maps, predictor, stack, layout, job, progress.part(0.0, _FILLED))
        _say_what_came(maps, card, stack, limit, progress)
    return {kind.upper(): path for kind, path in places.items() if path}


def _fill(maps, predictor, stack, layout, job, progress):
    watch = Disagreement(predictor.classes) if layout.blended else None
    count = ranks.once(lambda: windows_at_once(predictor, layout, job.batch_size))
    pieces = partial(predict_dense, predictor, stack, layout, progress, count, watch)
    marks = layout, count
    strips.fill(maps, len(layout.rows), pieces, progress, marks, apart=not layout.blended)
    strips.finish()
    if watch is not None and watch.text():
        progress.note(watch.text())


def _tags(job, layout, card):
    return {
        "MODEL": os.path.basename(job.model),
        "SOURCE": ", ".join(map(shown_name, job.rasters)),
        "WINDOW_SIZE": str(layout.core),
        "OVERLAP": str(2 * layout.halo),
        **as_tags(card),
    }


def _say_windows(layout, progress):
    seams = (
        "neighbors are blended"
        if layout.blended
        else "the map does not depend on the size of the windows"
    )
    count, core = len(layout), layout.core
    progress.note(
        f"{count:,} window{'s' * (count > 1)} of {core} pixel{'s' * (core > 1)}, with {layout.halo} "
        f"around each: {seams}."
    )


def _say_what_came(maps, card, stack, limit, progress):
    total = int(maps.counts.sum()) + maps.without_data
    say_counts(card, maps.counts, "pixels", progress)
    if maps.without_data:
        progress.note(f"No data: {maps.without_data:,} of {total:,} pixels.")
    if not maps.counts.any():
        progress.warning(f'"{stack.name}" holds no data there; every pixel is nodata.')
    elif limit is not None:
        share = maps.outside / int(maps.counts.sum())
        say = progress.warning if share > 0.5 else progress.note
        say(
            f"{share:.1%} of the pixels are outside of the area of applicability: they are less "
            f"like the ground of the training (dissimilarity over {limit:.3g}) than its parts "
            "are like each other."
        )
