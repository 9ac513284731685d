"""Labels on a map: which classes they name, and how they become ground."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ...jobs.errors import JobError
from ...jobs.label_classes import check_classes
from ..class_names import classes_of
from ..vectors import pieces, read_features
from .burning import Brush, make_shapes

PRESENCE = "presence"
_AUTOMATIC_LINE, _AUTOMATIC_POINT = 1.0, 1.0  # pixels: half a line's width, a point's radius


@dataclass
class Labels:
    """Labels of a map, in the CRS of its rasters.

    Attributes
    ----------
    features : list of Feature
        Those with a class and a geometry.
    values : numpy.ndarray of int, shape (n,)
        Class of every feature, counted from 0.
    class_names : list of str
    brush : Brush
    left_out : list of str
        What was left out, a sentence each.
    """

    features: list
    values: np.ndarray
    class_names: list
    brush: Brush
    left_out: list = field(default_factory=list)

    def shapes(self, grid):
        """Their pieces in pixels of a grid; see `burning.Shape`."""
        return make_shapes(self.features, self.values, grid, self.brush)


def read_labels(job, path, grid, class_names=None):
    """Read the labels of a job.

    Parameters
    ----------
    job : TrainPixelClassifier
    path : str
        GeoJSON.
    grid : Grid
    class_names : list of str, optional
        The classes that may appear, in their order; the names in the labels, sorted, if not given.

    Returns
    -------
    Labels

    Raises
    ------
    JobError
        If there are none, the field is not there, or none has a class and a geometry.
    """
    features = read_features(path, grid.crs)
    if not features:
        raise JobError("The labels have no features.", "Choose a layer with labels.")
    names = _names(features, job.class_field)
    kept = [i for i, f in enumerate(features) if names[i] and pieces(f.geometry)]
    left_out = _left_out(features, names, job.class_field)
    if not kept:
        raise JobError(
            f"No label has a class and a geometry: {left_out[0]}",
            "Choose another layer of labels, or another class field.",
        )
    known = class_names or _sorted(names[i] for i in kept)
    unknown = [i for i in kept if names[i] not in known]
    if unknown:
        left_out.append(
            f"{len(unknown):,} validation labels are of classes that are not learned, such as "
            f'"{names[unknown[0]]}", and are left out.'
        )
    kept = [i for i in kept if names[i] in known]
    values = np.array([known.index(names[i]) for i in kept], np.int64)
    return Labels([features[i] for i in kept], values, known, make_brush(job, grid), left_out)


def make_brush(job, grid):
    """The widths of a job in pixels of a grid."""
    side = abs(grid.transform.determinant) ** 0.5
    return Brush(
        line=job.line_width / 2 / side or _AUTOMATIC_LINE,
        point=job.point_radius / side or _AUTOMATIC_POINT,
        inner_buffer=job.inner_buffer / side,
    )


def _names(features, class_field):
    if not class_field:
        return [PRESENCE] * len(features)
    known = {name for feature in features for name in feature.properties}
    if class_field not in known:
        raise JobError(
            f'The labels have no field "{class_field}".',
            f"Choose one of: {', '.join(sorted(known)) or 'none'}.",
        )
    return classes_of(features, class_field)


def _sorted(names):
    """The different names; numbers by their size."""
    names = set(names)
    if all(name.lstrip("-").isdigit() for name in names):
        return sorted(names, key=int)
    return sorted(names)


def _left_out(features, names, class_field):
    without_class = sum(not name for name in names)
    without_place = sum(not pieces(f.geometry) for f, name in zip(features, names, strict=True) if name)  # fmt: skip
    texts = []
    if without_class:
        texts.append(f'{without_class:,} labels have no "{class_field}" and are left out.')
    if without_place:
        texts.append(f"{without_place:,} labels have no geometry and are left out.")
    return texts


def check_labels(labels, background, split):
    """Refuse labels that leave nothing to tell apart, or nothing to test on: `check_classes`."""
    counts = _count_pieces(labels)
    named = {name: counts[place] for place, name in enumerate(labels.class_names)}
    check_classes(named, background, split)


def _count_pieces(labels):
    """Polygons, lines and points of every class."""
    counts = Counter()
    for feature, value in zip(labels.features, labels.values.tolist(), strict=True):
        counts[value] += len(pieces(feature.geometry))
    return counts
