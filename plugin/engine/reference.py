"""Reference data of an assessment: places whose true class is known, and the map's class there."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..jobs.errors import JobError
from ..jobs.label_classes import class_name
from .vectors import middle, pieces, read_features


@dataclass(frozen=True)
class Reference:
    """Places whose true class is known.

    Attributes
    ----------
    names : list of str
        Classes as the reference writes them.
    points : ndarray, shape (n, 2)
        Eastings and northings.
    point_labels : ndarray of int, shape (n,)
        Number of the class in `names`.
    polygons : list of list
        Rings of every polygon.
    polygon_labels : ndarray of int
    left_out : Counter
        Features that cannot be used, by reason.
    """

    names: list
    points: np.ndarray
    point_labels: np.ndarray
    polygons: list = field(default_factory=list)
    polygon_labels: np.ndarray = None
    left_out: Counter = field(default_factory=Counter)

    def as_points(self):
        """The same with every polygon as the point in its middle."""
        middles = [middle("Polygon", rings) for rings in self.polygons]
        points = np.concatenate([self.points, np.array(middles, float).reshape(-1, 2)])
        labels = np.concatenate([self.point_labels, self.polygon_labels])
        return Reference(self.names, points, labels, [], labels[:0], self.left_out)


def read_reference(path, class_field, crs=None, keep=""):
    """Read the reference features of a GeoJSON file.

    Parameters
    ----------
    path : str
    class_field : str
        Field that names the class; empty if all features are of one.
    crs : rasterio.crs.CRS, optional
        What the coordinates are turned into.
    keep : str
        The only class that is wanted; empty for all.

    Returns
    -------
    Reference

    Raises
    ------
    JobError
        If no feature has a class and a place, or the field does not exist.
    """
    features = read_features(path, crs)
    _check_field(features, class_field)
    left_out, points, polygons = Counter(), [], []
    for feature in features:
        name = class_name(feature.properties.get(class_field)) if class_field else "deposit"
        found = pieces(feature.geometry)
        reason = _why_not(name, found, keep)
        if reason:
            left_out[reason] += 1
            continue
        points += [(name, middle(*piece)) for piece in found if piece[0] == "Point"]
        polygons += [(name, rings) for kind, rings in found if kind == "Polygon"]
    return _gathered(points, polygons, left_out, keep)


def _check_field(features, class_field):
    known = {name for feature in features for name in feature.properties}
    if class_field and class_field not in known:
        raise JobError(
            f'The reference has no field "{class_field}".',
            f"Choose one of: {', '.join(sorted(known)) or 'none'}.",
        )


def _why_not(name, found, keep):
    if not found:
        return "no geometry"
    if not name:
        return "NULL"
    if not any(kind in ("Point", "Polygon") for kind, _ in found):
        return "line"
    return "other class" if keep and not same_class(name, keep) else ""


def _gathered(points, polygons, left_out, keep):
    if not points and not polygons:
        why = ", ".join(f"{count:,} {_WORDS[reason]}" for reason, count in left_out.items())
        wanted = f' of class "{keep}"' if keep else ""
        raise JobError(
            f"The reference has no feature{wanted} that can be used{': ' + why if why else ''}.",
            "Choose another layer or another class field.",
        )
    names = sorted({name for name, _ in points + polygons})
    number = {name: place for place, name in enumerate(names)}
    return Reference(
        names=names,
        points=np.array([place for _, place in points], float).reshape(-1, 2),
        point_labels=np.array([number[name] for name, _ in points], int),
        polygons=[rings for _, rings in polygons],
        polygon_labels=np.array([number[name] for name, _ in polygons], int),
        left_out=left_out,
    )


_WORDS = {
    "no geometry": "without geometry",
    "NULL": "without a class",
    "line": "are lines",
    "other class": "of another class",
}


def same_class(first, second):
    """Whether two names mean one class; capitals and blanks around do not matter."""
    return first.strip().casefold() == second.strip().casefold()


def match_classes(names, values, numbered=True):
    """Find the mapped class that each name of the reference means.

    Parameters
    ----------
    names : list of str
        Classes of the reference.
    values : dict of int to str
        Name of every value of the map.
    numbered : bool
        Whether the reference may know a class by its value: not where values only count names.

    Returns
    -------
    dict of str to int
        Value by name, for the names that the map has: as its name or, failing that, with other
        capital letters or as its value.
    """
    exact = {name.strip(): value for value, name in reversed(list(values.items()))}
    by_name = {name.strip().casefold(): value for value, name in reversed(list(values.items()))}
    by_value = {str(value): value for value in values} if numbered else {}
    alike = {name: by_name.get(name.casefold(), by_value.get(name)) for name in names}
    found = {name: exact.get(name, alike[name]) for name in names}
    return {name: value for name, value in found.items() if value is not None}
