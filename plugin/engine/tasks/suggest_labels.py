"""Suggest where a new label would teach most."""

from contextlib import closing

import numpy as np

from ...jobs.errors import JobError
from ...jobs.model_card import class_names
from ..classification import chosen_bands
from ..dense_prediction import predict_dense
from ..pixels.burning import make_shapes
from ..pixels.planning import area_of, check_stack, plan, windows_at_once
from ..pixels.predictor import load_predictor
from ..pixels.suggesting import BRUSH, Gatherer, Sight, choose
from ..rasters import Stack
from ..vectors import Feature, read_features, write_features

_COLUMNS = [("rank", "integer"), ("class", "text"), ("confidence", "real"), ("doubt", "real"),
            ("dissimilarity", "real")]  # fmt: skip
_SHARE_OF_SPACING = 0.1


def run(job, progress):
    """Suggest labels.

    Returns
    -------
    dict
        OUTPUT.

    Raises
    ------
    JobError
        If the model does not suit the rasters, or no place is left to suggest.
    """
    predictor = load_predictor(job.model, job.device, trust=True)
    bands = chosen_bands(predictor.card, job.rasters, job.bands, progress)
    with Stack(job.rasters, bands) as stack:
        check_stack(predictor.card, stack, progress)
        area = area_of(stack, job.extent)
        distance = _distance(job, stack.grid, area)
        gatherer = _look(job, predictor, stack, area, progress)
        found = gatherer.candidates()
        chosen, doubts, unlike = choose(
            found, gatherer.labeled(), predictor.trust, job.count, distance
        )
        _say_what_came(job, chosen, distance, stack, progress)
        rows = _features(found, chosen, doubts, unlike, predictor.card, stack.grid)
        write_features(job.output, rows, _COLUMNS, stack.grid.crs)
    return {"OUTPUT": job.output}


def _distance(job, grid, area):
    """Least distance of two places in pixels."""
    if job.distance:
        return job.distance / abs(grid.transform.determinant) ** 0.5
    return _SHARE_OF_SPACING * (area[2] * area[3] / job.count) ** 0.5


def _look(job, predictor, stack, area, progress):
    """Go through the whole map once."""
    shapes = _shapes(job.labels, stack.grid) if job.labels else []
    gatherer = Gatherer(area, job.count, predictor.classes, shapes, job.seed)
    layout = plan(predictor, area)
    count = windows_at_once(predictor, layout, job.batch_size)
    pieces = predict_dense(Sight(predictor), stack, layout, progress.part(0, 0.95), count)
    with closing(pieces):
        for piece in pieces:
            gatherer.look(piece)
    return gatherer


def _shapes(path, grid):
    features = read_features(path, grid.crs)
    return make_shapes(features, [0] * len(features), grid, BRUSH)


def _say_what_came(job, chosen, distance, stack, progress):
    if not len(chosen):
        raise JobError(
            f'"{stack.name}" has no place left to suggest: it holds no data there, or every '
            f"pixel lies within {distance:.0f} pixels of a label.",
            "Choose another extent, or a smaller DISTANCE.",
        )
    if len(chosen) < job.count:
        progress.warning(
            f"{len(chosen)} of {job.count} places are {distance:.0f} pixels from each other and "
            "from labels. Choose a smaller DISTANCE to get more."
        )


def _features(found, chosen, doubts, unlike, card, grid):
    names = class_names(card)
    for rank, number in enumerate(chosen, start=1):
        easting, northing = grid.to_ground(*(found.positions[number] + 0.5))
        chances = found.chances[number]
        yield Feature(
            rank,
            {"type": "Point", "coordinates": [float(easting), float(northing)]},
            {
                "rank": rank,
                "class": names[int(np.argmax(chances))],
                "confidence": float(chances.max()),
                "doubt": float(doubts[rank - 1]),
                "dissimilarity": float(unlike[rank - 1]),
            },
        )
