"""Background for presence-only labels: places by chance, away from all labels."""

import numpy as np
from scipy.spatial import cKDTree

from ...jobs.errors import JobError
from ...jobs.label_classes import BACKGROUND
from ..vectors import Feature
from .burning import burn
from .labels import Labels

_FEWEST, _FOR_EACH = 300, 4
_DISTANCE = 3.0  # in radii of a place
_TRIES = 40


def add_background(labels, stack, seed, progress):
    """Add points of a class "background" to labels of presence.

    They lie where the rasters hold data, by chance over the whole ground, not nearer than three
    radii to a label: four for each label, at least 300. They stand for the ground as a whole, so
    some of them may be presence that nobody has found yet.

    Parameters
    ----------
    labels : Labels
        Of presence, in the CRS of the stack.
    stack : Stack
    seed : int
    progress : Progress

    Returns
    -------
    Labels

    Raises
    ------
    JobError
        If no ground is left.
    """
    wanted = max(_FEWEST, _FOR_EACH * len(labels.features))
    known = _labeled_places(labels, stack.grid)
    places = _draw(stack, known, labels.brush.point, wanted, seed, progress)
    if len(places) < wanted // 10:
        raise JobError(
            "There is hardly any ground without labels to take as background.",
            "Choose BACKGROUND none and label the other classes.",
        )
    eastings, northings = stack.grid.to_ground(places[:, 0] + 0.5, places[:, 1] + 0.5)
    points = [
        Feature(-number, {"type": "Point", "coordinates": [float(e), float(n)]})
        for number, (e, n) in enumerate(zip(eastings, northings, strict=True), 1)
    ]
    values = np.full(len(points), len(labels.class_names))
    return Labels(
        [*labels.features, *points],
        np.concatenate([labels.values, values]),
        [*labels.class_names, BACKGROUND],
        labels.brush,
        labels.left_out,
    )


def _draw(stack, known, radius, wanted, seed, progress):
    """Rows and columns (n, 2) of pixels that hold data, away from labels."""
    chance, size = np.random.default_rng([seed, 7]), (stack.grid.height, stack.grid.width)
    chosen = np.zeros((0, 2), np.int64)
    for _ in range(_TRIES):
        drawn = np.stack([chance.integers(0, side, wanted) for side in size], axis=1)
        drawn = np.unique(drawn, axis=0)[chance.permutation(len(np.unique(drawn, axis=0)))]
        far = cKDTree(known).query(drawn + 0.5)[0] > _DISTANCE * max(radius, 1.0)
        holds = []
        for row, column in drawn[far]:
            progress.check()
            valid = stack.read(int(row), int(column), 1, 1)[1]
            holds.append(valid is None or bool(valid[0, 0]))
        chosen = np.unique(np.concatenate([chosen, drawn[far][np.array(holds, bool)]]), axis=0)
        progress(min(len(chosen) / wanted, 1.0), f"Background: {len(chosen):,} places")
        if len(chosen) >= wanted:
            break
    return chosen[chance.permutation(len(chosen))[:wanted]]


def _labeled_places(labels, grid):
    """Rows and columns (n, 2) of places that labels cover, a few for each."""
    places = []
    for shape in labels.shapes(grid):
        places.extend(ring[:, ::-1] for ring in shape.rings)
        if shape.kind == "Polygon":
            places.append(_inside(shape, labels.brush))
    known = np.concatenate(places) if places else np.zeros((0, 2))
    return known if len(known) else np.full((1, 2), -1e9)


def _inside(shape, brush):
    """The pixels that a polygon covers, thinned to steps of a few pixels."""
    top, left, bottom, right = (int(value) for value in shape.box)
    step = max(1, (max(bottom - top, right - left)) // 256)
    mask, _, _ = burn([shape], top, left, max(bottom - top, 1), max(right - left, 1), brush)
    rows, columns = np.nonzero(mask >= 0)
    places = np.stack([rows[::step] + top, columns[::step] + left], axis=1) + 0.5
    return places.astype(float)
